"""Each known mistake is said where the host shows it, and nowhere else; it costs and breaks nothing."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kvmlab import words
from kvmlab.checks import Host, Params
from kvmlab.checks.findings import Finding
from kvmlab.checks.reader import CAUSES, Answer, Cause, Key, Reading
from kvmlab.grading.load import load_checks
from kvmlab.grading.mistakes.noticing import LONGEST_S, seen, with_mistakes
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words
from kvmlab.grading.mistakes.table import PATTERNS
from kvmlab.grading.runner import run
from kvmlab.grading.verdicts import CheckResult, Report, TaskResult, Verdict
from tests.checks.memory import PARAMS, SAMPLE, TASKS, Memory, solved, untouched
from tests.grading.mistakes.fixtures import FIXTURES, WORLD, Fixture, Objects

WANTED = [(name, fixture.finding) for name, fixture in FIXTURES.items()]


def memory(fixture: Fixture) -> Memory:
    """The host of a fixture: all is well but for what it changes. An object without facts is not there."""
    objects = {**WORLD, **fixture.objects}
    return Memory({place: dict(facts) for place, facts in objects.items() if facts})


def fitting(failed: FailedObject, host: Host) -> list[str]:
    """The names of all mistakes that are seen, not only the first."""
    return [one.name for one in PATTERNS if one.fits(failed.kind) and seen(one, failed, host) is not None]


def report_of(*findings: Finding, verdict: Verdict = Verdict.FAILED) -> Report:
    """A report of one check."""
    check = CheckResult("x", "a", "X.", verdict, 1, findings=findings)
    return Report("lab", None, (TaskResult("a", "A", 1, (check,)),), 0.1)


def test_each_has_a_fixture() -> None:
    assert sorted(FIXTURES) == sorted(one.name for one in PATTERNS)
    assert len({one.name for one in PATTERNS}) == len(PATTERNS) >= 50


@pytest.mark.parametrize("name", FIXTURES)
def test_exactly_it(name: str) -> None:
    host = Host(memory(FIXTURES[name]))
    failed = FailedObject.of(FIXTURES[name].finding(host))
    assert failed is not None, "the finding must have failed"
    assert fitting(failed, host) == [name]


@pytest.mark.parametrize(("name", "finding"), WANTED)
def test_none_where_all_is_well(name: str, finding: Any) -> None:
    """The same finding on a host that shows nothing."""
    host = Host(Memory({place: dict(facts) for place, facts in WORLD.items()}))
    failed = FailedObject.of(finding(host))
    ought = {"over-the-maximum"}  # one vCPU at most is what that host has
    assert failed is None or set(fitting(failed, host)) <= ought


@pytest.mark.parametrize("name", FIXTURES)
def test_it_is_said_in_both_languages(name: str) -> None:
    said = {}
    for language in words.LANGUAGES:
        words.set_language(language)
        try:
            host = Host(memory(FIXTURES[name]))
            (finding,) = with_mistakes(report_of(FIXTURES[name].finding(host)), host).checks[0].findings
            assert finding.mistake and finding.mistake.name == name and "{" not in finding.mistake.sentence
            said[language] = finding.mistake.sentence
        finally:
            words.set_language("en")
    assert said["en"] != said["zh"]


def test_nothing_is_read_where_all_has_passed() -> None:
    host = solved()
    seen_by = Host(host)
    report = run_sample(seen_by)
    asked = len(host.asked)
    assert report.verdict is Verdict.PASSED and with_mistakes(report, seen_by) == report
    assert len(host.asked) == asked


def run_sample(host: Host) -> Report:
    return run(load_checks(SAMPLE), host, Params(PARAMS), TASKS, lab="network-bridge")


def test_no_fact_is_read_twice() -> None:
    host = untouched()
    seen_by = Host(host)
    with_mistakes(run_sample(seen_by), seen_by)
    facts = [(kind, key, name) for kind, key, names in host.asked for name in names]
    missing = [(kind, key) for kind, key, _ in host.asked if (kind, key) not in host.objects]
    assert len(facts) - len(set(facts)) == 0
    assert len(missing) == len(set(missing))


def test_verdicts_and_points_stay() -> None:
    host = untouched()
    seen_by = Host(host)
    before = run_sample(seen_by)
    after = with_mistakes(before, seen_by)
    assert [(one.id, one.verdict, one.points) for one in after.checks] == [
        (one.id, one.verdict, one.points) for one in before.checks
    ]
    assert (after.points, after.exit_status) == (before.points, before.exit_status)


class Broken(Memory):
    """A host whose every object says what no pattern expects, or fails."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def read(self, kind: str, key: Any, names: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return dict.fromkeys(names, Reading(self.answer))


@pytest.mark.parametrize("answer", [RuntimeError("x"), {}, [], "\x1b[2J`{x}", -1, 10**30, None, [None], {"a": 1}])
@pytest.mark.parametrize(("name", "finding"), WANTED)
def test_whatever_a_host_says_nothing_is_raised(name: str, finding: Any, answer: Any) -> None:
    good = Host(memory(FIXTURES[name]))
    report = report_of(finding(good))
    for check in with_mistakes(report, Host(Broken(answer))).checks:
        for one in check.findings:
            assert one.mistake is None or one.mistake.sentence.isprintable()


def test_a_slow_host_is_not_asked_for_ever() -> None:
    clock: Iterator[float] = iter(range(0, 1000, 2))

    def slow(failed: FailedObject, host: Host) -> Words | None:
        next(clock)
        time.sleep(LONGEST_S / 2)
        return None

    patterns = [Pattern(f"slow{number}", ("domain",), slow, "") for number in range(9)]
    host = Host(memory(FIXTURES["paused"]))
    with_mistakes(report_of(FIXTURES["paused"].finding(host)), host, patterns)
    assert next(clock) <= 4


def test_hostile_names_are_safe() -> None:
    bad = "a\x1b[2J'; rm -rf /"
    objects: Objects = {("domain", (bad, "now")): {"state": "paused", "reason": "user", "managed_save": False}}
    host = Host(Memory(objects))
    (finding,) = with_mistakes(report_of(host.domain(bad).shows(state="running")), host).checks[0].findings
    assert finding.mistake and finding.mistake.name == "paused" and finding.mistake.sentence.isprintable()
    assert finding.mistake.see == "virsh domstate --reason 'a\\x1b[2J'\"'\"'; rm -rf /'"


def test_what_is_met_or_missing_on_purpose_says_nothing() -> None:
    host = Host(memory(FIXTURES["paused"]))
    assert FailedObject.of(host.domain("web1").shows(persistent=True)) is None
    assert FailedObject.of(host.domain("gone").missing()) is None
    failed = FailedObject.of(host.domain("web1").missing())
    assert failed and failed.unmet == {"exists"} and not failed.missing


def test_a_cause_alone_is_enough() -> None:
    """The card is on the right bridge, and its finding has failed for its cable alone."""
    world = memory(FIXTURES["unplugged"])
    down = Cause("link_state", "down", "up", "virsh domif-getlink", alone=True)
    read = world.read

    def with_cause(kind: str, key: Key, names: Sequence[str]) -> Answer:
        answer = read(kind, key, names)
        return answer if kind != "interface" else {**answer, CAUSES: Reading([down])}  # type: ignore[dict-item]

    world.read = with_cause  # type: ignore[method-assign]
    host = Host(world)
    failed = FailedObject.of(host.domain("web1").interface(index=0).shows(bridge="virbr0"))
    assert failed and failed.unmet == {"link_state"} and fitting(failed, host) == ["unplugged"]


def test_the_sample_lab_at_its_start_has_no_mistake() -> None:
    """What is simply not done yet is none."""
    host = untouched()
    seen_by = Host(host)
    report = with_mistakes(run_sample(seen_by), seen_by)
    assert [one.mistake for check in report.checks for one in check.findings if one.mistake] == []
