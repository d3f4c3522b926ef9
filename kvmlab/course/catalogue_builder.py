"""The catalogue made from the sources: slow (it reads every lab), so its result is cached.

+++                              course.md; course.zh.md has the same with the Chinese titles
id = "kvm"                       names the course in the state directory; optional
title = "KVM by hand"
[chapters.network]
title = "Networks"
labs = ["default", "bridge"]     the order; labs that are not named follow by name
+++
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from kvmlab.course.front_matter import Front, check_fields, read_front
from kvmlab.course.lab.compiler import compile_lab
from kvmlab.course.names import CHAPTER, LAB
from kvmlab.course.quiz.model import has_quiz, read_quiz
from kvmlab.course.source import read_source
from kvmlab.errors import AuthorError
from kvmlab.words import t

LANGUAGES = ("zh",)  # besides English
TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def make_index(root: Path) -> dict[str, Any]:
    """All that `Course` needs, as plain data. A broken lab is in it with its error."""
    front = _front(root, "course.md")
    translated = {lang: _front(root, f"course.{lang}.md") for lang in LANGUAGES if _is_file(root, lang)}
    found = _folders(root)
    order = [*front.table.get("chapters", {}), *sorted(found)]
    chapters = [_chapter(front, translated, name, found.get(name, [])) for name in dict.fromkeys(order)]
    labs = [_lab(root, one["id"], name) for one in chapters for name in one["names"]]
    return {
        "tag": _tag(root, front),
        "titles": {
            "en": front.table.get("title", root.name),
            **{lang: one.table["title"] for lang, one in translated.items() if "title" in one.table},
        },
        "chapters": [
            {
                "id": one["id"],
                "titles": one["titles"],
                "labs": [f"{one['id']}-{name}" for name in one["names"]],
                "weight": one["weight"],
                "questions": _questions(root, one["id"]),
            }
            for one in chapters
        ],
        "labs": labs,
    }


def _is_file(root: Path, lang: str) -> bool:
    return (root / f"course.{lang}.md").is_file()


def _front(root: Path, name: str) -> Front:
    front = read_front(read_source(root / name, root), needed=False)
    check_fields(front, front.table, {"id": str, "title": str, "chapters": dict, "commands": list})
    for chapter, table in front.table.get("chapters", {}).items():
        at = f"chapters.{chapter}"
        check_fields(front, table, {"title": str, "labs": list, "weight": int}, at=at)
        if not CHAPTER.fullmatch(chapter):
            raise front.place(at).error(t("`{name}` cannot be a chapter: small letters and digits.", name=chapter))
    return front


def _tag(root: Path, front: Front) -> str:
    """The course's own id, so that progress follows the course and not the directory it lies in."""
    if "id" not in front.table:
        return f"course-{sha256(str(root.resolve()).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    tag: str = front.table["id"]
    if not TAG.fullmatch(tag):
        raise front.place("", 0, "id").error(t("`id` is of small letters, digits and `-`, 32 at most."))
    return tag


def _folders(root: Path) -> dict[str, list[str]]:
    """Chapter → labs that have a lab.md, by name. Other directories are none of ours."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "labs").glob("*/*/lab.md")):
        lab, chapter = path.parent.name, path.parent.parent.name
        if CHAPTER.fullmatch(chapter) and LAB.fullmatch(lab) and len(lab) <= 40:
            found.setdefault(chapter, []).append(lab)
    return found


def _chapter(front: Front, translated: dict[str, Front], name: str, labs: list[str]) -> dict[str, Any]:
    table = front.table.get("chapters", {}).get(name, {})
    titles = {"en": table.get("title", name.capitalize())}
    for lang, one in translated.items():
        if title := one.table.get("chapters", {}).get(name, {}).get("title"):
            titles[lang] = title
    wanted = [lab for lab in table.get("labs", []) if lab in labs]
    names = [*dict.fromkeys([*wanted, *labs])]
    return {"id": name, "titles": titles, "names": names, "weight": table.get("weight", len(names))}


def _questions(root: Path, chapter: str) -> list[str]:
    """The ids of a chapter's questions; of a broken quiz none: lint and `kvmlab quiz` say what is wrong with it."""
    if not has_quiz(root, chapter):
        return []
    try:
        return [one.id for one in read_quiz(root, chapter).questions]
    except AuthorError:
        return []


def _lab(root: Path, chapter: str, name: str) -> dict[str, Any]:
    lab_id = f"{chapter}-{name}"
    entry: dict[str, Any] = {
        "id": lab_id,
        "chapter": chapter,
        "name": name,
        "minutes": 0,
        "titles": {"en": lab_id},
        "tasks": [],
        "by_name": [],
        "complete": (root / "checkers" / chapter / f"{name}.py").is_file()
        and (root / "solutions" / chapter / name / "solution.md").is_file(),
    }
    try:
        entry |= _read(root, chapter, name)
    except AuthorError as error:
        entry["broken"] = error.message
    return entry


def _read(root: Path, chapter: str, name: str) -> dict[str, Any]:
    labs = {lang: compile_lab(root, chapter, name, lang, None) for lang in ("en", *LANGUAGES)}
    tasks = [
        {"id": task.id, "points": task.points, "titles": {lang: lab.tasks[number].title for lang, lab in labs.items()}}
        for number, task in enumerate(labs["en"].tasks)
    ]
    return {
        "minutes": labs["en"].minutes,
        "titles": {lang: lab.title for lang, lab in labs.items()},
        "tasks": tasks,
        "by_name": labs["en"].by_name,
    }
