"""Beginning a lab: a small one that works, in both languages, with a TODO wherever the author's own words go.

Where there is no course yet, one is begun with it. All of it is proved as it stands (`kvmlab prove`), so an author
starts from something right and changes it step by step.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.course.names import CHAPTER, LAB
from kvmlab.errors import CannotRun, UsageError
from kvmlab.safe_text import shown
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course import Course

SKELETON = Path(__file__).parent / "skeleton"
LONGEST = 40


def begin(root: Path, lab_id: str) -> list[Path]:
    """Write the files of a new lab of the course at `root`, and those of the course where there is no course.md.

    Gives the files. UsageError for a name that cannot be a lab's, or already is one's.
    """
    chapter, name = names_of(lab_id)
    return _written(root, files_of(root, chapter, name), {"@ID@": lab_id, "@CHAPTER@": chapter, "@NAME@": name}, lab_id)


def begin_fault(course: Course, fault_id: str, lab_id: str) -> list[Path]:
    """Write the files of a new fault, offered for one lab. UsageError for a name that cannot be one, or is taken."""
    chapter, name = names_of(fault_id)
    if chapter not in [one.id for one in course.chapters]:
        chapters = ", ".join(one.id for one in course.chapters)
        message = t("there is no chapter `{chapter}`; the chapters: {chapters}.", chapter=chapter, chapters=chapters)
        raise UsageError(message, "kvmlab new fault CHAPTER-NAME --lab LAB")
    folder = course.root / "faults" / chapter
    files = {folder / f"{name}{tail}": SKELETON / f"fault{tail}" for tail in (".md", ".zh.md")}
    return _written(course.root, files, {"@ID@": course.entry(lab_id).id}, fault_id)


def _written(root: Path, files: dict[Path, Path], names: dict[str, str], what: str) -> list[Path]:
    """Copy each file with `names` filled in, or write none. UsageError where there is one already."""
    for path in files:
        if path.exists() or path.is_symlink():
            message = t("{lab} has a file already: {path}.", lab=what, path=path.relative_to(root))
            raise UsageError(message, f"kvmlab lint {what}")
    written: list[Path] = []
    try:
        for path, source in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as stream:
                written.append(path)
                stream.write(filled(source.read_text(encoding="utf-8"), names))
    except OSError as error:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        raise CannotRun(
            t("{path} cannot be written: {error}.", path=error.filename or root, error=error.strerror or error),
            "kvmlab --course DIR new LAB",
        ) from None
    return written


def names_of(lab_id: str) -> tuple[str, str]:
    """Chapter and name of `network-bridge`; UsageError where the id cannot be one."""
    chapter, _, name = lab_id.partition("-")
    if not (CHAPTER.fullmatch(chapter) and LAB.fullmatch(name) and len(name) <= LONGEST):
        message = t("`{name}` cannot be a lab: CHAPTER-NAME, of small letters, digits and `-`.", name=shown(lab_id))
        raise UsageError(message, "kvmlab new CHAPTER-NAME")
    return chapter, name


def files_of(root: Path, chapter: str, name: str) -> dict[Path, Path]:
    """The files a lab begins with, each with the one it is copied from; before them the course's, if it has none."""
    solutions = root / "solutions" / chapter / name
    books = () if (root / "course.md").exists() else sorted((SKELETON / "course").iterdir())
    return {
        **{root / one.name: one for one in books},
        root / "labs" / chapter / name / "lab.md": SKELETON / "lab.md",
        root / "labs" / chapter / name / "lab.zh.md": SKELETON / "lab.zh.md",
        root / "checkers" / chapter / f"{name}.py": SKELETON / "checker.py.txt",
        **{
            solutions / one.name: one
            for one in sorted(SKELETON.glob("*.md"))
            if not one.name.startswith(("lab.", "fault."))
        },
    }


def filled(text: str, names: dict[str, str]) -> str:
    """`text` with each of `names` put where its mark stands."""
    for mark, name in names.items():
        text = text.replace(mark, name)
    return text
