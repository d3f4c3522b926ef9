"""Runs checks: a verdict for each, whatever happens, within a deadline.

Checks are pure reads, so waiting belongs here: while something is on its way (a guest boots) or the caller asked to
wait, what has not passed is run again, woken by the host's events, until the deadline. What passed in different passes
counts only once a whole pass has confirmed it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple, Protocol

import kvmlab
from kvmlab.checks.declare import Check, deepest_file, place_of
from kvmlab.checks.findings import Finding
from kvmlab.checks.load import CheckSet, TaskLike
from kvmlab.checks.params import Params
from kvmlab.checks.reading import Asked, Reader, nearest
from kvmlab.checks.text import plain
from kvmlab.checks.verdicts import CheckResult, Report, TaskResult, Verdict
from kvmlab.checks.vocabulary.host import Host
from kvmlab.errors import AuthorError, CouldNotLook, KvmlabError, UsageError
from kvmlab.words import t

SETTLE_S = 30.0  # how long something that is on its way (a guest booting) is waited for without being asked
POLL_S = 1.0  # what no event tells (a file in a guest) is looked at this often
FINDINGS = 500  # of one check; a checker that yields for ever is a bug

_ENGINE = str(Path(kvmlab.__file__).parent)


class Events(Protocol):
    """Tells when something happened on the host."""

    def wait(self, timeout_s: float) -> bool:
        """True as soon as something happened, False after `timeout_s`."""


class Waiting(NamedTuple):
    """Told while the runner waits: `text` says for what; `left_s` of `total_s` seconds remain; `passed` of `checks`."""

    text: str
    left_s: float
    total_s: float
    passed: int
    checks: int


OnProgress = Callable[[Waiting], None]
Results = dict[str, CheckResult]


def run(
    checks: CheckSet,
    host: Host | Reader,
    params: Params,
    tasks: Sequence[TaskLike],
    *,
    lab: str = "",
    variant: str | None = None,
    only: Sequence[str] | None = None,
    wait_s: float = 0.0,
    settle_s: float = SETTLE_S,
    events: Events | None = None,
    on_progress: OnProgress | None = None,
) -> Report:
    """Look, and say what was found.

    `only`: ids of tasks to report on (checks they need run too). `wait_s`: run again what has not passed, for so
    long. `settle_s`: as long even unasked, while what could not be read is only on its way. UsageError for an
    unknown task, AuthorError where checker and lab.md contradict each other; nothing else is raised.
    """
    checks.must_fit(tasks)
    chosen = _chosen(tasks, only)
    passes = _Passes(host if isinstance(host, Host) else Host(host), params, _wanted(checks, chosen), checks.path)
    began = monotonic()
    results = _until(passes, began, wait_s, settle_s, events, on_progress)
    done = tuple(_task(task, checks, results) for task in chosen)
    return Report(lab, variant, done, monotonic() - began)


def _chosen(tasks: Sequence[TaskLike], only: Sequence[str] | None) -> list[TaskLike]:
    ids = [task.id for task in tasks]
    for name in only or ():
        if name not in ids:
            said = t("There is no task {task}", task=plain(name, 80))
            meant = nearest(name, ids)
            raise UsageError(
                t("{said}; did you mean `{meant}`?", said=said, meant=meant)
                if meant
                else t("{said}; the tasks are {names}.", said=said, names=", ".join(ids))
            )
    return [task for task in tasks if not only or task.id in only]


def _wanted(checks: CheckSet, chosen: Sequence[TaskLike]) -> list[Check]:
    """The checks of the chosen tasks and those they need, in the order of the file (needs come first)."""
    ids = {task.id for task in chosen}
    wanted: set[Check] = set()
    for check in reversed(checks.checks):
        if check.task in ids or check in wanted:
            wanted.update((check, *check.needs))
    return [check for check in checks.checks if check in wanted]


def _task(task: TaskLike, checks: CheckSet, results: Results) -> TaskResult:
    return TaskResult(task.id, task.title, task.points, tuple(results[c.id] for c in checks.for_task(task.id)))


class _Passes:
    """Runs passes over the checks: in each, every fact is read at most once."""

    def __init__(self, host: Host, params: Params, checks: list[Check], path: Path) -> None:
        self.host, self.params, self.checks, self.path = host, params, checks, path

    def whole(self) -> Results:
        """Run all checks."""
        return self.again({})

    def again(self, before: Results) -> Results:
        """Run what had not passed in `before`."""
        self.host.refresh()
        due = [check for check in self.checks if check.id not in before or not before[check.id].passed]
        self._prefetch(due)
        results: Results = {}
        for check in self.checks:
            results[check.id] = self._result(check, results) if check in due else before[check.id]
        return results

    def _prefetch(self, due: list[Check]) -> None:
        """Tell the reader what `due` will ask, found by running them against a reader that knows nothing."""
        asked = Asked()
        silent, params = Host(asked), Params(self.params.peek_all())
        for check in due:
            try:
                for _, _ in zip(range(FINDINGS), check(silent, params), strict=False):
                    pass
            except (Exception, SystemExit):  # it will be told when the check really runs
                continue
        self.host.prefetch(asked.wants())

    def _result(self, check: Check, results: Results) -> CheckResult:
        if waits_for := tuple(need.id for need in check.needs if not results[need.id].passed):
            return self._made(check, Verdict.BLOCKED, blocked_by=waits_for)
        findings: list[Finding] = []
        try:
            for finding in check(self.host, self.params):
                findings.append(_sound(finding, check, len(findings)))
            if not findings:
                raise AuthorError(t("the check {check} has looked at nothing (it yields no finding)", check=check.id))
        except CouldNotLook as trouble:
            return self._judged(check, findings, trouble)
        except (Exception, SystemExit) as error:
            return self._made(check, Verdict.ERROR, error=self._bug(error), findings=tuple(findings))
        return self._judged(check, findings, None)

    def _judged(self, check: Check, findings: list[Finding], trouble: CouldNotLook | None) -> CheckResult:
        """A fact that is not as wanted fails the check, whatever else could not be read."""
        trouble = trouble or next((finding.trouble for finding in findings if finding.trouble), None)
        verdict = Verdict.ERROR if trouble else Verdict.PASSED
        if any(finding.unmet for finding in findings):
            verdict = Verdict.FAILED
        if trouble is None:
            return self._made(check, verdict, findings=tuple(findings))
        return self._made(
            check,
            verdict,
            error=plain(trouble.message, 500),
            todo=plain(trouble.todo, 300),
            transient=trouble.transient,
            findings=tuple(findings),
        )

    def _made(self, check: Check, verdict: Verdict, **more: object) -> CheckResult:
        try:
            sentence = check.text(self.params)
        except AuthorError as error:
            sentence, verdict = check.sentence, Verdict.ERROR
            more = {"error": self._bug(error)}
        return CheckResult(check.id, check.task, sentence, verdict, check.points, check.guard, **more)  # type: ignore[arg-type]

    def _bug(self, error: BaseException) -> str:
        said = error.message if isinstance(error, KvmlabError) else f"{type(error).__name__}: {error}"
        said, place = plain(said, 300), place_of(self.path, error)
        if not isinstance(error, KvmlabError) and deepest_file(error).startswith(_ENGINE):
            return t("a bug in kvmlab: {error} (asked by {place})", error=said, place=place)
        return t("a bug in the checker: {place}: {error}", place=place, error=said)


def _sound(finding: object, check: Check, number: int) -> Finding:
    if not isinstance(finding, Finding):
        raise AuthorError(t("the check {check} yields {what}, which is no finding", check=check.id, what=repr(finding)))
    if not finding.facts and finding.trouble is None:
        raise AuthorError(t("the check {check} wants no fact of {subject}", check=check.id, subject=finding.subject))
    if number >= FINDINGS:
        raise AuthorError(t("the check {check} yields more than {number} findings", check=check.id, number=FINDINGS))
    return finding


def _until(
    passes: _Passes,
    began: float,
    wait_s: float,
    settle_s: float,
    events: Events | None,
    on_progress: OnProgress | None,
) -> Results:
    results, confirmed = passes.whole(), True
    while True:
        if all(result.passed for result in results.values()):
            if confirmed:
                return results
            results, confirmed = passes.whole(), True
            continue
        total = wait_s if wait_s > 0 else settle_s if any(r.transient for r in results.values()) else 0.0
        left = began + total - monotonic()
        if left <= 0:
            return results
        if on_progress:
            on_progress(_waiting(results, left, total))
        _rest(events, min(left, POLL_S))
        results, confirmed = passes.again(results), False


def _rest(events: Events | None, seconds: float) -> None:
    if events is None:
        sleep(seconds)
    else:
        events.wait(seconds)


def _waiting(results: Results, left: float, total: float) -> Waiting:
    passed = sum(result.passed for result in results.values())
    trouble = next((result.error for result in results.values() if result.transient and result.error), None)
    text = trouble or t("waiting for the tasks to be done")
    return Waiting(text, left, total, passed, len(results))
