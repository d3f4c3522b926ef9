"""A verdict for every check, whatever happens; a fixed maximum."""

from pathlib import Path

import pytest

from kvmlab import words
from kvmlab.checks import Params
from kvmlab.errors import UsageError
from kvmlab.grading.runner import run
from kvmlab.grading.verdicts import CheckResult, Report, TaskResult, Verdict
from tests.checks.memory import PARAMS, Memory, Prefetching, Task, checked, solved, unreachable, untouched, written

ADDRESS = ("guest-address", ("web1", "10.0.0.122", "eth0"))


def verdicts(report: Report) -> dict[str, str]:
    return {check.id: check.verdict.value for check in report.checks}


def one(tmp_path: Path, body: str, reader: Memory | None = None) -> Report:
    """One check `x` with this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    checks = written(tmp_path, f'@check(task="a")\ndef x(host, lab):\n    """X."""\n{lines}\n')
    return run(checks, reader or Memory(), Params({"name": "br0"}), [Task("a")])


def test_solved_passes() -> None:
    report = checked(solved())
    assert set(verdicts(report).values()) == {"passed"}
    assert (report.points, report.max_points, report.verdict, report.exit_status) == (8, 8, Verdict.PASSED, 0)


def test_untouched_fails_for_its_own_reasons() -> None:
    report = checked(untouched())
    assert verdicts(report) == {
        "bridge-exists": "failed", "bridge-has-stp": "blocked", "uplink-is-a-port": "failed",
        "default-route": "blocked",
        "guest-still-runs": "passed", "nic-is-on-the-bridge": "blocked", "guest-has-its-address": "blocked",
    }  # fmt: skip
    assert report.tasks[0].checks[1].blocked_by == ("bridge-exists",)
    assert (report.points, report.max_points, report.exit_status) == (0, 8, 1)


def test_what_was_met_is_kept_as_well() -> None:
    facts = [fact for check in checked(solved()).checks for finding in check.findings for fact in finding.facts]
    assert len(facts) == 15 and all(fact.met and fact.see and fact.found for fact in facts)


def test_a_task_gives_the_points_of_the_checks_that_passed() -> None:
    memory = solved()
    memory.objects["link", ("br0",)]["stp"] = False
    report = checked(memory)
    assert [(task.points, task.max_points, task.verdict.value) for task in report.tasks] == [
        (1, 2, "failed"), (3, 3, "passed"), (3, 3, "passed"),
    ]  # fmt: skip
    assert report.points == 7 and report.exit_status == 1


def test_could_not_look_is_never_a_wrong_answer() -> None:
    memory = solved()
    memory.trouble[ADDRESS] = unreachable()
    report = checked(memory)
    last = report.checks[-1]
    assert last.verdict is Verdict.ERROR and last.error == "Guest web1: SSH refused at 10.0.0.122."
    assert last.todo == "virsh console web1"
    assert (report.points, report.max_points, report.verdict, report.exit_status) == (7, 8, Verdict.ERROR, 3)


def test_nothing_can_be_looked_at() -> None:
    memory = solved()
    memory.trouble = {place: unreachable() for place in memory.objects}
    report = checked(memory)
    assert set(verdicts(report).values()) == {"error", "blocked"}
    assert (report.points, report.max_points, report.exit_status) == (0, 8, 3)


def test_a_wrong_fact_fails_the_check_whatever_else_cannot_be_read() -> None:
    memory = solved()
    memory.objects["link", ("ens33",)]["master"] = None
    memory.trouble["link", ("br0",)] = unreachable()
    check = checked(memory).checks[2]
    assert check.verdict is Verdict.FAILED and check.error and len(check.findings) == 2


def test_the_maximum_never_changes() -> None:
    worst = solved()
    worst.trouble = {place: RuntimeError("x") for place in worst.objects}
    assert {checked(reader).max_points for reader in (solved(), untouched(), Memory(), worst)} == {8}


def test_a_bug_in_the_checker_is_named_with_file_and_line(tmp_path: Path) -> None:
    report = one(tmp_path, 'yield host.link("a").shows(stp=True)\nraise ValueError("boo\\x1b")')
    check = report.checks[0]
    assert check.verdict is Verdict.ERROR and report.exit_status == 3
    assert check.error == f"a bug in the checker: {tmp_path}/checker.py:6: ValueError: boo\\x1b"
    assert len(check.findings) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return\nyield", "has looked at nothing"),
        ("return None", "TypeError"),
        ("yield 3", "yields 3, which is no finding"),
        ('yield host.link("a").shows()', "wants no fact of link a"),
        ('yield host.link("a").shows(mastr=1)', r"checker\.py:5: link has no fact mastr; did you mean `master`"),
        ("yield host.link(lab.nmae).shows(stp=True)", r"checker\.py:5: The lab has no parameter nmae; did you"),
        ("while True:\n    yield expect('a', 'b', 1, 1)", "more than 500 findings"),
        ("import sys\nsys.exit(0)\nyield", "SystemExit"),
        ("def f(): f()\nf()\nyield", "RecursionError"),
    ],
)  # fmt: skip
def test_an_authors_mistake_is_an_error_and_never_a_pass(tmp_path: Path, body: str, said: str) -> None:
    import re

    check = one(tmp_path, body).checks[0]
    assert check.verdict is Verdict.ERROR and re.search(said, check.error or ""), check.error


def test_a_sentence_with_an_unknown_parameter_is_an_error(tmp_path: Path) -> None:
    checks = written(
        tmp_path, '@check(task="a")\ndef x(host, lab):\n    """X {nmae}."""\n    yield expect("a", "b", 1, 1)\n'
    )
    check = run(checks, Memory(), Params({"name": 1}), [Task("a")]).checks[0]
    assert check.verdict is Verdict.ERROR and "checker.py:2: The lab has no parameter nmae" in (check.error or "")


def test_a_bug_of_ours_is_not_called_the_checkers(tmp_path: Path) -> None:
    memory = Memory({("link", ("a",)): {}})  # a reader that gives no reading for what it was asked

    class Forgetful(Memory):
        def read(self, kind: str, key: tuple[str, ...], names: object) -> dict[str, object]:  # type: ignore[override]
            return {}

    check = one(tmp_path, 'yield host.link("a").shows(stp=True)', Forgetful(memory.objects)).checks[0]
    assert check.verdict is Verdict.ERROR and (check.error or "").startswith("a bug in kvmlab: LookupError")
    assert "checker.py:5" in (check.error or "")


def test_only_some_tasks_with_what_they_need() -> None:
    report = checked(untouched(), only=["guest"])
    assert [task.id for task in report.tasks] == ["guest"] and report.max_points == 3
    assert report.tasks[0].checks[1].blocked_by == ("bridge-exists",)
    assert [check.id for check in report.needed] == ["bridge-exists"] and "needed" not in report.to_json()
    assert checked(solved(), only=["uplink"]).exit_status == 0
    assert checked(solved(), only=[]).max_points == 8


def test_an_unknown_task_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="There is no task uplnk; did you mean `uplink`"):
        checked(solved(), only=["uplnk"])
    with pytest.raises(UsageError, match=r"no task \.\./\\n; the tasks are bridge, uplink, guest"):
        checked(solved(), only=["../\n"])


def test_the_reader_is_told_beforehand_what_will_be_asked() -> None:
    memory = Prefetching(solved().objects)
    checked(memory)
    told = {(want.kind, want.key): set(want.names) for want in memory.wants}
    asked: dict[object, set[str]] = {}
    for kind, key, names in memory.asked:
        asked.setdefault((kind, key), set()).update(names)
    assert told == asked


def test_telling_beforehand_does_not_count_as_reading_a_parameter() -> None:
    params = Params(PARAMS)
    from kvmlab.grading.load import load_checks
    from tests.checks.memory import SAMPLE, TASKS

    run(load_checks(SAMPLE), Prefetching(), params, TASKS)
    assert "cidr" not in params.read and "bridge" in params.read  # what needs it was blocked


def test_every_message_is_said_in_chinese() -> None:
    words.set_language("zh")
    memory = untouched()
    memory.trouble[ADDRESS] = unreachable()
    report = checked(memory)
    said = [
        report.checks[0].sentence,
        *(row.found for check in report.checks for f in check.findings for row in f.facts),
    ]
    assert said[0] == "宿主机上有网桥 `br0`。" and "none" not in said and "yes" not in said


@pytest.mark.parametrize(
    ("guard", "points"), [(Verdict.PASSED, 5), (Verdict.FAILED, 0), (Verdict.BLOCKED, 5), (Verdict.ERROR, 5)]
)
def test_a_task_has_no_points_while_its_guard_has_failed(guard: Verdict, points: int) -> None:
    """Else it would read 5/5, and the lab "not yet" with all its points, at once."""
    work = CheckResult("work", "t", "Done.", Verdict.PASSED, 5)
    kept = CheckResult("kept", "t", "As it was.", guard, 0, guard=True)
    assert TaskResult("t", "T", 5, (work, kept)).points == points
