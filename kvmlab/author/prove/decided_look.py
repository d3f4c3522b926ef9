"""Looking at a lab host until its verdicts are decided: as soon as can be, and never too soon.

What passed in a whole pass has passed. What failed may only not have happened yet, so a failure counts when two
looks agree, nothing is on its way (a guest that boots), and no bridge holds a port back (with STP a port
listens and learns for twice the forward delay, in which nobody can be reached; see brctl(8), showstp).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kvmlab.author.prove.bench import Bench
from kvmlab.author.prove.cases import Case
from kvmlab.author.prove.proof import Proof
from kvmlab.grading.as_it_was import AS_IT_WAS
from kvmlab.observe.grade import checks_of, opened, run_checks
from kvmlab.slowness import given_patience

if TYPE_CHECKING:
    from kvmlab.checks.reader import Reader
    from kvmlab.grading.verdicts import Report
    from kvmlab.labhost.container import LabHost

DEADLINE_S = {Proof.START: 60, Proof.SOLUTION: 120, Proof.WAYS: 120, Proof.NEAR: 90, Proof.STEPS: 60}
"""A case that is as it should be ends long before; these are for what is wrong, and longer on a busy computer."""
POLL_S = 1.0
_PORTS = "cat /sys/class/net/*/brport/state 2>/dev/null; true"
_NOT_YET = {"1", "2"}  # listening, learning (linux/if_bridge.h)


def look_until_decided(bench: Bench, host: LabHost, case: Case) -> tuple[Report, set[str]]:
    """The last look: when it was decided, or the deadline came; and the checks that had failed at once, and then passed
    by themselves."""
    first: set[str] | None = None
    before = None
    deadline = time.monotonic() + DEADLINE_S[case.proof] * given_patience()
    with opened(bench.lab, host) as (reader, events):
        while True:
            report = look(bench, reader, settle_s=0.0)
            first = failed(report) if first is None else first
            done = all_passed(report) and case.proof is not Proof.START
            agreed = stands(case, report) and verdicts(report) == before and quiet(host)
            if done or agreed or time.monotonic() > deadline:
                return report, first & passed(report)
            before = verdicts(report)
            events.wait(POLL_S)


def look(bench: Bench, reader: Reader, **how: Any) -> Report:
    """One look with all checks of the lab, the guard that nothing else has changed among them. `how` as for `run`."""
    bench.go_on()
    return run_checks(checks_of(bench.lab, bench.checker), reader, bench.lab, **how)


def verdicts(report: Report) -> dict[str, str]:
    """Check to verdict."""
    return {check.id: check.verdict.value for check in report.checks}


def all_passed(report: Report) -> bool:
    """Whether every check has passed."""
    return set(verdicts(report).values()) == {"passed"}


def failed(report: Report) -> set[str]:
    """The checks that failed."""
    return {name for name, verdict in verdicts(report).items() if verdict == "failed"}


def passed(report: Report) -> set[str]:
    """The checks that passed."""
    return {name for name, verdict in verdicts(report).items() if verdict == "passed"}


def stands(case: Case, report: Report) -> bool:
    """Whether this is what the case is expected to end with, if it stays so."""
    if any(check.transient for check in report.checks):
        return False
    if case.proof is Proof.NEAR:
        caught = case.caught_by <= failed(report) <= case.caught_by | {AS_IT_WAS}
        return caught and "error" not in verdicts(report).values()
    if case.proof is Proof.STEPS:
        return bool(failed(report))
    return case.proof is Proof.START


def quiet(host: LabHost) -> bool:
    """Whether no port of a bridge is held back by STP."""
    return not _NOT_YET & set(host.execute(["sh", "-c", _PORTS]).stdout.split())
