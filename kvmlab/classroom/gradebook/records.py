"""What is in the gradebook, as records: attempts, their gradings, the runs that made them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from kvmlab.json_text import canonical

BIGGEST = 200_000_000  # bytes of a document when it is unpacked


class Attempt(NamedTuple):
    """One check of one student's lab, as it was taken. `hints`: how many, by task; `seed` None: no variant.

    `assisted`: `kvmlab solve` was used on that lab host. `lab_host` names the lab host; `begun`: when it was started.
    """

    number: int
    student: str
    course: str
    lab: str
    lab_version: str
    seed: str | None
    parameters: Mapping[str, Any]
    lab_host: str
    begun: str
    taken: str
    hints: Mapping[str, int]
    assisted: bool
    evidence: str


class Grading(NamedTuple):
    """What one run said of one attempt. `unseen`: checks that could not look; then `points` is only what is certain.

    `report`: the document of `kvmlab check --json`.
    """

    attempt: int
    run: int
    verdict: str
    points: int
    max_points: int
    unseen: int
    report: Mapping[str, Any]

    @classmethod
    def of(cls, attempt: int, run: int, report: Mapping[str, Any]) -> Grading:
        """The grading that a report amounts to."""
        checks = [one for task in report["tasks"] for one in task["checks"]]
        unseen = sum(one["verdict"] == "error" for one in checks)
        return cls(attempt, run, report["verdict"], report["points"], report["max_points"], unseen, report)


class ServerPlace(NamedTuple):
    """The class server a student's lab hosts are on, and how many processors it has."""

    server: str
    processors: int


class GradingRun(NamedTuple):
    """One grading of attempts: by a check, or of stored evidence. Of several gradings of an attempt the last counts."""

    number: int
    kind: str
    lab: str
    lab_version: str
    at: str
    who: str
    why: str


class Graded(NamedTuple):
    """An attempt and the grading of it that counts."""

    attempt: Attempt
    grading: Grading


def packed(document: object) -> bytes:
    """A JSON document as it is stored."""
    return zlib.compress(canonical(document, allow_nan=True))


def unpacked(raw: bytes) -> Any:
    """What `packed` packed. ValueError for anything else."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(raw, BIGGEST)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not unpacker.eof:
        raise ValueError("not whole")
    return json.loads(data)


def digest_of(document: object) -> str:
    """Names a document by its content."""
    return sha256(canonical(document, allow_nan=True)).hexdigest()
