"""What a front asks the desk, read: it is believed nothing, not even that it asks in the right form."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from kvmlab.classroom.door.logins import plain_key, read_key
from kvmlab.classroom.roster.student import ID
from kvmlab.errors import KvmlabError


def text_in(asked: Mapping[str, Any], name: str, most: int) -> str:
    """A text of that name, so many characters long at most; ValueError where there is none."""
    value = asked.get(name)
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(name)
    return value


def student_in(asked: Mapping[str, Any]) -> str:
    """The id of a student, of this class or of none; ValueError where it is none."""
    student = text_in(asked, "student", 64)
    if not ID.fullmatch(student):
        raise ValueError("student")
    return student


def plain_keys(shown: object) -> list[str]:
    """Those of the keys that a client has shown which could be let in."""
    found = []
    for one in shown if isinstance(shown, list) else ():
        with contextlib.suppress(KvmlabError):
            found.append(plain_key(read_key(str(one))))
    return found
