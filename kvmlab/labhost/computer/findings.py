"""Findings about this computer, kept in the state directory while all that they hang on stays as it is.

What a finding hangs on is named, item by item: a finding of another kernel, user or permission is never believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kvmlab.paths import State
from kvmlab.state import cache

PODMAN = "podman"
"""The finding how podman starts lab hosts here, and to which limits they are held."""


def remembered(state: State, name: str, hangs_on: Mapping[str, str]) -> Any:
    """The finding `name` if it was made under exactly these circumstances, else None."""
    return cache.load(_file(state, name), lambda stamp: bool(stamp == dict(hangs_on)))


def last_remembered(state: State, name: str) -> Any:
    """The finding `name` as it was last made, whatever the circumstances; None where there is none."""
    return cache.load(_file(state, name), lambda _: True)


def last_circumstances(state: State, name: str) -> dict[str, str]:
    """What the finding `name` was last made under; {} where there is none."""
    found = cache.stamp_of(_file(state, name))
    return found if isinstance(found, dict) else {}


def enforced_limits(state: State) -> dict[str, int]:
    """What a lab host is held to here, as it was last found: "memory" (MiB), "processes", "processor" (weight)."""
    found = last_remembered(state, PODMAN)
    limits = found.get("limits") if isinstance(found, dict) else None
    return limits if isinstance(limits, dict) else {}


def remember(state: State, name: str, hangs_on: Mapping[str, str], found: object) -> None:
    """Keep it, in place of an earlier one."""
    cache.save(_file(state, name), dict(hangs_on), found)


def forget(state: State, name: str) -> None:
    """Find it out again next time."""
    _file(state, name).unlink(missing_ok=True)


def _file(state: State, name: str) -> Path:
    return state.cache / f"{name}.json"
