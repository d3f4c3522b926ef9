"""From the sources of a lab to a `Lab`: header, parameters, text, what the start needs."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from kvmlab.course.front_matter import Front, check_fields, read_front
from kvmlab.course.lab.model import HOST_KINDS, Lab, Task
from kvmlab.course.lab.params import parameters
from kvmlab.course.lab.start import files, guests, isos, objects, survivors, template_file
from kvmlab.course.lab.text import LabText, TaskText, read_prose
from kvmlab.course.source import Piece, read_source
from kvmlab.course.template import render
from kvmlab.words import t

HEADER: dict[str, type | tuple[type, ...]] = {
    "title": str,
    "minutes": int,
    "parameters": dict,
    "variants": dict,
    "named": dict,
    "guests": list,
    "networks": list,
    "pools": list,
    "domains": list,
    "files": list,
    "isos": list,
    "setup": str,
    "host": str,
    "survivors": list,
    "yours": list,
}


def compile_lab(root: Path, chapter: str, name: str, lang: str, variant: str | None) -> Lab:
    """Read labs/CHAPTER/NAME of the course at `root`. Broken: AuthorError that begins with file:line.

    `lang` "zh" without a lab.zh.md gives the English text, and the lab says so in its `lang`.
    """
    folder = root / "labs" / chapter / name
    front = read_front(read_source(folder / "lab.md", root))
    header = _header(front)
    lab_id = f"{chapter}-{name}"
    values = parameters(front, lab_id, variant)
    english = text = read_prose(front.body)
    title = Piece(header["title"], front.place("", 0, "title"))
    _refuse_no_points(text)
    if lang != "en" and (translated := folder / f"lab.{lang}.md").is_file():
        text, title = _translation(root, translated, english)
    else:
        lang = "en"
    return Lab(
        id=lab_id,
        chapter=chapter,
        title=render(title, values).strip(),
        minutes=header["minutes"],
        intro=render(text.intro, values),
        tasks=tuple(_task(*both, values) for both in zip(text.tasks, english.tasks, strict=True)),
        values=values,
        lang=lang,
        path=f"labs/{chapter}/{name}",
        guests=guests(front, values, lambda guest: made_mac(lab_id, guest)),
        networks=objects(front, "networks", folder, root, values),
        pools=objects(front, "pools", folder, root, values),
        domains=objects(front, "domains", folder, root, values),
        files=files(front, folder, root, values),
        isos=isos(front, values),
        setup=_setup(front, folder, root, values),
        variant=variant,
        host=_host(front),
        survivors=survivors(front, values),
        yours=_yours(front, values),
        by_name=tuple(front.table.get("named", ())),
    )


def _header(front: Front) -> Mapping[str, Any]:
    header = check_fields(front, front.table, HEADER, ("title", "minutes"))
    if not 1 <= header["minutes"] <= 600:
        raise front.place("", 0, "minutes").error(t("`minutes` is from 1 to 600."))
    return header


def _yours(front: Front, values: Mapping[str, Any]) -> tuple[str, ...]:
    place = front.place("", 0, "yours")
    found = front.table.get("yours", [])
    if not all(isinstance(one, str) for one in found):
        raise place.error(t("`{name}` is a list of texts.", name="yours"))
    return tuple(render(Piece(one, place), values) for one in found)


def made_mac(lab_id: str, guest: str) -> str:
    """A MAC address for a guest that names none: the same each time, in QEMU's range 52:54:00."""
    digest = sha256(f"{lab_id}\n{guest}".encode()).digest()
    return "52:54:00:" + ":".join(f"{byte:02x}" for byte in digest[:3])


def _host(front: Front) -> str:
    """The kind of lab host; one without libvirt can have nothing on it that libvirt would have to know of."""
    kind: str = front.table.get("host", HOST_KINDS[0])
    if kind not in HOST_KINDS:
        known = ", ".join(HOST_KINDS)
        raise front.place("", 0, "host").error(t("`host` is one of: {known}.", known=known))
    if kind == "bare":
        for table in ("guests", "networks", "pools", "domains"):
            if front.table.get(table):
                message = t("a bare host has no libvirt, so no `{name}` either.", name=table)
                raise front.place("", 0, "host").error(message)
    return kind


def _setup(front: Front, folder: Path, root: Path, values: Mapping[str, Any]) -> str:
    if "setup" not in front.table:
        return ""
    return template_file(folder, root, front.table["setup"], front.place("", 0, "setup"), values)


def _task(task: TaskText, english: TaskText, values: Mapping[str, Any]) -> Task:
    return Task(
        id=task.id,
        title=render(task.title, values),
        text=render(task.text, values),
        points=english.points or 0,
        hints=tuple(render(hint, values) for hint in task.hints),
        explanation=render(task.explanation, values) if task.explanation else "",
    )


def _refuse_no_points(text: LabText) -> None:
    for task in text.tasks:
        if task.points is None:
            raise task.title.place.error(t("task `{task}` says no points, such as `points=3`.", task=task.id))


def _translation(root: Path, path: Path, english: LabText) -> tuple[LabText, Piece]:
    """The text and title of lab.zh.md: the same tasks, in the same order, worth the same."""
    front = read_front(read_source(path, root))
    header = check_fields(front, front.table, {"title": str}, ("title",))
    text = read_prose(front.body)
    for task, original in zip(text.tasks, english.tasks, strict=False):
        place = task.title.place
        if task.id != original.id:
            raise place.error(t("task `{task}` where lab.md has `{original}`.", task=task.id, original=original.id))
        if task.points not in (None, original.points):
            raise place.error(t("task `{task}` has {points} points in lab.md.", task=task.id, points=original.points))
        if len(task.hints) != len(original.hints):
            numbers = {"task": task.id, "here": len(task.hints), "there": len(original.hints)}
            raise place.error(t("task `{task}` has {here} hints, {there} in lab.md.", **numbers))
        if (task.explanation is None) != (original.explanation is None):
            raise place.error(t("the explanation of `{task}` stands in one language only.", task=task.id))
    if len(text.tasks) != len(english.tasks):
        last = text.tasks[-1].title.place
        raise last.error(t("{here} tasks, {there} in lab.md.", here=len(text.tasks), there=len(english.tasks)))
    return text, Piece(header["title"], front.place("", 0, "title"))
