"""A receipt as it comes, from anybody: of the shape it must have, or refused with a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from kvmlab.course.names import LAB, TASK, VARIANT
from kvmlab.errors import KvmlabError, UsageError
from kvmlab.json_text import canonical
from kvmlab.receipts.document import SCHEMA, is_signed
from kvmlab.safe_text import shown
from kvmlab.words import t

BIGGEST = 20_000_000  # bytes; all labs of a course have about one million
STUDENT = re.compile(r"[^\W_](?:[\w.@+ -]{0,62}[\w.@+-])?")
"""What a student may be called: as a roster's ids are, one line, letters of any script."""
_VERDICTS = ("passed", "failed", "blocked", "error")
_DEEPEST = 60


class RefusedReceipt(KvmlabError):
    """A receipt that is not taken. The message says why, and of which lab."""

    status = 1


@dataclass(frozen=True)
class Receipt:
    """One of the right shape and rightly signed. `labs`: the evidence of each, by id; `digest`: of all of it."""

    student: str
    course: str
    made: str
    labs: Mapping[str, Mapping[str, Any]]
    key: str
    digest: str


def read_receipt(path: Path) -> Receipt:
    """The receipt in a file: RefusedReceipt where it is none; UsageError where there is no file."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(BIGGEST + 1)
    except OSError as error:
        said = error.strerror or str(error)
        raise UsageError(t("{file} cannot be read: {said}", file=shown(path, 200), said=said), "ls -l") from None
    return parse(raw)


def parse(raw: bytes) -> Receipt:
    """The receipt that these bytes are."""
    if len(raw) > BIGGEST:
        raise RefusedReceipt(t("It is larger than any receipt."))
    try:
        whole = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
        _shallow(whole, _DEEPEST)
        if not isinstance(whole, dict) or whole.get("schema") != SCHEMA:
            raise RefusedReceipt(t("It is not a receipt of kvmlab."))
        _shape(whole, {"schema": str, "receipt": dict, "key": str, "signature": str})
        receipt = whole["receipt"]
        if not is_signed(receipt, whole["key"], whole["signature"]):
            raise RefusedReceipt(t("It was changed after it was signed."))
        return _receipt(receipt, whole["key"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RefusedReceipt(t("It is damaged: it has not the shape of a receipt.")) from None


def _receipt(receipt: dict[str, Any], key: str) -> Receipt:
    _shape(receipt, {"student": str, "course": str, "made": str, "kvmlab": str, "labs": list})
    if not STUDENT.fullmatch(receipt["student"]) or not receipt["labs"]:
        raise ValueError("student")
    when(receipt["made"])
    for evidence in receipt["labs"]:
        _evidence(evidence)
    labs = {evidence["lab"]: evidence for evidence in receipt["labs"]}
    if len(labs) != len(receipt["labs"]):
        raise ValueError("a lab twice")
    digest = sha256(canonical(receipt["labs"])).hexdigest()
    return Receipt(receipt["student"], receipt["course"], receipt["made"], labs, key, digest)


def _evidence(evidence: Any) -> None:
    texts = dict.fromkeys(("lab", "lab_version", "lab_host", "begun", "taken"), str)
    _shape(evidence, {**texts, "variant": (str, type(None)), "parameters": dict, "hints": dict, "report": dict})
    variant, report = evidence["variant"], evidence["report"]
    if not LAB.fullmatch(evidence["lab"]) or (variant is not None and not VARIANT.fullmatch(variant)):
        raise ValueError("lab")
    for name in ("begun", "taken"):
        when(evidence[name])
    for task, given in evidence["hints"].items():
        if not TASK.fullmatch(task) or type(given) is not int or given < 0:
            raise ValueError("hints")
    texts = dict.fromkeys(("schema", "lab", "verdict"), str)
    numbers = {"points": int, "max_points": int, "seconds": (int, float)}
    _shape(report, {**texts, **numbers, "variant": (str, type(None)), "tasks": list}, notes=list)
    if any(type(note) is not str for note in report.get("notes", ())):
        raise ValueError("notes")
    for task in report["tasks"]:
        _task(task)


def _task(task: Any) -> None:
    _shape(task, {"id": str, "title": str, "verdict": str, "points": int, "max_points": int, "checks": list})
    texts = dict.fromkeys(("id", "sentence", "verdict"), str)
    for check in task["checks"]:
        _shape(check, {**texts, "blocked_by": list, "error": (str, type(None)), "findings": list})
        for finding in check["findings"]:
            _shape(finding, {"subject": str, "facts": list}, mistake=(dict, type(None)))
            if mistake := finding.get("mistake"):
                _shape(mistake, dict.fromkeys(("name", "sentence", "see"), str))
            for fact in finding["facts"]:
                words = dict.fromkeys(("name", "wanted", "found", "see"), str)
                _shape(fact, {**words, "met": bool, "rehearsed": bool})
    if any(one["verdict"] not in _VERDICTS for one in (task, *task["checks"])):
        raise ValueError("verdict")


def when(text: str) -> datetime:
    """A time with its zone; ValueError for any other text."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no zone")
    return found


def _shape(value: Any, wanted: Mapping[str, Any], **allowed: Any) -> None:
    """ValueError unless `value` has these names, and of those allowed some, each of its type; True is no number."""
    if not isinstance(value, dict) or not set(wanted) <= set(value) <= {*wanted, *allowed}:
        raise ValueError("names")
    for name, kind in {**wanted, **{name: allowed[name] for name in set(value) - set(wanted)}}.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if type(value[name]) not in kinds:
            raise ValueError(name)


def _shallow(value: object, left: int) -> None:
    if left == 0:
        raise ValueError("too deep")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        _shallow(one, left - 1)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table; a name that stands twice would be read in two ways."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)
