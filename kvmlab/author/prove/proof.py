"""The proofs of a lab, what each says, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from kvmlab.words import t

SCHEMA = "kvmlab.prove/1"


class Proof(Enum):
    """The proofs, in their order. The value is the name `--only` takes."""

    START = "start"
    SOLUTION = "solution"
    WAYS = "ways"
    NEAR = "near-misses"
    FACTS = "facts"
    RESET = "reset"
    STEPS = "steps"
    REHEARSAL = "rehearsal"
    MUTANTS = "mutants"
    LOOKING = "looking"
    FAULTS = "faults"
    GENERAL = "general-faults"

    @property
    def number(self) -> int:
        """What `--only` takes, too; it never changes."""
        return _TABLE[self].number

    @property
    def sentence(self) -> str:
        """What is proved."""
        return _TABLE[self].sentence()

    @property
    def usual(self) -> bool:
        """Whether `prove` tries it without being asked to by name."""
        return _TABLE[self].usual

    @classmethod
    def chosen(cls, names: Iterable[str]) -> set[Proof]:
        """The proofs of these names or numbers; of none: the usual ones."""
        wanted = set(names)
        return {one for one in cls if wanted & {one.value, str(one.number)} or (one.usual and not wanted)}


class _Row(NamedTuple):
    number: int
    sentence: Callable[[], str]
    usual: bool = True


_TABLE = {
    Proof.START: _Row(1, lambda: t("at the start no check passes, and every guard does")),
    Proof.SOLUTION: _Row(2, lambda: t("after the solution all checks pass, the quiz has answers")),
    Proof.WAYS: _Row(3, lambda: t("after each other right way all checks pass")),
    Proof.NEAR: _Row(4, lambda: t("each near-miss is caught by the checks it names, and by no other")),
    Proof.FACTS: _Row(5, lambda: t("each fact has been seen met and unmet")),
    Proof.RESET: _Row(6, lambda: t("reset gives the start again, also after a mess and after kill -9")),
    Proof.STEPS: _Row(7, lambda: t("without any one step of the solution some check fails")),
    Proof.REHEARSAL: _Row(8, lambda: t("what is said of the next start comes true"), usual=False),
    Proof.MUTANTS: _Row(9, lambda: t("each small change of the solved state is caught, or explained"), usual=False),
    Proof.LOOKING: _Row(10, lambda: t("looking twenty times says the same, and changes nothing")),
    Proof.FAULTS: _Row(11, lambda: t("each fault is seen where it is, and goes by its cures alone"), usual=False),
    Proof.GENERAL: _Row(12, lambda: t("general faults that show are gone once they are undone"), usual=False),
}
"""All there is to know of a proof before it is tried: a new one is a member above and a row here."""


class ProofOutcome(Enum):
    """What is known of a proof, or of several together."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"  # a case could not be carried out: no space, podman failed, interrupted

    @classmethod
    def over(cls, outcomes: Iterable[ProofOutcome]) -> ProofOutcome:
        """Of several together: one refutation refutes, else one unknown leaves it unknown."""
        given = set(outcomes)
        return next((one for one in (cls.REFUTED, cls.UNKNOWN) if one in given), cls.PROVED)


@dataclass(frozen=True, slots=True)
class Remark:
    """One line about one case: what is wrong, or what to know. `where` is "file:line", or ""."""

    case: str
    what: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class ProofResult:
    """What came of one proof. `seconds`: of all its cases, added up. `trouble`: why it is unknown.

    `taken_over`: so many of its cases were carried out by an earlier run; `counts`: what else is counted, by its name.
    """

    proof: Proof
    cases: int
    seconds: float
    wrong: tuple[Remark, ...] = ()
    trouble: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()
    taken_over: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def outcome(self) -> ProofOutcome:
        """Refuted where anything is wrong; unknown where a case could not be carried out."""
        return ProofOutcome.REFUTED if self.wrong else ProofOutcome.UNKNOWN if self.trouble else ProofOutcome.PROVED

    def to_json(self) -> dict[str, Any]:
        """As in the schema kvmlab.prove/1."""
        return {
            "number": self.proof.number,
            "proof": self.proof.value,
            "outcome": self.outcome.value,
            "cases": self.cases,
            "taken_over": self.taken_over,
            **({"counts": dict(self.counts)} if self.counts else {}),
            "seconds": round(self.seconds, 2),
            **{name: [asdict(one) for one in getattr(self, name)] for name in ("wrong", "trouble", "notes")},
        }


@dataclass(frozen=True, slots=True)
class LabProof:
    """What came of one lab in one variant. `seconds`: from its first case's begin to its last one's end."""

    lab: str
    variant: str | None
    seconds: float
    results: tuple[ProofResult, ...]
    cases: tuple[dict[str, Any], ...] = ()

    @property
    def outcome(self) -> ProofOutcome:
        """Of all its proofs together."""
        return ProofOutcome.over(result.outcome for result in self.results)

    def to_json(self) -> dict[str, Any]:
        """As in the schema kvmlab.prove/1."""
        return {
            "lab": self.lab,
            "variant": self.variant,
            "outcome": self.outcome.value,
            "seconds": round(self.seconds, 2),
            "proofs": [result.to_json() for result in self.results],
            "cases": list(self.cases),
        }


def document(proofs: Iterable[LabProof], seconds: float) -> dict[str, Any]:
    """The document of `kvmlab prove --json`."""
    labs = list(proofs)
    return {
        "schema": SCHEMA,
        "outcome": ProofOutcome.over(one.outcome for one in labs).value,
        "seconds": round(seconds, 2),
        "labs": [one.to_json() for one in labs],
    }
