"""Measuring in turns, and the rows of the table."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).parents[1]
PYTHON = REPOSITORY / ".venv/bin/python"
KVMLAB = str(REPOSITORY / ".venv/bin/kvmlab")
Seconds = float


@dataclass(frozen=True)
class Row:
    """`value` against `peer_value`; `wanted` is "<= 1.3" or ">= 3.5", of ratio `value / peer` or its inverse."""

    what: str
    value: float
    peer: str = ""
    peer_value: float = 0
    wanted: str = ""
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """How many times as long as the peer, or ("faster", wanted ">=") how many times as fast."""
        if not self.peer_value:
            return None
        return self.peer_value / self.value if self.wanted.startswith(">") else self.value / self.peer_value

    @property
    def held(self) -> bool | None:
        """Whether what was wanted was reached; None where nothing was."""
        if not self.wanted or self.ratio is None:
            return None
        limit = float(self.wanted.split()[1])
        return self.ratio >= limit if self.wanted.startswith(">") else self.ratio <= limit


def in_turns(runs: Mapping[str, Callable[[], Seconds]], rounds: int) -> dict[str, Seconds]:
    """Each run once a round, after one round that is not counted; the medians."""
    taken: dict[str, list[Seconds]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            tell(f"{name}: {number}/{rounds}")
            seconds = run()
            if number:
                taken[name].append(seconds)
    tell("")
    return {name: median(values) for name, values in taken.items()}


def timed(argv: Sequence[str], env: Mapping[str, str] | None = None, status: int = 0) -> Seconds:
    """Wall-clock seconds of one cold process that must end with `status`."""
    began = time.perf_counter()
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode != status:
        raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return seconds


def plain_env(**more: str) -> dict[str, str]:
    """This environment without what would slow Python down or turn kvmlab elsewhere."""
    hidden = ("PYTHONDONTWRITEBYTECODE", "KVMLAB_COURSE", "KVMLAB_LANG", "KVMLAB_DEBUG")
    return {name: value for name, value in os.environ.items() if name not in hidden} | {"KVMLAB_SPARE": "0"} | more


def tell(text: str) -> None:
    """What is being measured, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
