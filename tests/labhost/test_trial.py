"""A guest's boot is waited for as long as it may take on this computer, and not a moment longer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kvmlab.errors import CannotRun
from kvmlab.labhost.computer import boot_trial
from kvmlab.labhost.computer.boot_trial import TrialBoot, TrialOutcome, first_to_speak

Booting = Callable[[str], TrialBoot]


@pytest.fixture
def booting() -> Iterator[Booting]:
    """A guest whose console is what a shell script prints."""
    started: list[subprocess.Popen[bytes]] = []

    def boot(script: str) -> TrialBoot:
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(["sh", "-c", script], stdout=pipe, stderr=pipe))
        return TrialBoot(started[-1])

    yield boot
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boot_trial, "AT_LEAST_S", 0.5)


def test_it_ends_at_the_line(booting: Booting) -> None:
    began = time.monotonic()
    guest = booting("echo '[    0.000000] Linux version 6.12'; exec sleep 60")
    assert first_to_speak(guest, booting("exec sleep 60")) is TrialOutcome.SPOKE
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("quick")
def test_one_that_is_silent_long_after_the_emulated_one_spoke_will_not_speak(booting: Booting) -> None:
    assert first_to_speak(booting("exec sleep 60"), booting("echo Linux version 6")) is TrialOutcome.SILENT


@pytest.mark.usefixtures("quick")
def test_on_a_slow_computer_it_is_waited_for_longer(booting: Booting) -> None:
    """Later than AT_LEAST_S, and within three times what the emulated one took."""
    guest = booting("sleep 1.4; echo Linux version 6; exec sleep 60")
    assert first_to_speak(guest, booting("sleep 0.7; echo Linux version 6")) is TrialOutcome.SPOKE


@pytest.mark.usefixtures("quick")
def test_one_that_goes_on_saying_something_is_waited_for(booting: Booting) -> None:
    guest = booting("for each in 1 2 3 4 5; do echo loading; sleep 0.3; done; echo Linux version 6; exec sleep 60")
    assert first_to_speak(guest, booting("echo Linux version 6")) is TrialOutcome.SPOKE


def test_a_qemu_that_ends_boots_nothing(booting: Booting) -> None:
    guest = booting("echo qemu-system-x86_64: failed to initialize kvm; exit 1")
    assert first_to_speak(guest, booting("exec sleep 60")) is TrialOutcome.ENDED


def test_a_qemu_that_a_signal_ends_boots_nothing(booting: Booting) -> None:
    """Where a `/dev/kvm` of a nested host refuses a register, QEMU aborts: podman's exit status is then 134."""
    guest = booting("echo 'error: failed to set MSR 0x345' >&2; exit 134")
    assert first_to_speak(guest, booting("exec sleep 60")) is TrialOutcome.ENDED


def test_a_podman_that_starts_nothing_says_nothing_of_kvm(booting: Booting) -> None:
    guest = booting("echo 'Error: no such runtime' >&2; exit 125")
    with pytest.raises(CannotRun, match="no such runtime"):
        first_to_speak(guest, booting("exec sleep 60"))


def test_the_measure_is_how_long_the_emulated_one_took(booting: Booting, tmp_path: Path) -> None:
    beside = booting("sleep 0.5; echo Linux version 6")
    assert boot_trial._patience(beside) == boot_trial.UNMEASURED_S
    beside.hear()
    assert boot_trial._patience(beside) == boot_trial.AT_LEAST_S
    beside.heard = beside.began + 100
    assert boot_trial._patience(beside) == 300
