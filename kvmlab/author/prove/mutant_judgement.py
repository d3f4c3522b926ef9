"""Judges the mutants: each one that survived must be explained in the lab's header, and each explanation must be
needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from kvmlab.author.prove.mutant_trial import CAUGHT, NOT_MADE, SURVIVED
from kvmlab.author.prove.proof import Proof, ProofResult, Remark
from kvmlab.author.prove.result import TriedMutant
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.author.prove.result import CaseResult
    from kvmlab.course.lab.model import Survivor


def judge_mutants(results: Sequence[CaseResult]) -> ProofResult:
    """Proof 9 from its cases: `cases` is the number of mutants that were tried; counts has `drawn`, how many were asked
    for, 0 where all were."""
    mutants = [one for result in results for one in result.mutants]
    tried = [one for one in mutants if one.outcome != NOT_MADE]
    survived = [one for one in tried if one.outcome == SURVIVED]
    survivors = _survivors(results)
    unexplained = [one for one in survived if not _explained(one, survivors)]
    trouble = [Remark(r.case.name, r.trouble.message, r.case.where) for r in results if r.trouble]
    drawn = max((r.case.part.draw.number for r in results if r.case.part), default=0)
    whole = bool(results) and not trouble and not drawn and all(r.case.part for r in results)
    wrong = [Remark(one.name, t("no check catches it: {script}", script=_script(one))) for one in unexplained]
    wrong += _never_needed(results[0], survived, survivors) if whole else []
    counts = {
        "tried": len(tried),
        "caught": sum(one.outcome == CAUGHT for one in tried),
        "explained": len(survived) - len(unexplained),
        "not_made": len(mutants) - len(tried),
        "drawn": drawn,
    }
    seconds, taken_over = sum(result.seconds for result in results), sum(result.taken_over for result in results)
    return ProofResult(
        Proof.MUTANTS, len(tried), seconds, tuple(wrong), tuple(trouble), taken_over=taken_over, counts=counts
    )


def _survivors(results: Sequence[CaseResult]) -> tuple[Survivor, ...]:
    return next((result.case.part.draw.survivors for result in results if result.case.part), ())


def _explained(one: TriedMutant, survivors: Sequence[Survivor]) -> bool:
    return any(fnmatchcase(one.name, survivor.mutant) for survivor in survivors)


def _never_needed(
    result: CaseResult, survived: Sequence[TriedMutant], survivors: Sequence[Survivor]
) -> Iterator[Remark]:
    """Explanations that explain nothing: their mutants are caught, or do not exist."""
    for survivor in survivors:
        if not any(fnmatchcase(one.name, survivor.mutant) for one in survived):
            message = t("[[survivors]]: no mutant `{mutant}` survives: take it out", mutant=survivor.mutant)
            yield Remark(survivor.mutant, message, result.case.where)


def _script(one: TriedMutant) -> str:
    """The beginning of what was done, in one line."""
    return " ".join(one.do.split())[:160]
