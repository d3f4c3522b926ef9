"""Waiting: woken by events, to a deadline, and what passed at different times is confirmed."""

import time

import pytest

from kvmlab.grading import runner
from kvmlab.grading.passes import Waiting
from kvmlab.grading.verdicts import Verdict
from tests.checks.memory import Memory, checked, solved, unreachable, untouched

ADDRESS = ("guest-address", ("web1", "10.0.0.122", "eth0"))


class Bell:
    """Events that come at once, for so many times."""

    def __init__(self, rings: int = 10**6) -> None:
        self.rings = rings
        self.waits: list[float] = []

    def wait(self, timeout_s: float) -> bool:
        self.waits.append(timeout_s)
        if len(self.waits) <= self.rings:
            return True
        time.sleep(timeout_s)
        return False


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "REST_S", 0.001)
    monkeypatch.setattr(runner, "POLL_S", 0.02)


def later(memory: Memory, at_pass: int) -> Memory:
    """Becomes solved when its pass `at_pass` begins."""

    def on_pass(now: Memory) -> None:
        if now.passes == at_pass:
            now.objects, now.trouble = solved().objects, {}

    memory.on_pass = on_pass
    return memory


def test_nothing_is_waited_for_unasked() -> None:
    memory, bell = untouched(), Bell()
    began = time.monotonic()
    assert checked(memory, events=bell).verdict is Verdict.FAILED
    assert time.monotonic() - began < 0.5 and memory.passes == 1 and not bell.waits


def test_what_has_not_passed_is_run_again_until_it_has() -> None:
    memory, bell = later(untouched(), 4), Bell()
    report = checked(memory, wait_s=30, events=bell)
    assert report.verdict is Verdict.PASSED and memory.passes == 5 and len(bell.waits) == 3  # the last pass confirms


def test_without_events_it_is_looked_at_now_and_then() -> None:
    memory = later(untouched(), 3)
    assert checked(memory, wait_s=30).verdict is Verdict.PASSED and memory.passes == 4


def test_at_the_deadline_the_last_verdict_stands() -> None:
    began = time.monotonic()
    report = checked(untouched(), wait_s=0.2, events=Bell(rings=0))
    assert report.verdict is Verdict.FAILED and 0.2 <= time.monotonic() - began < 1
    assert report.seconds >= 0.2 and report.max_points == 8


def test_a_guest_that_is_still_booting_is_waited_for_unasked() -> None:
    memory = solved()
    memory.trouble[ADDRESS] = unreachable(transient=True)
    report = checked(later(memory, 3), events=Bell())
    assert report.verdict is Verdict.PASSED


def test_a_guest_that_never_boots_is_an_error_at_the_deadline() -> None:
    memory = solved()
    memory.trouble[ADDRESS] = unreachable(transient=True)
    report = checked(memory, settle_s=0.1, events=Bell(rings=0))
    assert report.exit_status == 3 and report.points == 7


def test_other_trouble_is_waited_for_only_when_asked() -> None:
    memory = solved()
    memory.trouble[ADDRESS] = unreachable()
    assert checked(memory, events=Bell()).exit_status == 3 and memory.passes == 1
    assert checked(later(memory, 4), wait_s=30, events=Bell()).exit_status == 0


def test_what_passed_and_then_broke_does_not_pass() -> None:
    """The bridge is there at first and gone when the rest has come true."""
    memory = solved()
    memory.objects["link", ("ens33",)]["master"] = None

    def on_pass(now: Memory) -> None:
        if now.passes == 2:
            now.objects["link", ("ens33",)]["master"] = "br0"
            now.objects["link", ("br0",)]["stp"] = False  # had passed already

    memory.on_pass = on_pass
    report = checked(memory, wait_s=0.1, events=Bell(rings=0))
    assert report.verdict is Verdict.FAILED and report.checks[1].verdict is Verdict.FAILED


def test_progress_tells_what_is_waited_for_and_how_long() -> None:
    told: list[Waiting] = []
    memory = solved()
    memory.trouble[ADDRESS] = unreachable(transient=True)
    checked(later(memory, 3), on_progress=told.append, events=Bell())
    waits = [now for now in told if now.left_s is not None]
    assert {now.text for now in waits} == {"Guest web1: SSH refused at 10.0.0.122."}
    assert all(0 < (now.left_s or 0) <= now.total_s == runner.SETTLE_S for now in waits)
    assert {now.checks for now in told} == {7} and told[0].passed == 1
