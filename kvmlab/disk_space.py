"""A full disk, recognized by what other programs say of it; the advice is the same, whatever could not be written."""

from __future__ import annotations

from kvmlab.errors import CannotRun
from kvmlab.words import t

_SAID = ("no space left on device", "disk quota exceeded")
"""strerror(3) of ENOSPC and EDQUOT, as programs on a lab host and libvirt pass them on."""


def no_space(said: str) -> CannotRun | None:
    """The error to raise where `said` tells of a full disk, else None."""
    lines = [line.strip() for line in said.splitlines() if any(words in line.lower() for words in _SAID)]
    return CannotRun(t("No space is left: {error}.", error=lines[-1][-300:].rstrip(".")), "df -h") if lines else None
