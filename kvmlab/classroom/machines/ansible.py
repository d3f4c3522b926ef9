"""Ansible's own reading of an inventory: what `ansible-inventory --list` says of it (its extra: kvmlab[machines]).

Only YAML and INI are read, and nothing is run: an inventory that is a program is listed by whoever trusts it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from kvmlab.classroom.children import ChildOutput, Children
from kvmlab.words import t

INSTALL = "pip install 'kvmlab[machines]'"
DEADLINE_S, MOST_ANSWER = 120, 50_000_000
_SETTINGS = (
    "LC_ALL=C.UTF-8",  # it refuses to begin with another
    "ANSIBLE_INVENTORY_ENABLED=yaml,ini",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED=true",
    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true",
    "ANSIBLE_NOCOLOR=1",
)


def program() -> str | None:
    """Where ansible-inventory is: beside our Python, or where the shell would find it."""
    beside = Path(sys.executable).with_name("ansible-inventory")
    return str(beside) if beside.exists() else shutil.which("ansible-inventory")


def listed(ansible_inventory: str, path: Path, faults: list[str]) -> str:
    """The JSON that it writes about an inventory; "" with `faults` where there is something that it cannot read."""
    with tempfile.TemporaryDirectory() as home:  # else it makes ~/.ansible
        argv = ["env", *_SETTINGS, f"ANSIBLE_HOME={home}", ansible_inventory, "-i", str(path.absolute()), "--list"]
        answer = Children(Path()).answer(argv, DEADLINE_S, MOST_ANSWER)
    if answer.status == 0 and not answer.why:
        return answer.out.decode(errors="replace")
    faults += _complaints(answer) or [t("ansible-inventory cannot read it")]
    return ""


def _complaints(answer: ChildOutput) -> list[str]:
    """What each of its plugins says; else the last thing that it said."""
    if answer.why:
        return [t("ansible-inventory did not end within {seconds} s", seconds=DEADLINE_S)]
    text = answer.err.decode(errors="replace")
    found = re.findall(r"Failed to parse inventory with '(yaml|ini)' plugin: (.+)", text)
    lines = [line for line in text.splitlines() if line.strip()]
    return [f"{plugin}: {said}".rstrip(".") for plugin, said in dict.fromkeys(found)] or lines[-1:]
