"""What was found out about this computer is remembered: trying KVM costs a core five seconds where it boots nothing."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kvmlab.labhost.accelerator import find_accelerator
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State


@dataclass(frozen=True)
class Tried(Podman):
    """Notes what it is to run, and says that it worked."""

    runs: list[tuple[str, ...]] = field(default_factory=list)

    def attempt(
        self, *args: str, timeout_s: float | None = 120, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        self.runs.append(args)
        return subprocess.CompletedProcess(args, 0, "", "")


def test_the_accelerator_is_tried_once_for_an_image_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: True)
    podman = Tried()
    for place in ("one", "two"):
        disk = tmp_path / place / "small-0123" / "disk.qcow2"
        assert find_accelerator(State(tmp_path), podman, "host:1", disk) == "kvm"
    assert len(podman.runs) == 1
    find_accelerator(State(tmp_path), podman, "host:2", disk)
    find_accelerator(State(tmp_path), podman, "host:2", tmp_path / "small-4567" / "disk.qcow2")
    assert len(podman.runs) == 3
