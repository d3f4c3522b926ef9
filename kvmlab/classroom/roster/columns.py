"""Which column of a roster is what, by the headers that schools' systems write.

Headers are compared without case, blanks, `_` and punctuation. The rank of a header decides where several would do: an
id is a student number before it is a login, and a login before it is an e-mail address.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

HEADERS: dict[str, tuple[str, ...]] = {
    "id": (
        "student id", "student number", "student no", "student", "id number", "sis user id", "matrikelnummer",
        "matrikelnr", "matrikel", "matr nr", "学号", "学生学号", "学生编号", "学籍号", "id号", "编号", "id",
        "sis login id", "login id", "username", "user name", "login", "anmeldename", "kennung", "benutzername",
        "用户名", "email address", "email", "e mail adresse", "邮箱", "电子邮件地址",
    ),
    "name": ("name", "full name", "student name", "vollständiger name", "姓名", "全名", "学生姓名", "student"),
    "first": ("first name", "given name", "vorname", "名", "名字"),
    "last": ("last name", "surname", "family name", "nachname", "familienname", "姓", "姓氏"),
    "group": ("group", "groups", "section", "class", "gruppe", "gruppen", "kurs", "klasse", "组", "小组", "组别",
              "分组", "班级", "班"),
    "host": ("host", "hostname", "computer", "pc", "rechner", "主机", "主机名", "电脑", "计算机", "机器"),
    "email": ("email address", "email", "e mail", "mail", "e mail adresse", "邮箱", "电子邮箱", "电子邮件",
              "电子邮件地址"),
}  # fmt: skip
"""By what a column is, its headers, the first before the others."""


class RosterColumns(NamedTuple):
    """Where in a row each value stands; None: there is no such column."""

    id: int
    name: int | None
    first: int | None
    last: int | None
    group: int | None
    host: int | None
    email: int | None


def plain_header(text: str) -> str:
    """A header without what makes no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def ranked(header: Sequence[str], kind: str) -> list[int]:
    """The columns that may be of a kind, the most likely first."""
    known = [plain_header(one) for one in HEADERS[kind]]
    plain = [plain_header(one) for one in header]
    return sorted((n for n, one in enumerate(plain) if one in known), key=lambda n: known.index(plain[n]))


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row can be the header of a roster: it names an id."""
    return bool(ranked(cells, "id"))


def find_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> RosterColumns:
    """The columns of a roster with this header; an id column in which no row has anything is none."""
    ids = ranked(_without_student(header), "id")
    used = [number for number in ids if any(number < len(row) and row[number] for row in rows)]
    own = (used or ids)[0]
    others = {kind: next((n for n in ranked(header, kind) if n != own), None) for kind in HEADERS if kind != "id"}
    if others["email"] is None:
        others["email"] = next((n for n in ranked(header, "email")), None)
    return RosterColumns(own, **others)


def _without_student(header: Sequence[str]) -> list[str]:
    """`Student` alone may be an id; beside any other id column, as in Canvas, it is the name."""
    without = ["" if plain_header(one) == "student" else one for one in header]
    return without if ranked(without, "id") else list(header)


def is_sectioned(header: Sequence[str]) -> bool:
    """Whether it is a Canvas gradebook's header, below which rows stand that are no student's."""
    plain = [plain_header(one) for one in header]
    return "section" in plain and "id" in plain and ("student" in plain or "lastname" in plain)
