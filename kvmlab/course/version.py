"""Which version of a lab it is: a digest of its text, what it starts with, and its checker."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from kvmlab.paths import files_below

if TYPE_CHECKING:
    from kvmlab.course.catalogue import Course


def lab_version(course: Course, lab_id: str) -> str:
    """Sixteen hex digits that change with any byte of the lab's folder or of its checker."""
    folder, checker = course.folder(lab_id), course.checker(lab_id)
    whole = sha256()
    for path in (*files_below(folder), checker):
        content = path.read_bytes() if path.is_file() else b""
        name = path.name if path == checker else str(path.relative_to(folder))
        whole.update(f"{name}\n{len(content)}\n".encode() + content)
    return whole.hexdigest()[:16]
