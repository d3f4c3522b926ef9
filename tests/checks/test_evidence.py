"""What was read grades again to the same report; what was not read cannot be told."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from kvmlab.checks.reader import CAUSES, Cause, Key, MissingObject, Reading
from kvmlab.errors import CouldNotLook
from kvmlab.grading.evidence import Recording, Replaying
from kvmlab.grading.verdicts import Report, Verdict
from tests.checks.memory import Memory, checked, solved, unreachable, untouched

GUEST = ("guest-address", ("web1", "10.0.0.122", "eth0"))


def out_of_reach() -> Memory:
    memory = solved()
    memory.trouble[GUEST] = unreachable()
    return memory


def kept(memory: Memory) -> tuple[Report, Any]:
    """The report, and the evidence after it has been a file."""
    recording = Recording(memory)
    report = checked(recording, settle_s=0)
    return report, json.loads(json.dumps(recording.noted()))


def same(one: Report, other: Report) -> bool:
    return bool(one.to_json()["tasks"] == other.to_json()["tasks"])


@pytest.mark.parametrize("state", [solved, untouched, out_of_reach])
def test_it_grades_again_to_the_same(state: Any) -> None:
    report, evidence = kept(state())
    assert same(checked(Replaying(evidence), settle_s=0), report)


@pytest.mark.parametrize("kind", ["link", "domain", "route", "guest-address", "interface"])
def test_without_an_object_it_cannot_tell(kind: str) -> None:
    report, evidence = kept(solved())
    assert report.verdict is Verdict.PASSED
    evidence["objects"] = [one for one in evidence["objects"] if one["kind"] != kind]
    again = checked(Replaying(evidence), settle_s=0)
    assert again.verdict is Verdict.ERROR and again.max_points == report.max_points
    errors = [one for one in again.checks if one.verdict is Verdict.ERROR]
    assert errors and all("Could not tell: the evidence says nothing of" in str(one.error) for one in errors)
    assert not [one for one in again.checks if one.verdict is Verdict.FAILED]


def test_without_a_fact_it_cannot_tell() -> None:
    _, evidence = kept(solved())
    (bridge,) = [one for one in evidence["objects"] if one["key"] == ["br0"]]
    del bridge["facts"]["stp"]
    verdicts = {one.id: one.verdict for one in checked(Replaying(evidence), settle_s=0).checks}
    assert verdicts["bridge-has-stp"] is Verdict.ERROR and verdicts["bridge-exists"] is Verdict.PASSED


class Odd:
    """A reader with everything that an answer may have."""

    cause = Cause("masked", True, False, "systemctl status x", alone=True)

    def read(self, kind: str, key: Key, names: Any) -> Any:
        if kind == "gone":
            return MissingObject("not there", ["a"], "ls", "b", [self.cause], True)
        odd = Reading({1, 2})  # a set: JSON has none
        there = Reading(["x"], "ls /", True, CouldNotLook("no copy", "try"))
        return {"odd": odd, "there": there, CAUSES: Reading([self.cause])}

    def way_in(self, guest: str, address: str) -> str:
        return f"ssh {guest}@{address}"


def test_everything_that_an_answer_has_comes_back() -> None:
    recording = Recording(Odd())
    recording.read("thing", ("a", "b"), ["odd", "there"])
    recording.read("gone", (), [])
    recording.way_in("web1", "10.0.0.1")
    again = Replaying(json.loads(json.dumps(recording.noted())))
    assert again.read("gone", (), ["x"]) == MissingObject("not there", ["a"], "ls", "b", [Odd.cause], True)
    answer = again.read("thing", ("a", "b"), ["there"])
    assert not isinstance(answer, MissingObject)
    assert answer["there"][:3] == (["x"], "ls /", True) and str(answer["there"].trouble) == "no copy"
    assert answer[CAUSES].value == [Odd.cause]
    assert again.way_in("web1", "10.0.0.1") == "ssh web1@10.0.0.1"
    with pytest.raises(CouldNotLook, match="thing a b: odd"):
        again.read("thing", ("a", "b"), ["odd"])


def test_of_several_passes_the_last_is_noted() -> None:
    memory = solved()
    recording = Recording(memory)
    recording.read("link", ("br0",), ["stp"])
    recording.refresh()
    recording.read("route", ("default",), ["via"])
    assert [one["kind"] for one in recording.noted()["objects"]] == ["route"] and recording.passes == memory.passes == 1


ODD: list[Any] = [None, [], {}, 7, -1.5, True, "", "x", ["x"], {"x": 1}, [[]]]


def broken(node: Any, dice: random.Random) -> Any:
    """The document with one value in it, however deep, replaced or left out."""
    if not isinstance(node, (dict, list)) or not node or dice.random() < 0.1:
        return dice.choice(ODD)
    place = dice.choice(list(node) if isinstance(node, dict) else range(len(node)))
    if dice.random() < 0.15:
        del node[place]
    else:
        node[place] = broken(node[place], dice)
    return node


def test_a_thousand_broken_documents() -> None:
    """Each is refused with ValueError, or grades: nothing else ever happens."""
    _, evidence = kept(untouched())
    text, outcomes = json.dumps(evidence), {"refused": 0, "graded": 0}
    for seed in range(1000):
        try:
            reader = Replaying(broken(json.loads(text), random.Random(seed)))
        except ValueError:
            outcomes["refused"] += 1
            continue
        outcomes["graded"] += 1
        report = checked(reader, settle_s=0)
        assert report.max_points == 8, seed
        assert all(one.verdict is Verdict.ERROR for one in report.checks if one.bug), seed
    assert min(outcomes.values()) > 200, outcomes
