"""Commands that findings show: which of them cannot work, told from one that only says that something is not there."""

from __future__ import annotations

import pytest

from kvmlab.author.prove.judgement import judge
from kvmlab.author.prove.proof import Proof
from kvmlab.author.prove.shown_commands import Unusable, fault, shown
from tests.author.test_judging import FAILED, PASSED, check, finding, report, result

GOOD = [
    ("ip link show br0", 1, 'Device "br0" does not exist.'),
    ("ls -l /srv/x", 2, "ls: cannot access '/srv/x': No such file or directory"),
    ("virsh dominfo web1", 1, "error: failed to get domain 'web1'"),
    ("virsh console web1", 1, "error: Cannot run interactive console without a controlling TTY"),
    ('virsh qemu-agent-command web1 \'{"execute":"guest-ping"}\'', 1, "error: Guest agent is not responding"),
    ("ssh 10.0.0.9 cat /x", 1, "cat: can't open '/x': No such file or directory"),
    ("ping -c 1 -W 2 10.0.0.9", 1, "1 packets transmitted, 0 received, 100% packet loss"),
    ("ps -o rss= -p ${pid}", 0, "12"),
    ("timeout 2 cat </dev/tcp/10.0.0.12/5900", 124, "RFB 003.008"),
]
BAD = [
    ("ssh 192.168.50.20 cat /x", 255, "ssh: connect to host 192.168.50.20 port 22: No route to host", "No route"),
    ("ssh web9 ps", 255, "web9 does not answer at any address: virsh domifaddr web9", "does not answer"),
    ("brctl show", 127, "bash: line 1: brctl: command not found", "not found"),
    ("cat 'x", 2, "bash: -c: line 1: unexpected EOF while looking for matching `''", "unexpected EOF"),
    ("virsh qemu-agent-command web1 '{{\"execute\":1}}'", 1, "error: internal error: cannot parse json", "not filled"),
    ("ps -o user= -p {pid}", 1, "error: process ID list syntax error", "not filled"),
    ("virsh net-dumpxml --live x", 1, "error: command 'net-dumpxml' doesn't support option --live", "support option"),
    ("tail -f /var/log/x", 124, "", "goes on"),
]


@pytest.mark.parametrize(("command", "status", "said"), GOOD)
def test_these_work(command: str, status: int, said: str) -> None:
    """What they say is what is to be seen."""
    assert fault(command, status, said) == ""


@pytest.mark.parametrize(("command", "status", "said", "why"), BAD)
def test_these_cannot_work(command: str, status: int, said: str, why: str) -> None:
    """Nobody could see anything by them."""
    found = fault(command, status, said)
    assert found and why in found


def test_which_are_tried() -> None:
    """Those of facts that are not as wanted, or all; each once."""
    seen = report(check("a", FAILED, finding("x", up=False, stp=True)), check("b", PASSED, finding("y", up=True)))
    assert shown(seen, everything=True) == {"see it": ("b", "y: up")}
    assert shown(seen, everything=False) == {"see it": ("a", "x: up")}


def test_one_refutes_its_case() -> None:
    """It says which check shows it."""
    bad = result(Proof.WAYS, check("a", PASSED), unusable=(Unusable("a", "guest web1: hostname", "ssh x", "ssh: no"),))
    remark = judge([bad], [Proof.WAYS])[0].wrong[0]
    assert remark.what == "a shows a command that cannot work: ssh x: ssh: no (guest web1: hostname)"
