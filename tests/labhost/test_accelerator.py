"""What was found out about KVM is kept while all that it hangs on stays as it is, and not a moment longer."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from kvmlab.labhost.computer import accelerator, fingerprint
from kvmlab.labhost.computer.accelerator import Kvm, find_kvm, last_found
from kvmlab.labhost.computer.boot_trial import TrialOutcome
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State

DISK = Path("/images/small-0123/disk.qcow2")


class Trials:
    """Stands for the containers in which KVM is tried: what they would find, and how often they were asked."""

    def __init__(self) -> None:
        self.opens, self.outcome = True, TrialOutcome.SPOKE
        self.opened = self.booted = 0

    def open(self, *_: object) -> bool:
        self.opened += 1
        return self.opens

    def race(self, *_: object) -> TrialOutcome:
        self.booted += 1
        return self.outcome


@pytest.fixture
def kvm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for /dev/kvm: a file that its owner, this test, may open."""
    file = tmp_path / "kvm"
    file.touch(mode=0o660)
    for module in (fingerprint, accelerator):
        monkeypatch.setattr(module, "KVM", file)
    return file


@pytest.fixture
def trials(kvm: Path, monkeypatch: pytest.MonkeyPatch) -> Trials:
    found = Trials()
    monkeypatch.setattr(accelerator, "opens", found.open)
    monkeypatch.setattr(accelerator, "boot", lambda *_: nullcontext())
    monkeypatch.setattr(accelerator, "first_to_speak", found.race)
    return found


def find(state: State, image: str = "host:1", disk: Path = DISK) -> Kvm:
    return find_kvm(state, Podman(), image, disk)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


def test_it_is_tried_once_for_an_image_wherever_it_lies(state: State, trials: Trials) -> None:
    assert find(state) is find(state, disk=Path("/elsewhere") / DISK.parent.name / DISK.name) is Kvm.WORKS
    assert trials.booted == 1
    find(state, "host:2")
    find(state, "host:2", Path("/images/small-4567/disk.qcow2"))
    assert trials.booted == 3


@pytest.mark.parametrize("outcome", [TrialOutcome.SILENT, TrialOutcome.ENDED])
def test_where_no_guest_boots_guests_are_emulated(state: State, trials: Trials, outcome: TrialOutcome) -> None:
    trials.outcome = outcome
    assert find(state) is find(state) is Kvm.NO_BOOT
    assert trials.booted == 1
    assert Kvm.NO_BOOT.domain_type == "qemu"


def test_what_a_lab_host_may_not_open_is_not_booted(state: State, trials: Trials) -> None:
    trials.opens = False
    assert find(state) is Kvm.CLOSED_INSIDE
    assert trials.booted == 0
    assert last_found(state) is Kvm.CLOSED_INSIDE


def test_a_permission_that_was_mended_is_asked_for_again(state: State, trials: Trials, kvm: Path) -> None:
    """The advice is followed, and works at once: nothing that was found before is believed any more."""
    trials.opens = False
    assert find(state) is Kvm.CLOSED_INSIDE
    kvm.chmod(0o666)
    assert last_found(state) is None
    trials.opens = True
    assert find(state) is Kvm.WORKS
    assert find(state).domain_type == "kvm"


def test_no_device_and_a_closed_one_are_seen_without_a_trial(
    state: State, trials: Trials, kvm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert find(state) is last_found(state) is Kvm.CLOSED
    kvm.unlink()
    assert find(state) is last_found(state) is Kvm.ABSENT
    assert (trials.opened, trials.booted) == (0, 0)


def changed_cpuinfo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str) -> None:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    file = tmp_path / "cpuinfo"
    file.write_text("\n".join(f"{line}7" if line.startswith(what) else line for line in [*lines, f"{what}: "]))
    monkeypatch.setattr(fingerprint, "_CPUINFO", file)


def another_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = list(os.uname())
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*found[:2], "9.9.9", *found[3:])))


def another_nesting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in ("kvm_amd", "kvm_intel"):
        (tmp_path / module / "parameters").mkdir(parents=True)
        (tmp_path / module / "parameters/nested").write_text("changed\n")
    monkeypatch.setattr(fingerprint, "_MODULES", tmp_path)


def other_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "getgroups", lambda: [4711])


def another_podman(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    podman = tmp_path / "podman"
    podman.touch()
    monkeypatch.setattr(fingerprint, "program", lambda: str(podman))


def other_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(accelerator, "trusted_options", lambda: ["--cap-drop=all"])


CHANGES: dict[str, Callable[[pytest.MonkeyPatch, Path], None]] = {
    "microcode": lambda patch, path: changed_cpuinfo(patch, path, "microcode"),
    "processor": lambda patch, path: changed_cpuinfo(patch, path, "flags"),
    "kernel": another_kernel,
    "nesting": another_nesting,
    "groups": other_groups,
    "podman": another_podman,
    "what a lab host may do": other_options,
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_tried_again_when_something_it_hangs_on_has_changed(
    state: State, trials: Trials, what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    find(state)
    CHANGES[what](monkeypatch, tmp_path)
    assert last_found(state) is None
    find(state)
    find(state)
    assert trials.booted == 2, "once more, and then it is known"


def test_a_damaged_finding_is_none(state: State, trials: Trials) -> None:
    find(state)
    file = state.cache / "accelerator.json"
    nonsense = file.read_text().replace('"works"', '"nonsense"')
    for junk in ("", "[]", '{"for": 1, "found": "works"}', "\ud800", nonsense):
        file.write_text(junk, errors="surrogatepass")
        assert last_found(state) is None
        assert find(state) is Kvm.WORKS
    assert trials.booted == 6
