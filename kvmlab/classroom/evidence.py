"""The evidence that a check of a student's has written, read: as it comes from whoever is root on a lab host."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kvmlab.errors import CouldNotLook
from kvmlab.words import t

MOST_EVIDENCE = 50_000_000  # bytes


def read_evidence(file: Path, lab: str) -> dict[str, Any]:
    """The document that a check has written. CouldNotLook where there is none, or it is about something else."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            raw = stream.read(MOST_EVIDENCE + 1)
    except OSError:
        raw = b""
    return evidence_in(raw, lab)


def evidence_in(raw: bytes, lab: str) -> dict[str, Any]:
    """Likewise of a document that is in memory."""
    try:
        if len(raw) > MOST_EVIDENCE:
            raise ValueError("too large")
        found = json.loads(raw)
        must_be_evidence(found, lab)
    except (ValueError, RecursionError):
        raise CouldNotLook(t("The check left no evidence.")) from None
    assert isinstance(found, dict)
    return found


_TEXTS = ("kvmlab", "course", "lab", "lab_version", "lab_host", "begun", "taken")


def must_be_evidence(found: object, lab: str) -> None:
    """ValueError unless it is a document of kvmlab.evidence/1 about this lab, each field of its type."""
    if not isinstance(found, dict) or found.get("schema") != "kvmlab.evidence/1" or found.get("lab") != lab:
        raise ValueError("not evidence of this lab")
    if not all(_is_text(found.get(name)) for name in _TEXTS):
        raise ValueError("a text")
    if not _is_text("" if found.get("variant", 0) is None else found.get("variant")):
        raise ValueError("variant")
    if not isinstance(found.get("parameters"), dict):
        raise ValueError("parameters")
    if not isinstance(found.get("facts"), dict):
        raise ValueError("facts")
    report = found.get("report")
    numbers = ("points", "max_points")
    if not isinstance(report, dict) or not all(type(report.get(one)) is int for one in numbers):
        raise ValueError("report")
    checks = checks_in(found)
    if report.get("verdict") not in ("passed", "failed", "blocked", "error") or not checks:
        raise ValueError("report")
    if not all(isinstance(one, dict) and isinstance(one.get("verdict"), str) for one in checks):
        raise ValueError("checks")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 200 and value.isprintable()


def checks_in(found: Mapping[str, Any]) -> Sequence[Any]:
    """All checks of its report. ValueError where it has none."""
    try:
        return [one for task in found["report"]["tasks"] for one in task["checks"]]
    except (KeyError, TypeError):
        raise ValueError("report") from None
