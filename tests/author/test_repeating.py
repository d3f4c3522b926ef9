"""Proof 10: what looking has changed is told apart from what changes by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from kvmlab.author.prove import repeated_looks
from kvmlab.author.prove.cases import cases_of
from kvmlab.author.prove.judgement import judge
from kvmlab.author.prove.proof import Proof, ProofOutcome
from kvmlab.author.prove.repeated_looks import Values, _moved, _other_verdicts
from kvmlab.checks.reader import Key
from kvmlab.course import Course
from kvmlab.grading.verdicts import Report, Verdict
from tests.author.planting import HERE
from tests.author.test_judging import FAILED, PASSED, check, report, result

FACT: tuple[str, Key, str] = ("note", ("/root/notes", "packets"), "number")
CALM = [(5, 5, 5), ("up", "up", "up"), (10, 30, 50), (["a"], ["a"], ["a"]), (1.0, 1.5, 2.0), (None, None, None)]
STIRRED = [(5, 25, 26), ("a", "b", "b"), (100, 140, 142), ([], ["x"], ["x"]), (None, "x", "x"), (7, 8, 8)]


@pytest.mark.parametrize("values", CALM)
def test_what_moves_by_itself_is_nobodys_fault(values: tuple[object, object, object]) -> None:
    """First, after the looks, after as long without any: an age grows at the same pace."""
    assert list(_moved(*({FACT: one} for one in values))) == []


@pytest.mark.parametrize("values", STIRRED)
def test_what_looking_moves_is_told(values: tuple[object, object, object]) -> None:
    """A counter that our own questions move, a file that they touch."""
    (said,) = _moved(*({FACT: one} for one in values))
    assert said.startswith("looking changes note /root/notes packets: number: ")


def test_seconds_and_mebibytes_waver() -> None:
    """A guest's process takes a little more; much more is told."""
    fact = ("process", ("domain", "web1"), "rss_mib")
    assert list(_moved({fact: 140}, {fact: 142}, {fact: 142})) == []
    assert list(_moved({fact: 140}, {fact: 149}, {fact: 149}))


def test_a_guest_answers_with_some_packets() -> None:
    """As principles-io was measured, twenty looks; a look that sends a flood is told."""
    card: Key = ("web1", "live", "mac", "52:54:00:6d:31:0a")

    def after(packets: int, sent: int) -> list[str]:
        first: Values = {("interface", card, "sent_packets"): 2039, ("interface", card, "sent_bytes"): 33783434}
        last: Values = {("interface", card, "sent_packets"): packets, ("interface", card, "sent_bytes"): sent}
        return list(_moved(first, last, last))

    assert after(2421, 33861160) == []
    assert len(after(9421, 36861160)) == 2


def test_another_verdict_is_told() -> None:
    """With the number of the look."""
    before = {"a": "passed", "b": "passed"}
    found = list(_other_verdicts(before, [before, {"a": "passed", "b": "failed"}]))
    assert found == ["look 3: b is failed, first passed"]


@pytest.mark.parametrize(("deaf", "tries"), [(0, 1), (2, 3), (9, 3)])
def test_a_look_that_could_not_look_is_taken_again(monkeypatch: pytest.MonkeyPatch, deaf: int, tries: int) -> None:
    """By a new connection, some times at most; what is so then is told with its cause."""
    opened = 0

    @contextlib.contextmanager
    def connection(*_: object) -> Iterator[tuple[object, None]]:
        nonlocal opened
        opened += 1
        yield object(), None

    def looked(*_: object, **__: object) -> Report:
        could_not = check("a", Verdict.ERROR, error="web1 did not answer within 10 s")
        return report(could_not if opened <= deaf else check("a", PASSED))

    monkeypatch.setattr(repeated_looks, "opened", connection)
    monkeypatch.setattr(repeated_looks, "look", looked)
    said, _ = repeated_looks._look(Mock(), Mock())
    assert opened == tries
    assert said == {"a": "error (web1 did not answer within 10 s)" if deaf >= repeated_looks.TRIES else "passed"}


def test_judged() -> None:
    """It is tried after the solution; where that does not pass, nothing is known."""
    course = Course.load(HERE)
    cases = cases_of(course.solutions(course.lab("tiny-note")), "x", {Proof.LOOKING})
    (case,) = [one for one in cases if one.look_again]
    assert case.proof is Proof.SOLUTION
    good = result(Proof.SOLUTION, check("a", PASSED))

    def outcome(of: object, **more: object) -> ProofOutcome:
        return judge([replaced(of, case=case, **more)], [Proof.LOOKING])[0].outcome

    assert outcome(good) is ProofOutcome.PROVED
    assert outcome(good, again=("looking changes x",)) is ProofOutcome.REFUTED
    assert outcome(result(Proof.SOLUTION, check("a", FAILED))) is ProofOutcome.UNKNOWN


def replaced(one: object, **more: object):  # type: ignore[no-untyped-def]
    """dataclasses.replace."""
    from dataclasses import replace

    return replace(one, **more)  # type: ignore[type-var]
