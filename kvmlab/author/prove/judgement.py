"""Turns the results of cases into proofs: one remark for everything that is not as it must be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kvmlab.author.prove.decided_look import all_passed, failed, verdicts
from kvmlab.author.prove.fact_coverage import Ledger
from kvmlab.author.prove.general_case import judge_general
from kvmlab.author.prove.mutant_judgement import judge_mutants
from kvmlab.author.prove.proof import Proof, ProofResult, Remark
from kvmlab.author.prove.rehearsals import judge_rehearsals
from kvmlab.author.prove.result import CaseResult
from kvmlab.errors import AuthorError
from kvmlab.grading.as_it_was import AS_IT_WAS
from kvmlab.observe.inventory import Inventory, differences
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import CheckResult, Report
    from kvmlab.labhost.steps import StepOutcome

MOST = 12
"""How many differences between two inventories are told; the first say it all."""


def judge(results: Sequence[CaseResult], only: Collection[Proof]) -> tuple[ProofResult, ...]:
    """A result for each proof of `only` (none: the usual ones)."""
    return tuple(_judge(proof, results) for proof in Proof if proof in (set(only) or Proof.chosen(())))


def _judge(proof: Proof, results: Sequence[CaseResult]) -> ProofResult:
    if proof is Proof.FACTS:
        return _judge_facts(results)
    if proof is Proof.MUTANTS:
        return judge_mutants([result for result in results if result.case.proof is proof])
    if proof is Proof.GENERAL:
        return judge_general([result for result in results if result.case.proof is proof])
    if proof is Proof.LOOKING:
        return _judge_looking([result for result in results if result.case.look_again])
    if proof is Proof.REHEARSAL:
        return judge_rehearsals(results)
    own = [result for result in results if result.case.proof is proof]
    start = _start_inventory(results)
    wrong = [remark for result in own for remark in _wrong(result, start)]
    if proof is Proof.SOLUTION:
        wrong += _never_answered(results)
    trouble = [Remark(r.case.name, r.trouble.message, r.case.where) for r in own if _unknown(r) and r.trouble]
    if proof is Proof.RESET and start is None and own:
        trouble.append(Remark("start", t("the state at the start could not be read, so nothing is compared with it")))
    seconds, taken_over = sum(result.seconds for result in own), sum(result.taken_over for result in own)
    return ProofResult(proof, len(own), seconds, tuple(wrong), tuple(trouble), tuple(_too_soon(own)), taken_over)


def _too_soon(results: Iterable[CaseResult]) -> Iterator[Remark]:
    """Checks that were wrong about what was on its way. Told, and no refutation: a busy computer shows one that a quick
    one does not."""
    for result in results:
        for check in result.too_soon:
            said = t("{check} failed at first and passed by itself: what is on its way is not wrong", check=check)
            yield Remark(result.case.name, said, result.case.where)


def _judge_facts(results: Sequence[CaseResult]) -> ProofResult:
    """All cases that ended with a look; known only if each of them could be carried out."""
    looked = [result for result in results if result.case.proof not in (Proof.RESET, Proof.FAULTS, Proof.GENERAL)]
    ledger = Ledger()
    for result in looked:
        if result.report is not None:
            ledger.note(result.report)
    blind = [result for result in looked if result.report is None]
    trouble = [Remark(result.case.name, t("nothing was seen in this case")) for result in blind]
    never = () if blind else tuple(ledger.never())
    return ProofResult(Proof.FACTS, len(ledger.seen), 0.0, never, tuple(trouble), tuple(ledger.weak()))


def _judge_looking(results: Sequence[CaseResult]) -> ProofResult:
    """What many looks at the solved state have shown; where it did not pass once, nothing is known."""
    wrong = [Remark(result.case.name, said, result.case.where) for result in results for said in result.again]
    blind = [result for result in results if result.report is None or not all_passed(result.report)]
    trouble = [Remark(result.case.name, t("nothing was seen in this case")) for result in blind]
    taken_over = sum(result.taken_over for result in results)
    return ProofResult(Proof.LOOKING, len(results), 0.0, tuple(wrong), tuple(trouble), taken_over=taken_over)


def _never_answered(results: Sequence[CaseResult]) -> Iterator[Remark]:
    """The quiz's live questions that have no answer at the start, and none after the solution."""
    asked = {result.case.proof: result for result in results if result.unanswered is not None}
    if asked.keys() >= {Proof.START, Proof.SOLUTION}:
        before, after = (asked[proof].unanswered or {} for proof in (Proof.START, Proof.SOLUTION))
        for question in sorted(before.keys() & after.keys()):
            said = t("the quiz's question `{question}` has no answer, at the start or now: {why}",
                     question=question, why=after[question])  # fmt: skip
            yield Remark(asked[Proof.SOLUTION].case.name, said)


def _unknown(result: CaseResult) -> bool:
    """A case that this computer could not carry out; what the author got wrong is known to be wrong."""
    return result.trouble is not None and not isinstance(result.trouble, AuthorError)


def _start_inventory(results: Sequence[CaseResult]) -> Inventory | None:
    found = [result.inventory for result in results if result.case.proof is Proof.START]
    return found[0] if found else None


def _wrong(result: CaseResult, start: Inventory | None) -> Iterator[Remark]:
    case = result.case
    if isinstance(result.trouble, AuthorError):
        yield Remark(case.name, result.trouble.message, case.where)
    if result.trouble is not None:
        return
    yield from (Remark(case.name, said, case.where) for said in result.wrong_fault)
    yield from _wrong_steps(result)
    if case.proof is Proof.RESET:
        yield from _wrong_reset(result, start)
    if (report := result.report) is not None:
        rule = {Proof.START: _wrong_start, Proof.NEAR: _wrong_near, Proof.STEPS: _wrong_step}
        for message in rule.get(case.proof, _wrong_right)(result, report):
            yield Remark(case.name, message, case.where)
    for one in result.unusable:
        yield Remark(case.name, t("{check} shows a command that cannot work: {command}: {why} ({fact})",
                                  check=one.check, command=one.command, why=one.said, fact=one.fact))  # fmt: skip


def _wrong_steps(result: CaseResult) -> Iterator[Remark]:
    """Steps that did not end as their case says: whatever is caught then is caught for another reason.

    Where a step of the solution is left out, those behind it may well fail: that is the consequence, not a mistake.
    """
    case = result.case
    if case.proof not in (Proof.SOLUTION, Proof.WAYS, Proof.NEAR):
        return
    for one in result.steps:
        where = f"{one.step.file}:{one.step.line}"
        if one.status and one.step.id not in case.fails:
            yield Remark(case.name, _ended(one), where)
        elif not one.status and one.step.id in case.fails:
            yield Remark(case.name, t("step {step} was to fail (`fails`), and did not", step=one.step.id), where)


def _ended(one: StepOutcome) -> str:
    said = " ".join(one.output.split())[-200:] or "-"
    return t("step {step} ended with status {status}: {said}", step=one.step.id, status=one.status, said=said)


def _wrong_start(_result: CaseResult, report: Report) -> Iterator[str]:
    for check in report.checks:
        if check.guard and not check.passed:
            yield t("the guard {check} does not pass: {why}", check=check.id, why=why(check))
        elif check.passed and not check.guard:
            yield t("{check} passes before anything was done", check=check.id)
        elif check.bug:
            yield t("{check}: {why}", check=check.id, why=why(check))


def _wrong_right(_result: CaseResult, report: Report) -> Iterator[str]:
    for check in report.checks:
        if not check.passed:
            yield t("{check} does not pass: {why}", check=check.id, why=why(check))


def _wrong_near(result: CaseResult, report: Report) -> Iterator[str]:
    named, checks = result.case.caught_by, {check.id: check for check in report.checks}
    for name in sorted(named - failed(report)):
        yield t("{check} was to catch it, and did not: {why}", check=name, why=why(checks[name]))
    for name in sorted(failed(report) - named - {AS_IT_WAS}):  # what it breaks besides, that guard may see, too
        yield t("{check} fails, too, and is not named: {why}", check=name, why=why(checks[name]))
    for name, verdict in verdicts(report).items():
        if verdict == "error" and name not in named:
            yield t("{check} could not look: {why}", check=name, why=why(checks[name]))


def _wrong_step(_result: CaseResult, report: Report) -> Iterator[str]:
    if all_passed(report):
        yield t("all checks pass without it: it is not needed, or nothing checks it")
    for check in report.checks:
        if check.bug:
            yield t("{check}: {why}", check=check.id, why=why(check))


def _wrong_reset(result: CaseResult, start: Inventory | None) -> Iterator[Remark]:
    if result.lab_hosts != 1:
        yield Remark(result.case.name, t("there are {number} lab hosts, not one", number=result.lab_hosts))
    if start is None or result.inventory is None:
        return
    for number, difference in enumerate(differences(start, result.inventory)):
        if number == MOST:
            yield Remark(result.case.name, t("and more"))
            return
        yield Remark(result.case.name, difference.text())


def why(check: CheckResult) -> str:
    """In one line: the first facts that are not as wanted, or why it could not look."""
    if check.passed:
        return t("it passes")
    if check.blocked_by:
        return t("blocked by {checks}", checks=", ".join(check.blocked_by))
    rows = [(finding.subject, row) for finding in check.findings for row in finding.facts if not row.met]
    told = [
        t("{subject}: {fact} {found}, wanted {wanted}", subject=who, fact=row.name, found=row.found, wanted=row.wanted)
        for who, row in rows[:3]
    ]
    return "; ".join([*told, *([check.error] if check.error else [])])


def case_json(result: CaseResult) -> dict[str, Any]:
    """One case in the schema kvmlab.prove/1."""
    return {
        "case": result.case.name,
        "proof": result.case.proof.value,
        "seconds": round(result.seconds, 2),
        "taken_over": result.taken_over,
        "where": result.case.where,
        "caught_by": sorted(result.case.caught_by),
        "fails": sorted(result.case.fails),
        "failed_steps": [
            {"id": one.step.id, "status": one.status, "output": one.output} for one in result.steps if one.status
        ],
        "verdicts": verdicts(result.report) if result.report else None,
        "trouble": result.trouble.message if result.trouble else None,
        "unusable": [one._asdict() for one in result.unusable],
        **({"mutants": [one._asdict() for one in result.mutants]} if result.mutants else {}),
        **({"general": [one._asdict() for one in result.general], "solved": result.solved} if result.general else {}),
    }
