"""Two students, and evidence as `kvmlab check --evidence` writes it."""

from __future__ import annotations

from typing import Any

from kvmlab.classroom.roster.student import Student

STUDENTS = (Student("2026001", "Anna", "A", email="anna@example.org"), Student("2026002", "Bo", "B"))


def report(points: int, verdicts: tuple[str, ...] | None = None) -> dict[str, Any]:
    """A report over four checks of a point each."""
    given = verdicts or ("passed",) * points + ("failed",) * (4 - points)
    checks: list[dict[str, Any]] = [{"id": f"c{n}", "sentence": f"Check {n}.", "verdict": one, "blocked_by": [],
               "error": "no answer" if one == "error" else None, "findings": []}
              for n, one in enumerate(given)]  # fmt: skip
    tasks = [
        {"id": name, "title": f"Task {name}", "verdict": worst(part), "max_points": 2, "checks": part,
         "points": sum(one["verdict"] == "passed" for one in part)}
        for name, part in (("uplink", checks[:2]), ("nic", checks[2:]))
    ]  # fmt: skip
    return {"schema": "kvmlab.check/1", "lab": "network-bridge", "variant": "s1", "verdict": worst(checks),
            "seconds": 1.0, "points": sum(one["points"] for one in tasks), "max_points": 4, "tasks": tasks}  # fmt: skip


def worst(checks: list[dict[str, Any]]) -> str:
    verdicts = [one["verdict"] for one in checks]
    return next((one for one in ("failed", "error", "blocked") if one in verdicts), "passed")


def evidence(
    points: int, verdicts: tuple[str, ...] | None = None, taken: str = "2026-12-01T10:00:00Z", **more: Any
) -> dict[str, Any]:
    """A document of kvmlab.evidence/1."""
    facts = {"schema": "kvmlab.facts/1", "objects": [], "ways_in": [], "points": points}
    return {"schema": "kvmlab.evidence/1", "kvmlab": "0", "course": "kvm", "lab": "network-bridge", "lab_version": "v1",
            "variant": "s1", "parameters": {"bridge": "br3"}, "lab_host": "i1", "begun": "2026-12-01T09:00:00Z",
            "taken": taken, "facts": facts, "report": report(points, verdicts), **more}  # fmt: skip
