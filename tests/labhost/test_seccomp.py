"""The answers a lab host gets to the system calls that are refused it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.labhost import seccomp


def test_reboot_is_refused_as_the_kernel_does_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """systemd-shutdown exits on EPERM; on ENOSYS, which is the answer to all else, it would hang."""
    own = tmp_path / "seccomp.json"
    allowed = {"names": ["read", "reboot"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_BOOT"]}}
    own.write_text(json.dumps({"archMap": [], "syscalls": [allowed]}))
    monkeypatch.setattr(seccomp, "PROFILES", (own,))
    for capabilities in ((), ("SYS_BOOT",)):
        profile = seccomp.profile(capabilities)
        rules = [rule for rule in profile["syscalls"] if "reboot" in rule["names"]]
        assert [(rule["action"], rule.get("errnoRet")) for rule in rules] == [("SCMP_ACT_ERRNO", 1)]
        assert profile["defaultErrnoRet"] == 38
