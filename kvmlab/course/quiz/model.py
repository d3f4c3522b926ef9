"""A chapter's quiz: labs/CHAPTER/quiz.md and quiz.zh.md, the same questions in the same order.

## Which command made it? {#gone}             one `[x]`: single choice; several: multiple choice
- [x] `virsh pool-create-as`                 right
- [ ] `virsh pool-define-as`                 wrong; an indented paragraph below says why

`kind=multiple`: multiple, though only one is right. `kind=text`: a short answer; each `[x]` is accepted, each `[ ]`
a typical wrong one. `kind=live lab=storage-pool`: no options; checkers/CHAPTER/quiz.py reads the answer from that lab's
host, and the text is a template over the lab's parameters. `### Explanation` follows every answer.

Of a text and of a live question, `answer=` says what the answer is, and it is compared as such (course/quiz/answers):

    words       for people: case does not matter         name      as Linux takes it: case matters
    number      by its value, `unit=MiB` in that unit     path      /srv//disks/ is /srv/disks
    command     a synopsis: `[virsh] net-info [NETWORK]`  option    likewise: `[virsh list] --all`
    port, keys, variable, parameter (of the kernel), uuid, address

`label=pid,process_id`: words that may stand around the answer, `pid 1234`.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from kvmlab.course.front_matter import check_fields, read_front
from kvmlab.course.headings import ATTRIBUTES, HeadedText, groups, split
from kvmlab.course.lab.text import EXPLANATIONS
from kvmlab.course.markdown import tokens_of
from kvmlab.course.names import TASK
from kvmlab.course.quiz.answers import PLAIN, Answer, fault, flaw, speaks
from kvmlab.course.source import Piece, Place, read_source
from kvmlab.safe_text import shown
from kvmlab.words import t

FEWEST = 15
"""Questions a chapter's pool has at least (lint)."""
MOST_OPTIONS = 26
"""Answers to choose from are called a to z."""
_MARK = re.compile(r"\[([ xX])\]\s+")


class QuestionKind(Enum):
    """How a question is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TEXT = "text"
    LIVE = "live"


class Option(NamedTuple):
    """An answer to choose, or a text that is accepted; `why` it is wrong, or ""."""

    text: str
    right: bool
    why: str


class Question(NamedTuple):
    """One question, its texts in Markdown and not rendered.

    `lab`: whose lab host has the answer, or ""; `answer`: what is typed.
    """

    id: str
    kind: QuestionKind
    title: Piece
    body: Piece
    options: tuple[Option, ...]
    explanation: Piece
    lab: str = ""
    answer: Answer = PLAIN

    @property
    def right(self) -> tuple[int, ...]:
        """The right options, by their number from 0."""
        return tuple(number for number, one in enumerate(self.options) if one.right)


class Quiz(NamedTuple):
    """The questions of a chapter, in the language asked for where there is a translation."""

    chapter: str
    title: str
    lang: str
    questions: tuple[Question, ...]


def quiz_file(root: Path, chapter: str, lang: str = "en") -> Path:
    """labs/CHAPTER/quiz.md, or its translation."""
    return root / "labs" / chapter / ("quiz.md" if lang == "en" else f"quiz.{lang}.md")


def has_quiz(root: Path, chapter: str) -> bool:
    """Whether the chapter has one, sound or not."""
    return quiz_file(root, chapter).is_file()


def answers_file(root: Path, chapter: str) -> Path:
    """checkers/CHAPTER/quiz.py: what the right answers to live questions are."""
    return root / "checkers" / chapter / "quiz.py"


def read_quiz(root: Path, chapter: str, lang: str = "en") -> Quiz:
    """The quiz of a chapter. None there, or broken: AuthorError that begins with file:line."""
    english = _read(root, chapter, "en")
    if lang == "en" or not quiz_file(root, chapter, lang).is_file():
        return english
    translated = _read(root, chapter, lang)
    _must_match(translated, english)
    both = zip(translated.questions, english.questions, strict=True)
    return translated._replace(questions=tuple(_with_labels_of(original, one) for one, original in both))


def _with_labels_of(original: Question, one: Question) -> Question:
    """Whose answers may stand beside the words of the original, too: `flag svm` under a Chinese question."""
    labels = dict.fromkeys((*one.answer.labels, *original.answer.labels))
    return one._replace(answer=one.answer._replace(labels=tuple(labels)))


def _read(root: Path, chapter: str, lang: str) -> Quiz:
    front = read_front(read_source(quiz_file(root, chapter, lang), root))
    title = check_fields(front, front.table, {"title": str}, ("title",))["title"]
    _, parts = split(front.body)
    questions = tuple(_question(group[0], group[1:]) for group in groups(parts))
    if not questions:
        raise front.body.place.error(t("has no question: a heading such as `## What is …? {#id}`."))
    seen: dict[str, int] = {}
    for one in questions:
        if one.id in seen:
            message = t("question `{id}` stands here and on line {line}.", id=one.id, line=seen[one.id])
            raise one.title.place.error(message)
        seen[one.id] = one.title.place.line
    return Quiz(chapter, title, lang, questions)


def _question(head: HeadedText, below: list[HeadedText]) -> Question:
    title, name, kind, lab, answer = _attributes(head)
    body, options = _options(head.body)
    right = sum(one.right for one in options)
    if kind is None:
        kind = QuestionKind.SINGLE if right == 1 else QuestionKind.MULTIPLE
    if kind is QuestionKind.LIVE and (options or not lab):
        raise head.place.error(t("a live question has `lab=…` and no options."))
    if kind is not QuestionKind.LIVE and (lab or not right):
        raise head.place.error(t("a question has options, one of them right: `- [x] …`; only a live one has `lab=`."))
    if kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE) and len(options) < 2:
        raise head.place.error(t("there is nothing to choose from: one option only."))
    if kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE) and len(options) > MOST_OPTIONS:
        raise head.place.error(t("has more answers to choose from than there are letters."))
    for one in options:
        if not one.right and not one.why:
            message = t("the wrong answer `{text}` does not say why: an indented paragraph.", text=shown(one.text))
            raise head.place.error(message)
    _sound_answer(kind, answer, options, head.place)
    if [part.heading.text in EXPLANATIONS for part in below] != [True] or not below[0].body.text:
        raise head.place.error(t("a question has one `### Explanation`, and nothing else below it."))
    return Question(name, kind, Piece(title, head.place), body, options, below[0].body, lab, answer)


def _sound_answer(kind: QuestionKind, answer: Answer, options: tuple[Option, ...], place: Place) -> None:
    """Whether what is typed can be compared as the author says, and no wrong answer says the same as a right one."""
    if kind not in (QuestionKind.TEXT, QuestionKind.LIVE):
        if answer != PLAIN:
            raise place.error(t("`answer=`, `unit=` and `label=` are for what is typed: `kind=text`, `kind=live`."))
        return
    if message := fault(answer):
        raise place.error(message)
    right = [one.text for one in options if one.right]
    for text in right:
        if message := flaw(answer, text):
            raise place.error(message)
    for one in options:
        if not one.right and any(speaks(answer, text, one.text) for text in right):
            raise place.error(t("the wrong answer `{text}` would be accepted as right.", text=shown(one.text)))


def _attributes(head: HeadedText) -> tuple[str, str, QuestionKind | None, str, Answer]:
    """Title, id, kind, lab and answer out of `Title {#id kind=live lab=network-nat answer=path}`."""
    found = ATTRIBUTES.search(head.heading.text)
    if not found or not TASK.fullmatch(found[1]):
        raise head.place.error(t("a question's heading ends in its id: `## What is …? {#id}`."))
    kind, lab, answer = None, "", PLAIN
    for word in found[2].split():
        key, _, value = word.partition("=")
        if key == "kind" and value in (one.value for one in QuestionKind if one is not QuestionKind.SINGLE):
            kind = QuestionKind(value)
        elif key == "lab" and value:
            lab = value
        elif key == "answer" and value:
            answer = answer._replace(kind=value)
        elif key == "unit" and value:
            answer = answer._replace(unit=value)
        elif key == "label" and value:
            answer = answer._replace(labels=tuple(value.split(",")))
        else:
            known = "kind=, lab=, answer=, unit=, label="
            raise head.place.error(t("`{word}` is not known here; there are: {known}.", word=shown(word), known=known))
    return head.heading.text[: found.start()].strip(), found[1], kind, lab, answer


def _options(body: Piece) -> tuple[Piece, tuple[Option, ...]]:
    """The text of a question, and the options in the list that ends it."""
    lines = body.text.split("\n")
    items: list[tuple[int, int]] = []
    start = len(lines)
    for token in tokens_of(body.text):
        if not token.map:
            continue
        if token.type == "bullet_list_open" and not token.level and _MARK.match(lines[token.map[0]].lstrip("-*+ ")):
            start = token.map[0]
        if token.type == "list_item_open" and token.level == 1 and token.map[0] >= start:
            items.append((token.map[0], token.map[1]))
    options = tuple(_option(lines[first:end], body.place.source.at(body.place.line + first)) for first, end in items)
    return Piece("\n".join(lines[:start]).rstrip(), body.place), options


def _option(lines: list[str], place: Place) -> Option:
    first = re.sub(r"^\s*[-*+]\s+", "", lines[0])
    mark = _MARK.match(first)
    if not mark:
        raise place.error(t("an option begins with `[x]` or `[ ]`."))
    text = "\n".join([first[mark.end() :], *(line.strip() for line in lines[1:])])
    said, _, why = text.partition("\n\n")
    return Option(" ".join(said.split("\n")).strip(), mark[1] != " ", why.strip())


def _must_match(translated: Quiz, english: Quiz) -> None:
    """The same questions, of the same kinds, with the same marks, in the same order."""
    for one, original in zip(translated.questions, english.questions, strict=False):
        place = one.title.place
        if one.id != original.id:
            message = t("question `{id}` where quiz.md has `{original}`.", id=one.id, original=original.id)
            raise place.error(message)
        marks = [[option.right for option in each.options] for each in (one, original)]
        if one.kind is not QuestionKind.TEXT and (one.kind, one.lab, marks[0]) != (
            original.kind,
            original.lab,
            marks[1],
        ):
            raise place.error(t("question `{id}` has other options, or another kind, in quiz.md.", id=one.id))
        if (one.kind, one.answer._replace(labels=())) != (original.kind, original.answer._replace(labels=())):
            raise place.error(t("the answer to question `{id}` is something else in quiz.md.", id=one.id))
    if len(translated.questions) != len(english.questions):
        numbers = {"here": len(translated.questions), "there": len(english.questions)}
        last = translated.questions[-1].title.place
        raise last.error(t("{here} questions, {there} in quiz.md.", **numbers))
