"""Runs checks: a verdict for each, whatever happens, within a deadline.

Checks are pure reads, so waiting belongs here: while something is on its way (a guest boots) or the caller asked to
wait, what has not passed is run again, woken by the host's events, until the deadline. What passed in different passes
counts only once a whole pass has confirmed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic, sleep
from typing import Protocol

from kvmlab.checks.declare import Check
from kvmlab.checks.params import Params
from kvmlab.checks.reader import Reader, Want
from kvmlab.checks.vocabulary.host import Host
from kvmlab.errors import UsageError
from kvmlab.grading.load import CheckSet, TaskLike
from kvmlab.grading.passes import OnProgress, Passes, Results, Waiting, wants_of
from kvmlab.grading.verdicts import Report, TaskResult
from kvmlab.nearest import nearest
from kvmlab.safe_text import plain
from kvmlab.words import t

SETTLE_S = 30.0  # how long something that is on its way (a guest booting) is waited for without being asked
POLL_S = 1.0  # what no event tells (a file in a guest) is looked at this often
REST_S = 0.1  # between two passes at least


class Events(Protocol):
    """Tells when something happened on the host."""

    def wait(self, timeout_s: float) -> bool:
        """True as soon as something happened, False after `timeout_s`."""


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
    seen = host if isinstance(host, Host) else Host(host)
    passes = Passes(seen, params, _wanted(checks, chosen), checks.path, on_progress)
    began = monotonic()
    results = _until(passes, began, wait_s, settle_s, events, on_progress)
    done = tuple(_task(task, checks, results) for task in chosen)
    reported = {check.id for task in done for check in task.checks}
    needed = tuple(result for name, result in results.items() if name not in reported)
    return Report(lab, variant, done, monotonic() - began, needed)


def foreseen(
    checks: CheckSet, params: Params, tasks: Sequence[TaskLike], only: Sequence[str] | None = None
) -> list[Want]:
    """What `run` would most likely ask; errors as there."""
    checks.must_fit(tasks)
    return wants_of(_wanted(checks, _chosen(tasks, only)), params)


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


def _until(
    passes: Passes, began: float, wait_s: float, settle_s: float, events: Events | None, on_progress: OnProgress | None
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
    """Wait until something happens, but at least so long that a host with many events is not asked all the time."""
    began = monotonic()
    if events is not None:
        events.wait(seconds)
    sleep(max(0.0, min(seconds, REST_S if events else seconds) - (monotonic() - began)))


def _waiting(results: Results, left: float, total: float) -> Waiting:
    passed = sum(result.passed for result in results.values())
    trouble = next((result.error for result in results.values() if result.transient and result.error), None)
    text = trouble or t("waiting for the tasks to be done")
    return Waiting(text, left, total, passed, len(results))
