"""A course's catalogue: its chapters and labs in order, and each lab compiled when it is asked for.

    labs/network/bridge/      checkers/network/bridge.py      solutions/network/bridge/
are all `network-bridge`: a chapter's name has no `-`, so the id says the path. An id is only ever looked up
in the catalogue, never made into a path, so `../../etc` is an unknown lab and nothing else.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kvmlab.course import store
from kvmlab.errors import UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course.fault.reading import FaultFile
    from kvmlab.course.lab.model import Lab
    from kvmlab.course.lab.solution import Solution
    from kvmlab.paths import State


class TaskEntry(NamedTuple):
    """A task as the catalogue knows it, its titles by language with the course's own values."""

    id: str
    points: int
    titles: dict[str, str]

    def title(self, lang: str) -> str:
        """The title in `lang`, else in English."""
        return self.titles.get(lang) or self.titles.get("en", self.id)


class CatalogueEntry(NamedTuple):
    """A lab as the catalogue knows it. `broken`: what is wrong with its lab.md ("labs/…:12: …"), or "".

    `complete`: it has a checker and a solution. `by_name`: the variants that have a name.
    """

    id: str
    chapter: str
    name: str
    minutes: int
    titles: dict[str, str]
    tasks: tuple[TaskEntry, ...]
    complete: bool
    broken: str = ""
    by_name: tuple[str, ...] = ()

    def title(self, lang: str) -> str:
        """The title in `lang`, else in English."""
        return self.titles.get(lang) or self.titles.get("en", self.id)

    @property
    def points(self) -> int:
        """What can be reached in all."""
        return sum(task.points for task in self.tasks)


class Chapter(NamedTuple):
    """A chapter and the ids of its labs, in the course's order; a chapter of text alone has none.

    `weight`: its share in an exam (the header's `weight`, else the number of its labs). `questions`: of its quiz.
    """

    id: str
    titles: dict[str, str]
    labs: tuple[str, ...]
    weight: int
    questions: tuple[str, ...]

    def title(self, lang: str) -> str:
        """The title in `lang`, else in English."""
        return self.titles.get(lang) or self.titles.get("en", self.id)


class Course:
    """A course at `root`. `tag` names it in the state directory: its own id, else made from its path."""

    def __init__(self, root: Path, index: dict[str, Any], state: "State | None") -> None:
        self.root = root
        self.tag: str = index["tag"]
        self.titles: dict[str, str] = index["titles"]
        self.chapters = tuple(_chapter(one) for one in index["chapters"])
        self.entries = {one["id"]: _entry(one) for one in index["labs"]}
        self._state = state

    @classmethod
    def load(cls, root: Path, state: "State | None" = None) -> "Course":
        """The course in the directory `root`; with `state` its cache is used. No course there: UsageError."""
        if not (root / "course.md").is_file() or not (root / "labs").is_dir():
            from kvmlab.safe_text import shown

            message = t("{path} is not a course: it has no course.md, or no labs/.", path=shown(root, 200))
            raise UsageError(message, "kvmlab --course DIR new CHAPTER-NAME")
        name = f"catalogue-{store.short(str(root))}"
        if (found := store.load(state, name, str(root))) is not None:
            try:
                return cls(root, found, state)
            except (KeyError, TypeError, AttributeError):
                pass  # damaged, yet JSON: compile again
        from kvmlab.course.catalogue_builder import make_index

        books = [f"{root}/course.md", f"{root}/course.zh.md"]
        sources = store.look_at(books, [f"{root}/labs"], [f"{root}/checkers", f"{root}/solutions"])
        index = make_index(root)
        store.save(state, name, sources, index, str(root))
        return cls(root, index, state)

    def title(self, lang: str) -> str:
        """The course's title in `lang`, else in English."""
        return self.titles.get(lang) or self.titles["en"]

    @property
    def ids(self) -> list[str]:
        """All lab ids, in the course's order."""
        return [lab for chapter in self.chapters for lab in chapter.labs]

    def entry(self, lab_id: str) -> CatalogueEntry:
        """What the catalogue knows of a lab. Unknown: UsageError that names the one probably meant."""
        if lab_id in self.entries:
            return self.entries[lab_id]
        from kvmlab.course.unknown import no_lab

        raise no_lab(lab_id, self.ids)

    def lab(self, lab_id: str, lang: str = "en", variant: str | None = None) -> "Lab":
        """The lab, rendered. Unknown: UsageError; broken sources: AuthorError beginning with file:line."""
        from kvmlab.course.lab.model import Lab

        entry = self.entry(lab_id)
        if variant is not None:
            from kvmlab.course.lab.params import check_seed

            check_seed(variant)
        tail = f"-{store.short(variant)}" if variant is not None else ""
        spoken = "zh" if lang == "zh" else "en"
        name = f"lab-{store.short(str(self.root))}-{lab_id}-{spoken}{tail}"
        folder = str(self.folder(lab_id))
        extra = f"{folder}\n{variant or ''}"
        if (found := store.load(self._state, name, extra)) is not None:
            try:
                return Lab.from_json(found)
            except ValueError:
                pass
        from kvmlab.course.lab.compiler import compile_lab

        sources = store.look_at([], [folder])
        lab = compile_lab(self.root, entry.chapter, entry.name, lang, variant)
        store.save(self._state, name, sources, lab.to_json(), extra)
        return lab

    def folder(self, lab_id: str) -> Path:
        """The directory labs/CHAPTER/LAB."""
        entry = self.entry(lab_id)
        return self.root / "labs" / entry.chapter / entry.name

    def checker(self, lab_id: str) -> Path:
        """The file checkers/CHAPTER/LAB.py; it may not be there yet."""
        entry = self.entry(lab_id)
        return self.root / "checkers" / entry.chapter / f"{entry.name}.py"

    def solutions_folder(self, lab_id: str) -> Path:
        """The directory solutions/CHAPTER/LAB; it may not be there yet."""
        entry = self.entry(lab_id)
        return self.root / "solutions" / entry.chapter / entry.name

    def solutions(self, lab: "Lab") -> "tuple[Solution, ...]":
        """The lab's solution, other ways and near-misses, with the values of `lab` filled in."""
        from kvmlab.course.lab.solution import read_solutions

        return read_solutions(self.root, self.solutions_folder(lab.id), lab)

    def faults(self) -> "tuple[FaultFile, ...]":
        """The faults that a repair may hide on a solved lab host, by their ids."""
        from kvmlab.course.fault.reading import fault_files

        return fault_files(self.root)


def _chapter(data: dict[str, Any]) -> Chapter:
    return Chapter(data["id"], data["titles"], tuple(data["labs"]), data["weight"], tuple(data["questions"]))


def _entry(data: dict[str, Any]) -> CatalogueEntry:
    tasks = tuple(TaskEntry(one["id"], one["points"], one["titles"]) for one in data["tasks"])
    return CatalogueEntry(**{**data, "tasks": tasks, "by_name": tuple(data["by_name"])})
