"""Proving labs: all cases of all plans side by side, judged lab by lab."""

from __future__ import annotations

import functools
import itertools
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol

from kvmlab.author.prove import kept_results
from kvmlab.author.prove.bench import Bench, Stopped
from kvmlab.author.prove.case_run import carry_out
from kvmlab.author.prove.judgement import case_json, judge
from kvmlab.author.prove.leftovers import run_tag, sweep
from kvmlab.author.prove.plans import Plan
from kvmlab.author.prove.proof import LabProof, Proof, ProofOutcome
from kvmlab.author.prove.result import CaseResult
from kvmlab.author.prove.workers import Workers, workers
from kvmlab.setup.materials import Materials

if TYPE_CHECKING:
    from kvmlab.course import Course
    from kvmlab.paths import State

Futures = list[Future[CaseResult]]


class ProofListener(Protocol):
    """Who is told how far it is. `case_done` is called from any thread."""

    def step(self, text: str, fraction: float | None = None) -> None:
        """What is being made ready (as kvmlab.images.Progress)."""

    def cases_begin(self) -> None:
        """The first cases are being carried out."""

    def case_done(self, result: CaseResult) -> None:
        """A case has ended."""

    def lab_done(self, proof: LabProof) -> None:
        """A lab has been judged."""


def prove(
    course: Course,
    state: State,
    plans: Sequence[Plan],
    telling: ProofListener,
    *,
    jobs: int,
    keep_going: bool = False,
    resume: bool = False,
) -> list[LabProof]:
    """Carry out all cases, `jobs` at a time, and judge. Without `keep_going` the first refuted lab is the last.

    With `resume` what an earlier run has carried out on all the same is taken over (see kept).
    Whatever happens, Ctrl-C included, no lab host of ours is left. CannotRun where none can be started at all.
    """
    stop, proofs = threading.Event(), []
    with run_tag(state) as tag, workers(jobs, stop, functools.partial(sweep, state, tag)) as pool:
        begun = _begin(course, state, plans, telling, pool, tag, stop, resume)
        for bench, futures, only in begun:
            proofs.append(_judged(bench, futures, only))
            telling.lab_done(proofs[-1])
            if proofs[-1].outcome is ProofOutcome.REFUTED and not keep_going:
                break
    return proofs


def _begin(
    course: Course,
    state: State,
    plans: Sequence[Plan],
    telling: ProofListener,
    pool: Workers,
    tag: str,
    stop: threading.Event,
    resume: bool,
) -> list[tuple[Bench, Futures, Collection[Proof]]]:
    """Make each plan's materials ready, one after another, and give its cases to the pool."""
    begun: list[tuple[Bench, Futures, Collection[Proof]]] = []
    numbers = itertools.count(1)
    for plan in plans:
        bench = Bench(course, plan.lab, Materials.of(state, plan.lab, telling), state, tag, stop, resume)
        known = [(case, kept_results.find(bench, case) if resume else None) for case in plan.cases]
        futures = [
            _over(result) if result else pool.submit(functools.partial(carry_out, bench, case, next(numbers)))
            for case, result in known
        ]
        for future in futures:
            future.add_done_callback(functools.partial(_tell, telling))
        telling.cases_begin()
        begun.append((bench, futures, plan.only))
    return begun


def _over(result: CaseResult) -> Future[CaseResult]:
    """What has come of a case already."""
    future: Future[CaseResult] = Future()
    future.set_result(result)
    return future


def _tell(telling: ProofListener, future: Future[CaseResult]) -> None:
    if not future.cancelled() and future.exception() is None:
        telling.case_done(future.result())


def _judged(bench: Bench, futures: Futures, only: Collection[Proof]) -> LabProof:
    results = [part for future in futures for part in _results(future)]
    new = [result for result in results if not result.taken_over]
    began = min((result.began for result in new), default=time.time())
    ended = max((result.began + result.seconds for result in new), default=began)
    judged = judge(results, only)
    again = kept_results.to_forget(judged)
    for future in futures:
        if again & {name for one in _results(future) for name in _names(one)}:
            kept_results.forget(bench, future.result(), again)
    lab = bench.lab
    return LabProof(lab.id, lab.variant, ended - began, judged, tuple(case_json(one) for one in results))


def _names(result: CaseResult) -> Iterator[str]:
    """What a remark may call it, and what it has tried."""
    yield result.case.name
    yield from (one.name for one in result.mutants)


def _results(future: Future[CaseResult]) -> tuple[CaseResult, ...]:
    """What came of a case, and of those on its way."""
    try:
        result = future.result()
        return (*result.on_the_way, result)
    except Stopped:
        raise KeyboardInterrupt from None
