"""What `kvmlab doctor` finds: each thing a lab host needs of this computer, and what to do where it lacks.

Nothing is installed and nothing is changed; what needs the images is tried with them where they are built.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from kvmlab.errors import KvmlabError
from kvmlab.install_command import install
from kvmlab.labhost.computer import kvm_advice
from kvmlab.labhost.computer.accelerator import Kvm, find_kvm
from kvmlab.labhost.computer.boot_trial import opens
from kvmlab.labhost.computer.findings import enforced_limits
from kvmlab.labhost.computer.fingerprint import KVM, may_open_kvm
from kvmlab.labhost.computer.free_memory import available_mib
from kvmlab.labhost.computer.podman_options import find_podman, remembered_podman
from kvmlab.labhost.confinement import trusted_options
from kvmlab.labhost.container import find_containers, orphans
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from kvmlab.words import t

VHOST_NET = Path("/dev/vhost-net")


class Level(Enum):
    """How a finding stands: labs run well, run but not as they could, cannot run, or nobody knows yet."""

    GOOD = "good"
    SLOW = "slow"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class DoctorFinding:
    """One finding: what was looked at, how it stands, what was seen, and a command where one helps."""

    name: str
    level: Level
    seen: str
    todo: str = ""

    def to_json(self) -> dict[str, str]:
        """Plain data."""
        return {**asdict(self), "level": self.level.value}


def examine(state: State, host_image: str | None, guest_disk: Path | None) -> Iterator[DoctorFinding]:
    """All findings, the cheap ones first. `host_image` and `guest_disk` are None while they are not built."""
    yield _program("podman", "podman --version", install("podman", "uidmap"))
    yield _program("mmdebstrap", "mmdebstrap --version", install("mmdebstrap"))
    yield _program("ssh-keygen", "", install("openssh-client"))
    yield from _user()
    yield _cgroups()
    yield _device("/dev/net/tun", t("guests have no network without it"))
    yield from _path(state)
    yield _space(state)
    yield _memory()
    yield from _containers(state, host_image)
    yield from _forgotten(state)
    yield _kvm(state, host_image, guest_disk)
    yield from _vhost_net(state, host_image)


def _program(name: str, command: str, todo: str) -> DoctorFinding:
    path = shutil.which(name)
    if path is None:
        return DoctorFinding(name, Level.BAD, t("not installed"), todo)
    said = ""
    if command:
        done = subprocess.run(command.split(), capture_output=True, text=True, errors="replace")
        said = done.stdout.strip().splitlines()[0] if done.stdout.strip() else ""
    return DoctorFinding(name, Level.GOOD, said or path)


def _user() -> Iterator[DoctorFinding]:
    if os.getuid() == 0:
        seen = t("root: lab hosts run as root; as an ordinary user they could harm less")
        yield DoctorFinding(t("user"), Level.GOOD, seen)
        return
    name = pwd.getpwuid(os.getuid()).pw_name
    yield DoctorFinding(t("user"), Level.GOOD, t("{name}: lab hosts run without root", name=name))
    if not shutil.which("newuidmap"):
        yield DoctorFinding("newuidmap", Level.BAD, t("not installed"), install("uidmap"))
    for file in ("/etc/subuid", "/etc/subgid"):
        yield _range(file, name)


def _range(file: str, name: str) -> DoctorFinding:
    """subuid(5): user or uid, first, count; a lab host needs the usual 65536."""
    counts = [0]
    for line in Path(file).read_text().splitlines() if Path(file).exists() else ():
        owner, _, rest = line.partition(":")
        if owner in (name, str(os.getuid())) and rest.rpartition(":")[2].isdigit():
            counts.append(int(rest.rpartition(":")[2]))
    if max(counts) >= 65536:
        return DoctorFinding(file, Level.GOOD, t("{count} ids", count=max(counts)))
    todo = f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {name} && podman system migrate"
    return DoctorFinding(file, Level.BAD, t("no range of 65536 ids for {name}", name=name), todo)


def _cgroups() -> DoctorFinding:
    version = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
    if version == 2 or os.getuid() == 0:
        return DoctorFinding("cgroup", Level.GOOD, t("version {version}", version=version))
    return DoctorFinding("cgroup", Level.BAD, t("version 1; an ordinary user needs version 2"), _boot_with(_UNIFIED))


_UNIFIED = "systemd.unified_cgroup_hierarchy=1"


def _boot_with(argument: str) -> str:
    """The command that gives the kernel an argument at each boot, by the tool that this distribution has for it."""
    if shutil.which("grubby"):
        return f"sudo grubby --update-kernel=ALL --args={argument} && sudo reboot"
    if shutil.which("update-grub") or Path("/usr/sbin/update-grub").exists():  # not in everybody's PATH
        line = f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {argument}"'
        return f"echo '{line}' | sudo tee /etc/default/grub.d/kvmlab.cfg && sudo update-grub && sudo reboot"
    return f"grep {argument} /proc/cmdline"


def _device(path: str, meaning: str) -> DoctorFinding:
    if os.access(path, os.R_OK | os.W_OK):
        return DoctorFinding(path, Level.GOOD, t("can be opened"))
    todo = "sudo modprobe tun" if not Path(path).exists() else f"sudo chmod 666 {path}"
    return DoctorFinding(path, Level.BAD, t("cannot be opened: {meaning}", meaning=meaning), todo)


def _path(state: State) -> Iterator[DoctorFinding]:
    """An ordinary user's lab hosts have overlays of folders there, for which podman takes no path with a colon."""
    if ":" in str(state.root) and os.getuid() != 0:
        seen = t("podman cannot show a lab host {path}: there is a colon in it.", path=state.root)
        yield DoctorFinding(t("state directory"), Level.BAD, seen, "KVMLAB_STATE=DIR kvmlab …")


def _space(state: State) -> DoctorFinding:
    parent = next(path for path in (state.root, *state.root.parents) if path.exists())
    free = shutil.disk_usage(parent).free // 2**20
    if free >= 4096:
        return DoctorFinding(t("space"), Level.GOOD, t("{free} MiB free at {path}", free=free, path=parent))
    seen = t("{free} MiB free at {path}; 4096 are needed", free=free, path=parent)
    return DoctorFinding(t("space"), Level.BAD, seen, f"df -h {parent}")


def _memory() -> DoctorFinding:
    free = available_mib()
    level = Level.GOOD if free >= 1024 else Level.SLOW
    return DoctorFinding(t("memory"), level, t("{free} MiB available; a lab takes 200 to 1000", free=free))


def _containers(state: State, host_image: str | None) -> Iterator[DoctorFinding]:
    name = t("a lab host starts")
    if host_image is None:
        yield DoctorFinding(name, Level.UNKNOWN, t("the host image is not built yet"), "kvmlab image build")
        return
    try:
        podman: Podman = find_podman(state, host_image)
    except KvmlabError as error:
        yield DoctorFinding(name, Level.BAD, error.message, error.todo)
        return
    options = " ".join((*podman.global_options, *podman.run_options))
    yield DoctorFinding(name, Level.GOOD, t("yes, with {options}", options=options) if options else t("yes"))
    yield _limits(state, podman.run_options)


def _limits(state: State, options: Sequence[str]) -> DoctorFinding:
    """Which limits a lab host is not held to here, as its own cgroup shows."""
    words = {"memory": t("memory"), "processes": t("processes"), "processor": t("processor time")}
    missing = [word for name, word in words.items() if name not in enforced_limits(state)]
    level = Level.SLOW if missing else Level.GOOD
    if not any(option.startswith("--storage-opt=size=") for option in options):
        missing.append(t("disk space"))
    if not missing:
        return DoctorFinding(t("limits"), level, t("each lab host is held to its share"))
    seen = t("not enforced here: {what}; one lab host may take what others need", what=", ".join(missing))
    return DoctorFinding(t("limits"), level, seen)


def _forgotten(state: State) -> Iterator[DoctorFinding]:
    """Lab hosts that run on although podman knows them no more."""
    known = (
        {found["name"] for found in find_containers(remembered_podman(state), state)}
        if shutil.which("podman")
        else set()
    )
    for name in sorted(set(orphans(state)) - known):
        lab = name.split(".")[-1].rpartition("-")[0]
        yield DoctorFinding(t("forgotten by podman"), Level.BAD, name, f"kvmlab finish {lab}")


def _kvm(state: State, host_image: str | None, guest_disk: Path | None) -> DoctorFinding:
    if not KVM.exists():
        return _stands(Kvm.ABSENT)
    if not may_open_kvm():
        return _stands(Kvm.CLOSED)
    if host_image is None or guest_disk is None:
        return DoctorFinding("KVM", Level.UNKNOWN, t("not known before a guest has been booted"), "kvmlab image build")
    try:
        return _stands(find_kvm(state, find_podman(state, host_image), host_image, guest_disk))
    except KvmlabError as error:
        return DoctorFinding("KVM", Level.UNKNOWN, error.message, error.todo)


def _stands(kvm: Kvm) -> DoctorFinding:
    return DoctorFinding(
        "KVM", Level.GOOD if kvm is Kvm.WORKS else Level.SLOW, kvm_advice.seen(kvm), kvm_advice.todo(kvm)
    )


def _vhost_net(state: State, host_image: str | None) -> Iterator[DoctorFinding]:
    """Mentioned only where the device exists and a lab host cannot open it; guests have a network without it, too."""
    if not VHOST_NET.exists():
        return
    try:
        opened = os.access(VHOST_NET, os.R_OK | os.W_OK)
        if opened and host_image is not None:
            opened = opens(find_podman(state, host_image), host_image, trusted_options(), VHOST_NET)
    except KvmlabError:
        return  # that no lab host starts has been said
    if not opened:
        slower = t("a lab host cannot open it; qemu serves the guests' network itself, somewhat slower")
        yield DoctorFinding(str(VHOST_NET), Level.SLOW, slower, kvm_advice.to_open(VHOST_NET))
