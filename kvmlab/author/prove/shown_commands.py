"""Every command that a finding shows is tried as it stands, where it says: on the lab host, as a student would type it.

That it ends with another status than 0 is no fault: `ip link show br0` says in that way that there is no br0. One that
cannot work is: a command that is not there, a shell or a program that does not understand it, an address where nobody
answers, a place that was not filled in. The commands only look, so trying them changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from kvmlab.slowness import given_patience

if TYPE_CHECKING:
    from kvmlab.grading.verdicts import Report
    from kvmlab.labhost.container import LabHost

EACH_S = 15
"""How long a command that looks may take, on a computer that has nothing else to do (kvmlab.slowness)."""
_TRY = """
while IFS= read -r -d '' command; do
    timeout -k 1 "$1" bash -c "$command" </dev/null >/tmp/.kvmlab-shown 2>&1
    printf '%s\\0%s\\0' $? "$(head -c 2000 /tmp/.kvmlab-shown | tr -d '\\0')"
done
rm -f /tmp/.kvmlab-shown
"""
_NO_PROGRAM = (126, 127)
_HANGS = (124, 137)
_FAULTS = re.compile(
    r"command not found|syntax error|unexpected EOF"
    r"|error: (unknown command|command '.*' (doesn't|requires)|unsupported option|unexpected data)|cannot parse json"
    r"|(unrecognized|invalid|unknown) option|^usage: |^Object \".*\" is unknown|is wrong, .*bad filter"
    r"|ssh: |does not answer at any address|Permission denied \(|Host key verification failed",
    re.MULTILINE | re.IGNORECASE,
)
_UNFILLED = re.compile(r"(?<!\$)\{\w+\}|\{\{")
_TERMINAL = "without a controlling TTY"  # virsh console: a student has one


class Unusable(NamedTuple):
    """A command that a student is shown and that cannot work: of which fact, and what it said."""

    check: str
    fact: str
    command: str
    said: str


def shown(report: Report, *, everything: bool) -> dict[str, tuple[str, str]]:
    """Each command that a look shows, with (check, fact): of facts that are not as wanted, or (`everything`) of all."""
    return {
        row.see: (check.id, f"{finding.subject}: {row.name}")
        for check in report.checks
        for finding in check.findings
        for row in finding.facts
        if row.see and (everything or not row.met)
    }


def unusable(host: LabHost, report: Report, *, everything: bool) -> tuple[Unusable, ...]:
    """Those of the commands shown that cannot work on `host` as it is."""
    return tuple(_unusable(host, shown(report, everything=everything)))


def _unusable(host: LabHost, commands: Mapping[str, tuple[str, str]]) -> Iterator[Unusable]:
    if not commands:
        return
    each = str(round(EACH_S * given_patience()))
    stdin = "".join(f"{one}\0" for one in commands)
    done = host.execute(["bash", "-c", _TRY, "try", each], stdin=stdin, timeout_s=inf)
    words = done.stdout.split("\0")
    for (command, (check, fact)), status, said in zip(commands.items(), words[::2], words[1::2], strict=False):
        if why := fault(command, int(status), said):
            yield Unusable(check, fact, command, why)


def fault(command: str, status: int, said: str) -> str:
    """Why a command that ended with `status` and `said` something cannot work; "" where it can."""
    if _UNFILLED.search(command):
        return "a place in it is not filled in"
    if status == 0 or _TERMINAL in said:
        return ""
    line = next((line for line in said.splitlines() if _FAULTS.search(line)), "")
    if line or status in _NO_PROGRAM:
        return (line or said).strip()[:200] or f"status {status}"
    hangs = status in _HANGS and not command.startswith("timeout ")  # which ends so when it has done what it is for
    return "it goes on and on" if hangs else ""
