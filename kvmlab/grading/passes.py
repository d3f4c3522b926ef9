"""Passes over the checks of a lab: in each, every fact is read at most once, and every check has a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import kvmlab
from kvmlab.checks.declare import Check, deepest_file, place_of
from kvmlab.checks.findings import Finding
from kvmlab.checks.params import Params
from kvmlab.checks.reader import DryRun, Want
from kvmlab.checks.vocabulary.host import Host
from kvmlab.errors import AuthorError, CouldNotLook, KvmlabError
from kvmlab.grading.verdicts import CheckResult, Verdict
from kvmlab.safe_text import plain
from kvmlab.words import t

FINDINGS = 500  # of one check; a checker that yields for ever is a bug

_ENGINE = str(Path(kvmlab.__file__).parent)


class Waiting(NamedTuple):
    """Told while the runner looks (`left_s` is None) or waits.

    `text` says at or for what; `left_s` of `total_s` seconds remain; `passed` of `checks` have passed.
    """

    text: str
    left_s: float | None
    total_s: float
    passed: int
    checks: int


OnProgress = Callable[[Waiting], None]
Results = dict[str, CheckResult]


class Passes:
    """Runs passes over the checks: in each, every fact is read at most once."""

    def __init__(
        self, host: Host, params: Params, checks: list[Check], path: Path, on_progress: OnProgress | None
    ) -> None:
        self.host, self.params, self.checks, self.path = host, params, checks, path
        self._on_progress = on_progress

    def whole(self) -> Results:
        """Run all checks."""
        return self.again({})

    def again(self, before: Results) -> Results:
        """Run what had not passed in `before`."""
        with suppress(CouldNotLook):  # what is wrong is told by the checks that find it
            self.host.refresh()
        due = [check for check in self.checks if check.id not in before or not before[check.id].passed]
        self._prefetch(due)
        results: Results = {}
        for check in self.checks:
            results[check.id] = self._result(check, results) if check in due else before[check.id]
            self._tell(results)
        return results

    def _tell(self, results: Results) -> None:
        if self._on_progress:
            last = next(reversed(results.values()))
            passed = sum(result.passed for result in results.values())
            self._on_progress(Waiting(last.sentence, None, 0.0, passed, len(self.checks)))

    def _prefetch(self, due: list[Check]) -> None:
        """Tell the reader what `due` will ask."""
        if not self.host.prefetches:
            return
        with suppress(CouldNotLook):
            self.host.prefetch(wants_of(due, self.params))

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
            return self._made(check, Verdict.ERROR, error=self._bug(error, check), bug=True, findings=tuple(findings))
        return self._judged(check, findings, None)

    def _judged(self, check: Check, findings: list[Finding], trouble: CouldNotLook | None) -> CheckResult:
        """The verdict of a check: one fact that is not as wanted fails it, even if others could not be read."""
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
            more = {"error": self._bug(error, check), "bug": True}
        return CheckResult(check.id, check.task, sentence, verdict, check.points, check.guard, **more)  # type: ignore[arg-type]

    def _bug(self, error: BaseException, check: Check) -> str:
        said = error.message if isinstance(error, KvmlabError) else f"{type(error).__name__}: {error}"
        said, place = plain(said, 300), place_of(self.path, error) or check.where
        if not isinstance(error, KvmlabError) and deepest_file(error).startswith(_ENGINE):
            return t("a bug in kvmlab: {error} (asked by {place})", error=said, place=place)
        return t("a bug in the checker: {place}: {error}", place=place, error=said)


def wants_of(checks: Iterable[Check], params: Params) -> list[Want]:
    """What `checks` will most likely ask, found by running them against a reader that knows nothing."""
    asked = DryRun()
    silent, unread = Host(asked), Params(params.peek_all())
    for check in checks:
        try:
            for _, _ in zip(range(FINDINGS), check(silent, unread), strict=False):
                pass
        except (Exception, SystemExit):  # it will be told when the check really runs
            continue
    return asked.wants()


def _sound(finding: object, check: Check, number: int) -> Finding:
    if not isinstance(finding, Finding):
        raise AuthorError(t("the check {check} yields {what}, which is no finding", check=check.id, what=repr(finding)))
    if not finding.facts and finding.trouble is None:
        raise AuthorError(t("the check {check} wants no fact of {subject}", check=check.id, subject=finding.subject))
    if number >= FINDINGS:
        raise AuthorError(t("the check {check} yields more than {number} findings", check=check.id, number=FINDINGS))
    return finding
