"""The one table, as text and as JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.timing import Row


def text(rows: Sequence[Row]) -> str:
    """A Markdown table: it is pasted into benchmarks/README.md as it is."""
    lines = ["| what | kvmlab | peer | peer | ratio | wanted |", "| --- | ---: | --- | ---: | ---: | ---: |"]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def _line(row: Row) -> str:
    peer = _amount(row.peer_value, row.unit) if row.peer else ""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    held = {True: "", False: " ✗", None: ""}[row.held]
    wanted = f"{row.wanted.replace('<=', '≤').replace('>=', '≥')}{held}"
    return f"| {row.what} | {_amount(row.value, row.unit)} | {row.peer} | {peer} | {ratio} | {wanted} |"


def _amount(value: float, unit: str) -> str:
    if unit == "s" and value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} {unit}" if unit == "s" else f"{value:.0f} {unit}"


def computer() -> str:
    """What it was measured on, in one line."""
    release = dict(
        line.rstrip().split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    name = release.get("PRETTY_NAME", "Linux").strip('"')
    who = "root" if os.getuid() == 0 else "an ordinary user"
    return f"{name}, {os.cpu_count()} processors, Linux {os.uname().release}, as {who}, {datetime.now(UTC):%Y-%m-%d}"


def document(rows: Sequence[Row]) -> dict[str, object]:
    """The same for programs."""
    keys = ("what", "value", "unit", "peer", "peer_value", "ratio", "wanted", "held")
    found = [{key: getattr(row, key) for key in keys} for row in rows]
    return {"schema": "kvmlab.bench/1", "computer": computer(), "rows": found}
