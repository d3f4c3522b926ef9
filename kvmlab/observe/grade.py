"""Looking at a lab that runs: a check of it, or the true answer to a quiz's live question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvmlab.course import Lab
from kvmlab.errors import AuthorError, KvmlabError
from kvmlab.grading.verdicts import Verdict
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.checks import Host
    from kvmlab.checks.reader import Reader
    from kvmlab.grading.load import CheckSet
    from kvmlab.grading.passes import OnProgress
    from kvmlab.grading.verdicts import Report
    from kvmlab.host.events import HostEvents
    from kvmlab.host.reader import HostReader
    from kvmlab.labhost.known_host import KnownLabHost


def grade(
    lab: Lab,
    checker: Path,
    host: KnownLabHost,
    *,
    only: Sequence[str] = (),
    wait_s: float = 0,
    waiting: OnProgress | None = None,
) -> Report:
    """Run the checks of `lab` (of the tasks `only`), waiting up to `wait_s` seconds for what has not passed.

    Known mistakes are said under what has failed (kvmlab.grading.mistakes).
    """
    with opened(lab, host, at_once=not wait_s) as (reader, events):
        checks = checks_of(lab, checker)  # connecting meanwhile
        from kvmlab.checks import Host

        seen = Host(reader)
        report = run_checks(checks, seen, lab, only=only, wait_s=wait_s, events=events, on_progress=waiting)
        return named(report, seen)


def named(report: Report, seen: Host) -> Report:
    """The report, where something has failed with the known mistakes that `seen`, of the same pass, shows."""
    if report.verdict is not Verdict.FAILED:
        return report
    from kvmlab.grading.mistakes.noticing import with_mistakes

    return with_mistakes(report, seen)


def grade_with_evidence(
    lab: Lab, checker: Path, host: KnownLabHost, *, waiting: OnProgress | None = None
) -> tuple[Report, dict[str, Any]]:
    """Run all checks, and keep what they have read (kvmlab.grading.evidence). Both are of one pass.

    Where guests had to be waited for, facts of several passes are mixed: then all is looked at once more, at once.
    """
    from kvmlab.checks import Host
    from kvmlab.grading.evidence import Recording
    from kvmlab.grading.runner import SETTLE_S

    with opened(lab, host, at_once=True) as (reader, events):
        recording, checks = Recording(reader), checks_of(lab, checker)
        for settle_s in (SETTLE_S, 0.0):
            recording.passes = 0
            report = run_checks(checks, recording, lab, settle_s=settle_s, events=events, on_progress=waiting)
            if recording.passes == 1:
                break
        facts = recording.noted()  # what is read for known mistakes is no part of it
        return named(report, Host(reader)), facts


@contextmanager
def opened(lab: Lab, host: KnownLabHost, *, at_once: bool = False) -> Iterator[tuple[HostReader, HostEvents]]:
    """A reader of the lab host that knows its start, and the host's events.

    `at_once`: the look waits for nothing, so the lab host has more processor time for it (kvmlab.labhost.preference).
    """
    from kvmlab.host import open_host
    from kvmlab.labhost.preference import preferred
    from kvmlab.setup.start_record import recall

    root = host.root
    with (
        preferred(host, root.init) if at_once else nullcontext(),
        open_host(root, host.state.key_pair("look_key"), lab.guests, start=recall(host)) as both,
    ):
        yield both


def run_checks(checks: CheckSet, reader: Host | Reader, lab: Lab, **how: Any) -> Report:
    """What `checks` find with the parameters of `lab`; `how` as for kvmlab.grading.runner.run."""
    from kvmlab.grading.runner import run

    return run(checks, reader, lab.params, lab.tasks, lab=lab.id, variant=lab.variant, **how)


def checks_of(lab: Lab, checker: Path) -> CheckSet:
    """The checks of `lab`: those in its checker, and the guard that every lab has."""
    from kvmlab.grading.as_it_was import guarded
    from kvmlab.grading.load import load_checks

    return guarded(load_checks(checker), lab.tasks, lab.yours)


def true_answer(lab: Lab, answers: Path, question: str, host: KnownLabHost) -> object:
    """What is right, now, for a live question of `answers` (checkers/CHAPTER/quiz.py); None: there is no answer now.

    Raises CouldNotLook where the lab host cannot be read, AuthorError where the file has no such answer or a mistake.
    """
    from kvmlab.checks import Host
    from kvmlab.checks.declare import place_of
    from kvmlab.grading.load import load_answers
    from kvmlab.host import open_host

    functions = load_answers(answers)
    if question not in functions:
        raise AuthorError(t("{path}:1: there is no answer to `{question}`.", path=answers, question=question))
    with open_host(host.root, host.state.key_pair("look_key"), lab.guests) as (reader, _):
        try:
            return functions[question](Host(reader), lab.params)
        except KvmlabError:
            raise
        except Exception as error:
            where = place_of(answers, error) or answers
            raise AuthorError(f"{where}: {type(error).__name__}: {error}") from error
