"""A vCPU that taskset(1) moved past libvirt. Not a near-miss: a lab host with a single CPU cannot carry that out."""

from __future__ import annotations

import pytest

from kvmlab.grading.load import load_checks
from kvmlab.grading.runner import run
from kvmlab.grading.verdicts import Verdict
from tests.checks.memory import Memory
from tests.conftest import our_course


@pytest.mark.parametrize(
    ("threads", "now", "free"),
    [
        ({"1": "0", "0": "0-3"}, Verdict.PASSED, Verdict.PASSED),
        ({"1": "2", "0": "0-3"}, Verdict.FAILED, Verdict.PASSED),
        ({"1": "0", "0": "0"}, Verdict.PASSED, Verdict.FAILED),
    ],
)
def test_where_the_threads_may_run_counts(threads: dict[str, str], now: Verdict, free: Verdict) -> None:
    """libvirt says what it was told, in all three."""
    course = our_course()
    lab = course.lab("resources-pin")
    pins = {"vcpu_pins": {"1": "0"}}
    host = Memory(
        {
            ("domain", (lab.values["guest"], "live")): dict(pins),
            ("domain", (lab.values["guest"], "stored")): dict(pins),
            ("process", ("domain", lab.values["guest"])): {"vcpu_cpus": threads, "vcpu_threads": [7, 8]},
            ("cpu", ()): {"count": 4},
            ("note", (lab.values["note"], "thread")): {"number": 8},
        }
    )
    report = run(load_checks(course.checker("resources-pin")), host, lab.params, lab.tasks)
    found = {check.id: check.verdict for check in report.checks}
    assert (found["vcpu-is-pinned-now"], found["other-vcpu-is-free-now"]) == (now, free)
