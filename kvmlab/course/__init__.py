"""What a course and a lab are: catalogue, front matter, prose, parameters, solutions, progress.

A course is a directory (`course.md`, `labs/`, `checkers/`, `solutions/`). Its sources are compiled once
into plain JSON in the state directory's cache, so that `list`, `status` and `hint` need neither jinja2 nor
markdown-it-py; the modules that do (`lab.compiler`, `lab.text`, `template`, `lab.solution`) are imported late.
Rejected: YAML front matter (no parser in the standard library, and `no` is a boolean); a regular expression
for headings (a `## ` in a fence is not a task); rendering before splitting (errors lose their line).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kvmlab.course.catalogue import CatalogueEntry, Chapter, Course, TaskEntry
    from kvmlab.course.lab.model import FileSpec, GuestSpec, Lab, StartObject, Task
    from kvmlab.course.progress import LabProgress, ProgressStore

_HOMES = {
    "catalogue": ("Chapter", "Course", "CatalogueEntry", "TaskEntry"),
    "lab.model": ("FileSpec", "GuestSpec", "Lab", "StartObject", "Task"),
    "progress": ("LabProgress", "ProgressStore"),
}

__all__ = [
    "CatalogueEntry",
    "Chapter",
    "Course",
    "FileSpec",
    "GuestSpec",
    "Lab",
    "LabProgress",
    "ProgressStore",
    "StartObject",
    "Task",
    "TaskEntry",
]


def __getattr__(name: str) -> object:
    """Each name's module is imported when it is first used: `kvmlab list` needs only half of them."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"kvmlab.course.{module}"), name)
    raise AttributeError(name)
