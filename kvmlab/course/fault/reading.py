"""Faults as authors write them: faults/CHAPTER/NAME.md, and NAME.zh.md with the same texts in Chinese.

    +++
    title = "The firewall drops what goes to {{ guest }}"     told afterwards, and never before
    level = 1
    [labs.network-bridge]                    a table for each lab it is offered for; the names in it stand beside
    target = "{{ address }}"                 the lab's own parameters in all that follows
    +++
    ## Ticket                    what a colleague reports; its fences are the symptoms: commands that fail now
    ## Break                     fences, as in a solution: how it is broken
    ## Undo                      fences: how exactly that is taken back
    ## Cure: TITLE               fences: another way that cures it, too; as many as wanted
    ## Wrong cure: TITLE         fences: what does not cure it, though it may look so
    ## Hint                      one step each: which layer, which command, what it shows, what it is
    ## Story                     what was broken, how each symptom followed, what finds it quickest

A symptom's fence may say `id=`, `from=peer` or `from=gateway` (a computer on the LAN), `guest=NAME` (inside a guest),
and `upcoming` (in a copy of the lab host after its next boot, its guests started).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from kvmlab.course.fault.model import LEVELS, PLACES, Fault, FaultCure, Story, Symptom
from kvmlab.course.front_matter import Front, check_fields, read_front
from kvmlab.course.headings import HeadedText, split
from kvmlab.course.lab.fences import Step, fence_words, read_fences
from kvmlab.course.lab.model import Lab
from kvmlab.course.markdown import tokens_of
from kvmlab.course.names import CHAPTER, LAB
from kvmlab.course.source import Piece, read_source
from kvmlab.course.template import render
from kvmlab.safe_text import shown
from kvmlab.words import t

HEADER: dict[str, type | tuple[type, ...]] = {
    "title": str, "level": int, "labs": dict, "yours": list, "forbids": list
}  # fmt: skip
TICKET, HINT, STORY = ("Ticket", "工单"), ("Hint", "提示"), ("Story", "始末")
BREAK, UNDO, CURE, WRONG_CURE = "Break", "Undo", "Cure", "Wrong cure"
STEPS = (BREAK, UNDO, CURE, WRONG_CURE)


class Texts(NamedTuple):
    """One language's file, not rendered yet. `ticket`: its prose; `parts`: all parts by heading, in their order."""

    front: Front
    ticket: Piece
    hints: tuple[Piece, ...]
    story: Piece
    parts: tuple[tuple[str, HeadedText], ...]


@dataclass(frozen=True)
class FaultFile:
    """One file of faults/. What is wrong with it is raised (AuthorError with file:line) when it is first needed."""

    root: Path
    chapter: str
    name: str

    @property
    def id(self) -> str:
        """CHAPTER-NAME."""
        return f"{self.chapter}-{self.name}"

    @property
    def path(self) -> Path:
        """The English file."""
        return self.root / "faults" / self.chapter / f"{self.name}.md"

    @property
    def file(self) -> str:
        """The same, as messages call it."""
        return str(self.path.relative_to(self.root))

    @property
    def labs(self) -> tuple[str, ...]:
        """The labs it is offered for."""
        return tuple(self.header["labs"])

    @property
    def level(self) -> int:
        """One of LEVELS."""
        level: int = self.header["level"]
        return level

    @cached_property
    def english(self) -> Texts:
        """The file with everything."""
        return _texts(self.path, self.root)

    @cached_property
    def chinese(self) -> Texts | None:
        """The Chinese texts; None where there is no such file."""
        path = self.path.with_suffix(".zh.md")
        return _texts(path, self.root, translation=True) if path.is_file() else None

    @cached_property
    def header(self) -> Mapping[str, Any]:
        """The front matter, its fields being of their types."""
        front = self.english.front
        header = check_fields(front, front.table, HEADER, ("title", "level", "labs"))
        if header["level"] not in LEVELS:
            raise front.place("", 0, "level").error(t("`level` is 1, 2 or 3."))
        for lab, names in header["labs"].items():
            _refuse_names(front, lab, names)
        for key in ("yours", "forbids"):
            if not all(isinstance(one, str) for one in header.get(key, [])):
                raise front.place("", 0, key).error(t("`{name}` is a list of texts.", name=key))
        return header

    def for_lab(self, lab: Lab) -> Fault:
        """The fault with the values of `lab` filled in, and those that its header has for it."""
        header, english, here = self.header, self.english, lab._replace(values=self._values(lab))
        stories = {"en": _story(english, here)}
        if self.chinese is not None:
            stories["zh"] = _story(self.chinese, here, title=self.header["title"])
        grants = {
            key: tuple(self._filled(text, key, here) for text in header.get(key, [])) for key in ("yours", "forbids")
        }
        return Fault(
            self.id, self.level, stories, tuple(_symptoms(english, here)),
            breaks=_steps(english, BREAK, here), undo=_steps(english, UNDO, here),
            cures=_ways(english, CURE, here), wrong=_ways(english, WRONG_CURE, here), file=self.file, **grants,
        )  # fmt: skip

    def _values(self, lab: Lab) -> dict[str, Any]:
        front, own = self.english.front, self.header["labs"].get(lab.id)
        if own is None:
            raise front.place("labs").error(t("it is not offered for {lab}.", lab=lab.id))
        found = dict(lab.values)
        for name, text in own.items():
            found[name] = render(Piece(text, front.place(f"labs.{lab.id}", 0, name)), found)
        return found

    def _filled(self, text: str, key: str, lab: Lab) -> str:
        return render(Piece(text, self.english.front.place("", 0, key)), lab.values)


def fault_files(root: Path) -> tuple[FaultFile, ...]:
    """The files of faults/ of the course at `root`, by their ids."""
    found = [
        FaultFile(root, path.parent.name, path.stem)
        for path in sorted((root / "faults").glob("*/*.md"))
        if not path.name.endswith(".zh.md") and CHAPTER.fullmatch(path.parent.name) and LAB.fullmatch(path.stem)
    ]
    return tuple(sorted(found, key=lambda one: one.id))


def _refuse_names(front: Front, lab: str, names: object) -> None:
    place = front.place(f"labs.{lab}")
    if not isinstance(names, dict) or not all(isinstance(value, str) for value in names.values()):
        raise place.error(t("`[labs.{lab}]` is a table of names and texts.", lab=shown(lab)))
    for name in names:
        if not name.isidentifier() or name == "lan":
            raise place.error(t("`{name}` cannot be a name here.", name=shown(name)))


def _texts(path: Path, root: Path, *, translation: bool = False) -> Texts:
    front = read_front(read_source(path, root), needed=not translation)
    parts = [(_kind(part, translation), part) for part in split(front.body)[1]]
    one = {kind: _only(front, parts, kind) for kind in (TICKET[0], STORY[0])}
    hints = tuple(part.body for kind, part in parts if kind == HINT[0])
    return Texts(front, one[TICKET[0]].body, hints, one[STORY[0]].body, tuple(parts))


def _kind(part: HeadedText, translation: bool) -> str:
    """Which of the headings it is, in English."""
    if part.heading.level != 2:
        raise part.place.error(t("a fault has headings of level 2 only: `## …`."))
    head = part.heading.text.partition(":")[0].strip()
    for english, chinese in (TICKET, HINT, STORY):
        if head in (english, chinese):
            return english
    if head in STEPS and not translation:
        return head
    known = ", ".join([one[0] for one in (TICKET, HINT, STORY)] + ([] if translation else list(STEPS)))
    raise part.place.error(t("`## {heading}` is not one of: {known}.", heading=shown(head), known=known))


def _only(front: Front, parts: Sequence[tuple[str, HeadedText]], kind: str) -> HeadedText:
    found = [part for one, part in parts if one == kind]
    if len(found) != 1 or not found[0].body.text:
        place = found[1].place if len(found) > 1 else front.place()
        raise place.error(t("it needs one part `## {heading}`, with a text.", heading=kind))
    return found[0]


def _story(texts: Texts, lab: Lab, *, title: str = "") -> Story:
    front = texts.front
    head = front.table.get("title", title)
    if not isinstance(head, str):
        raise front.place("", 0, "title").error(t("`{name}` is missing.", name="title"))
    filled = [render(one, lab.values).strip() for one in texts.hints]
    title = render(Piece(head, front.place("", 0, "title")), lab.values)
    ticket = render(_without_fences(texts.ticket), lab.values).strip()
    return Story(title, ticket, tuple(filled), render(texts.story, lab.values).strip())


def _fences(piece: Piece) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Each bash fence: its info string, its code, its lines."""
    for token in tokens_of(piece.text):
        if token.type == "fence" and token.map and token.info.split()[:1] == ["bash"]:
            yield token.info, token.content, (token.map[0], token.map[1])


def _without_fences(piece: Piece) -> Piece:
    lines = piece.text.split("\n")
    for _, _, (start, end) in _fences(piece):
        lines[start:end] = [""] * (end - start)
    return Piece("\n".join(lines), piece.place)


def _symptoms(texts: Texts, lab: Lab) -> Iterator[Symptom]:
    source = texts.front.source
    for number, (info, code, (start, _)) in enumerate(_fences(texts.ticket), 1):
        place = source.at(texts.ticket.place.line + start)
        words = fence_words(render(Piece(info, place), lab.values), place, ("upcoming",), ("id", "guest", "from"))
        where = words.get("from", "host")
        if where not in PLACES:
            raise place.error(t("`from=` is one of: {known}.", known=", ".join(PLACES)))
        code = render(Piece(code, source.at(place.line + 1)), lab.values).strip()
        yield Symptom(words.get("id", f"symptom-{number}"), code, where, words.get("guest", ""), "upcoming" in words)


def _steps(texts: Texts, kind: str, lab: Lab) -> tuple[Step, ...]:
    return tuple(step for one, part in texts.parts if one == kind for step in _of_part(texts, part, lab))


def _ways(texts: Texts, kind: str, lab: Lab) -> tuple[FaultCure, ...]:
    found = [(part, part.heading.text.partition(":")[2].strip()) for one, part in texts.parts if one == kind]
    return tuple(FaultCure(title or kind, _of_part(texts, part, lab)) for part, title in found)


def _of_part(texts: Texts, part: HeadedText, lab: Lab) -> tuple[Step, ...]:
    fences, _ = read_fences(texts.front._replace(body=part.body), lab)
    for fence in fences:
        if fence.where:
            raise fence.place.error(t("`{key}=` needs a `base` in the front matter.", key=fence.where))
    if not fences:
        raise part.place.error(t("has no step: a fence that begins with ```bash."))
    return tuple(fence.step for fence in fences)
