"""What there is on a lab host, to be compared: after `reset` with the start, and (`kvmlab diff`) now with the start.

An inventory is a flat table, name to text: "domain web1: state" to "running", "link br0" to its facts,
"file /etc/libvirt/qemu.conf" to mode, owner and digest. What differs between two equal starts is not in it.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from kvmlab.errors import CannotRun
from kvmlab.labhost.container import LabHost
from kvmlab.words import t

Inventory = Mapping[str, str]

PROGRAM = "/usr/lib/kvmlab/inventory"
TAKE_S = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry that is not the same: its text before and now, None where there was or is none."""

    name: str
    before: str | None
    now: str | None

    def text(self) -> str:
        """In one line: "domain web1: state: running, now shut off"; of long texts the first line that differs."""
        if self.before is None:
            return t("{name}: was not there before", name=self.name)
        if self.now is None:
            return t("{name}: is gone", name=self.name)
        before, now = _first_difference(self.before, self.now)
        return t("{name}: {before}, now {now}", name=self.name, before=before, now=now)


def take_inventory(host: LabHost) -> Inventory:
    """What there is on `host` now; CannotRun where it cannot be told."""
    done = host.execute([PROGRAM], timeout_s=TAKE_S)
    try:
        return {str(name): str(text) for name, text in json.loads(done.stdout).items()}
    except (ValueError, RecursionError, AttributeError):  # whoever is root there may have replaced the program
        raise not_told(done.stderr) from None


def not_told(stderr: str) -> CannotRun:
    """The error where a program on the lab host did not answer as it should: its last words."""
    said = (stderr.strip().splitlines() or ["?"])[-1][:300]
    return CannotRun(t("The lab host could not be looked through: {said}", said=said), "kvmlab doctor")


def differences(before: Inventory, now: Inventory) -> list[Difference]:
    """Every entry that is not the same in both, by name."""
    names = sorted(before.keys() | now.keys())
    return [Difference(name, before.get(name), now.get(name)) for name in names if before.get(name) != now.get(name)]


def _first_difference(before: str, now: str) -> tuple[str, str]:
    left, right = before.splitlines(), now.splitlines()
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            return tuple(" ".join(" ".join(part).split())[:160] or "-" for part in (left[a:b], right[c:d]))  # type: ignore[return-value]
    return before[:160], now[:160]
