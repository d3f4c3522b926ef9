"""Rules for claims: what a text asks for is looked at, and what is looked at is asked for.

A lab whose author has begun to tie sentences to checks (`{=id}`, see kvmlab.course.lab.claims) is held to it: each
check stands beside a sentence, in both languages, and each sentence that sounds like a condition beside a check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kvmlab.author.lint.parts import Parts
from kvmlab.checks import Host, Params
from kvmlab.checks.declare import Check
from kvmlab.checks.reader import DryRun
from kvmlab.course import Course
from kvmlab.course.lab.claims import NOTHING, Claim, claims_of
from kvmlab.course.lab.text import LabText
from kvmlab.grading.as_it_was import AS_IT_WAS, guarded
from kvmlab.nearest import nearest
from kvmlab.words import t

# Words of an English sentence that asks for something. The Chinese text is held to the English one's ties.
_SOUNDS = re.compile(
    r"[*][*]|\b(must|has to|have to|is to|are to|stays?|keeps?|remains?|should|may|needs?|without|alone|only)\b", re.I
)
_IN_AN_INTRODUCTION = re.compile(r"\b(must|has to|have to|stays?)\b", re.I)  # which mostly tells a story
_ASKS = re.compile(
    r"^(make|give|put|plug|write|note|define|see to|pin|attach|mount|delete|save|start|let|set|build)\b", re.I
)


class Beside(NamedTuple):
    """A claim, and the checks it is tied to: each with its sentence and the facts that it reads."""

    task: str
    claim: Claim
    checks: tuple[tuple[Check, tuple[str, ...]], ...]


def lint_claims(parts: Parts) -> None:
    """All rules for claims; a lab without a single mark has not been gone through, and is left alone."""
    if parts.text is None or parts.checks is None:
        return
    english = _all(parts.text)
    if not any(claim.marked for _, claim in english):
        return
    known = [*(check.id for check in parts.checks.checks), AS_IT_WAS]
    _lint_ids(parts, parts.lab_md, english, known)
    _lint_unclaimed(parts, english)
    for task, claim in english:
        if not claim.marked and sounds_like_one(claim.sentence, task):
            said = {"sentence": claim.sentence[:80], "mark": "{=ID}", "nothing": "{=-}"}
            message = t("`{sentence}` stands beside no check: tie it to one, {mark}, or say {nothing}.", **said)
            parts.warning(parts.lab_md, claim.place.line, "claims", message)
    if parts.translation is not None:
        chinese = _all(parts.translation)
        _lint_ids(parts, parts.lab_zh, chinese, known)
        _lint_alike(parts, english, chinese)


def sounds_like_one(sentence: str, task: str) -> bool:
    """Whether an English sentence of a task (of the introduction: "") states a condition, going by its words."""
    if not task:
        return bool(_IN_AN_INTRODUCTION.search(sentence))
    return bool(_SOUNDS.search(sentence) or _ASKS.search(sentence))


def beside(course: Course, lab_id: str) -> list[Beside]:
    """The sentences of a lab's text beside the checks they are tied to, those without any among them."""
    from kvmlab.author.lint.parts import read_parts

    parts = read_parts(course, lab_id)
    if parts.text is None or parts.checks is None or parts.lab is None:
        return []
    checks = {check.id: check for check in guarded(parts.checks, parts.lab.tasks, ()).checks}
    params = parts.lab.params
    return [
        Beside(task, claim, tuple((checks[one], facts_of(checks[one], params)) for one in _known(claim, checks)))
        for task, claim in _all(parts.text)
        if claim.checks != (NOTHING,) and (claim.marked or sounds_like_one(claim.sentence, task))
    ]


def _known(claim: Claim, checks: Mapping[str, Check]) -> list[str]:
    return [one for one in claim.checks if one in checks]


def facts_of(check: Check, params: Params) -> tuple[str, ...]:
    """What a check reads: "disk: source, format"."""
    from kvmlab.author.lint.checkers import run_blindly

    asked = DryRun()
    run_blindly(check, Host(asked), params)
    found: dict[str, dict[str, None]] = {}
    for want in asked.wants():
        found.setdefault(want.kind, {}).update(dict.fromkeys(want.names or ("exists",)))
    return tuple(f"{kind}: {', '.join(names)}" for kind, names in found.items())


def _all(text: LabText) -> list[tuple[str, Claim]]:
    found = [("", claim) for claim in claims_of(text.marked)]
    return found + [(task.id, claim) for task in text.tasks for claim in claims_of(task.marked)]


def _ids(claims: Iterable[tuple[str, Claim]]) -> Iterator[str]:
    for _, claim in claims:
        yield from (one for one in claim.checks if one != NOTHING)


def _lint_ids(parts: Parts, file: str, claims: list[tuple[str, Claim]], known: list[str]) -> None:
    for _, claim in claims:
        for one in claim.checks:
            if one != NOTHING and one not in known:
                meant = nearest(one, known)
                tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
                parts.error(file, claim.place.line, "claims", t("there is no check `{name}`.", name=one) + tail)


def _lint_unclaimed(parts: Parts, claims: list[tuple[str, Claim]]) -> None:
    assert parts.checks is not None
    claimed = set(_ids(claims))
    for check in parts.checks.checks:
        if check.id not in claimed:
            message = t("no sentence of lab.md asks for what {check} looks at.", check=check.id)
            parts.error(parts.checker, int(check.where.rpartition(":")[2]), "claims", message)


def _lint_alike(parts: Parts, english: list[tuple[str, Claim]], chinese: list[tuple[str, Claim]]) -> None:
    for task in dict.fromkeys(task for task, _ in (*english, *chinese)):
        here = set(_ids(pair for pair in chinese if pair[0] == task))
        there = set(_ids(pair for pair in english if pair[0] == task))
        line = next((claim.place.line for where, claim in chinese if where == task), 1)
        for one in sorted(here ^ there):
            message = t("a sentence is tied to `{check}` in one language only.", check=one)
            parts.error(parts.lab_zh, line, "claims", message)
