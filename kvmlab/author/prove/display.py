"""Shows proofs in the terminal: progress while they run, then a table for each lab and a line for everything wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvmlab.author.prove.proof import ProofOutcome, Remark
from kvmlab.report.plain import cells, fit, right
from kvmlab.safe_text import clean
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.author.prove.proof import LabProof, ProofResult
    from kvmlab.author.prove.result import CaseResult
    from kvmlab.report.plain import TextPage
    from kvmlab.report.progress import Steps

STYLES = {ProofOutcome.PROVED: "green", ProofOutcome.REFUTED: "red", ProofOutcome.UNKNOWN: "yellow"}
MARKS = {ProofOutcome.PROVED: "✓", ProofOutcome.REFUTED: "✗", ProofOutcome.UNKNOWN: "!"}
WIDEST = 120


def outcome_word(outcome: ProofOutcome) -> str:
    """In the user's language."""
    return {
        ProofOutcome.PROVED: t("proved"),
        ProofOutcome.REFUTED: t("refuted"),
        ProofOutcome.UNKNOWN: t("unknown"),
    }[outcome]


class ProofDisplay:
    """Progress to `steps`, the tables to `page` (None: with --json there are none)."""

    def __init__(self, steps: Steps, page: TextPage | None, cases: int, what: str) -> None:
        self._steps, self._page, self._what = steps, page, what
        self._cases, self._done, self._begun = cases, 0, False
        self._lock = threading.Lock()

    def step(self, text: str, fraction: float | None = None) -> None:
        """What is being made ready, as long as nothing is carried out."""
        with self._lock:
            if not self._begun:
                self._steps.step(text, fraction)

    def cases_begin(self) -> None:
        """From here on it is the cases that count."""
        with self._lock:
            if not self._begun:
                self._begun = True
                self._steps.step(self._what, 0.0)

    def case_done(self, _result: CaseResult) -> None:
        """One more."""
        with self._lock:
            self._done += 1
            self._steps.step(self._what, self._done / self._cases)

    def lab_done(self, proof: LabProof) -> None:
        """Its table."""
        if self._page is not None:
            with self._lock:
                print_proof(self._page, proof)


def print_proof(page: TextPage, proof: LabProof) -> None:
    """The lab, a line a proof, and under it what is wrong."""
    variant = t("variant {seed}", seed=proof.variant) if proof.variant else t("the course's own values")
    page.line(page.paint(proof.lab, "bold") + "  " + page.paint(f"{variant}, {proof.seconds:.0f} s", "dim"))
    for result in proof.results:
        _print_result(page, result)
    page.line()


def _print_result(page: TextPage, result: ProofResult) -> None:
    width = min(page.width, WIDEST)
    mark = page.paint(MARKS[result.outcome], STYLES[result.outcome])
    word = outcome_word(result.outcome)
    numbers = right(str(result.cases), 5) + right(f"{result.seconds:.0f} s", 8)
    room = width - 6 - cells(numbers) - 2 - max(8, cells(word))
    sentence = fit(result.proof.sentence, room)
    page.line(f"  {mark} {result.proof.number} {sentence}{numbers}  {page.paint(word, STYLES[result.outcome])}")
    for remark in (*result.wrong, *result.trouble):
        _print_remark(page, remark, STYLES[result.outcome])
    if result.counts:
        mutants = "caught" in result.counts
        told = t("{tried} tried: {caught} caught, {explained} explained", **result.counts) if mutants \
            else t("{offered} offered: {shown} shown", **result.counts)  # fmt: skip
        page.line(f"      {page.paint(told, 'dim')}")
    if result.taken_over:
        told = t("{number} of {cases} taken over", number=result.taken_over, cases=result.cases)
        page.line(f"      {page.paint(told, 'dim')}")
    for remark in result.notes:
        _print_remark(page, remark, "dim")


def _print_remark(page: TextPage, remark: Remark, style: str) -> None:
    where = f"  ({clean(remark.where)})" if remark.where else ""
    page.line(f"      {page.paint(clean(remark.case), style)}: {clean(remark.what)}{page.paint(where, 'dim')}")


def print_summary(page: TextPage, proofs: list[LabProof], planned: int, seconds: float) -> None:
    """One line over all."""
    counts = {outcome: sum(proof.outcome is outcome for proof in proofs) for outcome in ProofOutcome}
    page.line(", ".join(_counted(counts, planned - len(proofs))) + f" ({seconds:.0f} s)")


def _counted(counts: dict[ProofOutcome, int], left: int) -> Iterator[str]:
    for outcome, number in counts.items():
        if number:
            yield f"{number} {outcome_word(outcome)}"
    if left:
        yield t("{number} not tried (--keep-going tries all)", number=left)
