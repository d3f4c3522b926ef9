"""Stored evidence graded again by the checker as it is now, without any lab host; and what that changes, fact by fact.

The parameters are those the student had. What the evidence lacks is "could not tell": the attempt then has no grade
until somebody looks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kvmlab.classroom.gradebook.book import Gradebook
from kvmlab.classroom.gradebook.records import Attempt, Graded, Grading
from kvmlab.course import Course
from kvmlab.errors import AuthorError
from kvmlab.grading.evidence import NOTHING, Replaying
from kvmlab.grading.load import CheckSet
from kvmlab.grading.runner import run
from kvmlab.observe.grade import checks_of
from kvmlab.words import t


class RegradeChange(NamedTuple):
    """What a regrade makes of one attempt. `lines`: why, check by check and fact by fact."""

    attempt: Attempt
    before: Grading
    after: Grading
    lines: tuple[str, ...]


class Grader:
    """A lab's checker as it is now, over facts that were read some time, somewhere."""

    def __init__(self, course: Course, lab: str, lang: str) -> None:
        self._course, self._lab, self._lang = course, lab, lang
        self._checks: CheckSet = checks_of(course.lab(lab, lang), course.checker(lab))
        self._texts: dict[str | None, Any] = {}

    def report(self, seed: str | None, facts: object, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The document of `kvmlab check --json` for a variant; `parameters`: others than it has now.

        ValueError where these are no facts, AuthorError where the checker itself is broken.
        """
        reader, lab = Replaying(facts), self._text(seed)
        own = lab if parameters is None else lab._replace(values=dict(parameters))
        try:
            report = run(self._checks, reader, own.params, lab.tasks, lab=lab.id, variant=seed, settle_s=0)
        except AuthorError as error:
            raise AuthorError(error.message, f"kvmlab lint {lab.id}") from error
        return report.to_json()

    def parameters(self, seed: str) -> Mapping[str, Any]:
        """Those of a variant."""
        found: Mapping[str, Any] = self._text(seed).values
        return found

    def _text(self, seed: str | None) -> Any:
        if seed not in self._texts:
            self._texts[seed] = self._course.lab(self._lab, self._lang, seed)
        return self._texts[seed]


def regrade(book: Gradebook, course: Course, lab: str, lang: str, students: Iterable[str]) -> Iterator[RegradeChange]:
    """Grade each attempt of these students at a lab again. AuthorError where the checker itself is broken."""
    wanted, grader = set(students), Grader(course, lab, lang)
    for one in book.graded(course.tag, lab):
        if one.attempt.student in wanted:
            yield _change(book, one, grader)


def _change(book: Gradebook, one: Graded, grader: Grader) -> RegradeChange:
    damaged: tuple[str, ...] = ()
    own = (one.attempt.seed, one.attempt.parameters)
    try:
        report = grader.report(own[0], book.evidence(one.attempt.evidence)["facts"], own[1])
    except (ValueError, KeyError):
        report = grader.report(own[0], NOTHING, own[1])
        damaged = (t("The evidence of attempt {number} is damaged.", number=one.attempt.number),)
    after = Grading.of(one.attempt.number, 0, report)
    return RegradeChange(one.attempt, one.grading, after, (*damaged, *_why(one.grading.report, after.report)))


def changed(changes: Sequence[RegradeChange]) -> list[RegradeChange]:
    """Those in which a verdict or points are others than before."""
    return [one for one in changes if _sum_of(one.before) != _sum_of(one.after) or one.lines]


def _sum_of(one: Grading) -> tuple[object, ...]:
    return one.verdict, one.points, one.max_points, one.unseen


def _why(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = _checks(before), _checks(after)
    for name in dict.fromkeys((*old, *new)):
        if name not in new:
            yield t("{check}: no longer a check, was {verdict}", check=name, verdict=_word(old[name]))
        elif name not in old:
            yield t("{check}: a new check, {verdict}", check=name, verdict=_word(new[name]))
            yield from _facts_of(None, new[name])
        elif old[name]["verdict"] != new[name]["verdict"]:
            yield f"{name}: {_word(old[name])} → {_word(new[name])}"
            yield from _facts_of(old[name], new[name])


def _facts_of(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterator[str]:
    """The facts that decide otherwise than before, and what could not be told."""
    known = _facts(old) if old else {}
    for place, fact in _facts(new).items():
        was = known.pop(place, None)
        if was is None or was["met"] != fact["met"]:
            found = t("{found}, wanted {wanted}", found=fact["found"], wanted=fact["wanted"])
            earlier = t("; before: wanted {wanted}", wanted=was["wanted"]) if was else ""
            yield f"  {place[0]} {place[1]}: {found}{earlier}"
    if new["verdict"] not in ("error", "blocked"):
        for place, fact in known.items():
            if not fact["met"]:
                yield t("  {subject} {fact}: no longer wanted to be {wanted}", subject=place[0], fact=place[1],
                        wanted=fact["wanted"])  # fmt: skip
    if new["error"]:
        yield f"  {new['error']}"


def _checks(report: Mapping[str, Any]) -> dict[str, Any]:
    return {one["id"]: one for task in report["tasks"] for one in task["checks"]}


def _facts(check: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    return {(one["subject"], fact["name"]): fact for one in check["findings"] for fact in one["facts"]}


def _word(check: Mapping[str, Any]) -> str:
    words = {"passed": t("passed"), "failed": t("failed"), "blocked": t("blocked"), "error": t("could not tell")}
    return words[check["verdict"]]
