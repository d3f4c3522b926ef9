"""The command that opens a device to lab hosts does it at once and after the next boot; carried out, not compared."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from kvmlab.labhost.computer import kvm_advice

SUDO = """#!/bin/sh
case $1 in
tee) exec tee "{root}/$(basename "$2")" ;;
udevadm) [ "$2" = control ] ;; # a node without its module is none of udev's devices: a trigger does nothing
*) exec "$@" ;;
esac
"""


@pytest.mark.parametrize("name", ["kvm", "vhost-net"])
def test_a_node_whose_module_is_not_loaded_is_opened_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for program, text in (("sudo", SUDO.format(root=tmp_path)), ("udevadm", "#!/bin/sh\nexit 1\n")):
        (tmp_path / program).write_text(text)
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    device = tmp_path / name
    device.touch(mode=0o660)
    done = subprocess.run(["sh", "-c", kvm_advice.to_open(device)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(device.stat().st_mode) == 0o666
    rule = f'KERNEL=="{name}", MODE="0666", OPTIONS+="static_node={name}"\n'
    assert (tmp_path / f"99-kvmlab-{name}.rules").read_text() == rule
