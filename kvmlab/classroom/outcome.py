"""What came of an action for one student: its exit status, a sentence, and a check's evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kvmlab.classroom.children import Done
from kvmlab.classroom.evidence import checks_in
from kvmlab.words import t


class ActionOutcome(NamedTuple):
    """What came of it for one student. `status` as of kvmlab: 0 well, 1 checked and not all passed, 3 it could not be.

    `evidence`: of a check, its document. `hints` and `assisted` are of the student's progress at that time.
    """

    status: int
    said: str
    evidence: Mapping[str, Any] | None = None
    hints: Mapping[str, int] = {}
    assisted: bool = False

    @property
    def word(self) -> str:
        """How the gradebook calls it."""
        return {0: "done", 1: "done"}.get(self.status, "failed")


def outcome_of(found: dict[str, Any], done: Done) -> ActionOutcome:
    """What a check with this evidence comes to. Where nothing at all could be looked at it is no attempt."""
    if not any(one["verdict"] in ("passed", "failed") for one in checks_in(found)):
        return ActionOutcome(3, done.said or _first_error(found))
    return ActionOutcome(done.status, _result(found), found)


def _result(found: Mapping[str, Any]) -> str:
    report = found["report"]
    said = t("{points}/{most}", points=report["points"], most=report["max_points"])
    unseen = sum(one["verdict"] == "error" for one in checks_in(found))
    if unseen:
        why = _first_error(found)
        return t("{points}, could not look {unseen} times: {why}", points=said, unseen=unseen, why=why)
    failed = next((one["id"] for one in checks_in(found) if one["verdict"] == "failed"), "")
    return t("{points}, first failing check: {check}", points=said, check=failed) if failed else said


def _first_error(found: Mapping[str, Any]) -> str:
    return next((str(one["error"]).rstrip(".") for one in checks_in(found) if one.get("error")), t("could not look"))


def outcome_saying(done: Done, said: str) -> ActionOutcome:
    """What a kvmlab has come to that had to do something: `said` where it went well."""
    if done.status == 0:
        return ActionOutcome(0, said)
    return ActionOutcome(done.status, done.said or t("kvmlab ended with status {status}", status=done.status))
