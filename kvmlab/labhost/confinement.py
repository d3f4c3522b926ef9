"""What a lab host may do and have, as options of podman-run(1): the wall between it and this computer.

Its root is nobody outside (user namespace), it may make few system calls that most programs do not need (seccomp),
it has no network but its own, and it cannot take more than its share (limits). AppArmor and SELinux are off for it:
podman's profiles for them refuse mount(2), and without that neither systemd nor libvirtd runs; a profile of our own
would have to be loaded into the kernel of this computer, which kvmlab does not change.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.labhost.own_limits import OwnLimits
from kvmlab.labhost.podman import bound, in_csv
from kvmlab.labhost.seccomp import profile
from kvmlab.remote.host_root import IDS
from kvmlab.words import t

CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "IPC_LOCK", "KILL", "NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_CHROOT", "SYS_NICE", "SYS_PTRACE",
)  # fmt: skip
"""What systemd, libvirtd and qemu need, in their own user namespace (capabilities(7))."""

DEVICES = ("/dev/net/tun", "/dev/kvm", "/dev/vhost-net")
LENT = "/srv/kvmlab/dev"
"""Where a lab host finds device nodes that are made for it, until `prepare` puts them over the computer's own."""

_HOOK = Path(__file__).parent / "own_cgroups.sh"


FOR_OTHERS = 64
"""Of all processes together, what one lab host's fork bomb leaves for the others, and for what podman begins beside
them: their conmons count, too."""


@dataclass(frozen=True)
class Limits:
    """What one lab host with its guests may take, at most; and its share of busy processors (100 is usual)."""

    memory_mib: int
    processes: int = 2048
    cpu_weight: int = 50
    open_files: int = 16384
    disk_gib: int = 20

    @property
    def cpu_shares(self) -> int:
        """podman's word for the weight: 1024 is usual."""
        return self.cpu_weight * 1024 // 100

    @classmethod
    def of_this_computer(cls) -> Limits:
        """4 GiB, or three quarters of the memory there is."""
        mib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
        return cls(min(4096, mib * 3 // 4))


def confinement(folder: Path, first_uid: int | None) -> list[str]:
    """The options of a container of ours; what they refer to is written into `folder`.

    `first_uid`: who its root is outside (id_range); None: an ordinary user's, in podman's own user namespace.
    """
    written = folder / "seccomp.json"
    written.write_text(json.dumps(profile(CAPABILITIES)))
    options = [
        "--network=none",
        "--systemd=always",
        "--http-proxy=false",
        "--cap-drop=ALL",
        f"--cap-add={','.join(CAPABILITIES)}",
        f"--security-opt=seccomp={written}",
        "--security-opt=apparmor=unconfined",
        "--security-opt=label=disable",
    ]
    if first_uid is not None:
        options += [f"--{kind}=0:{first_uid}:{IDS}" for kind in ("uidmap", "gidmap")]
    return options


def own_options(limits: OwnLimits, usual: Sequence[str]) -> list[str]:
    """Options of podman-run(1) for one lab host that come after the usual ones, and so count; none for what podman
    cannot limit here."""
    own = []
    if limits.memory_mib:
        own += [("--memory=", f"{limits.memory_mib}m"), ("--memory-swap=", f"{limits.memory_mib}m")]
    if limits.disk_gib:
        own.append(("--storage-opt=size=", f"{limits.disk_gib}g"))
    if limits.all_processes:
        own.append(("--pids-limit=", str(min(Limits.processes, limits.all_processes - FOR_OTHERS))))
    return [f"{option}{value}" for option, value in own if any(one.startswith(option) for one in usual)]


def trusted_options() -> list[str]:
    """The options of a container in which, for a moment, nothing runs but what kvmlab built itself."""
    options = ["--network=none", "--http-proxy=false", f"--cap-add={','.join(CAPABILITIES)}"]
    options += [f"--security-opt={name}" for name in ("seccomp=unconfined", "apparmor=unconfined", "label=disable")]
    return options + [f"--device={path}" for path in _usable()]


def own_cgroups(folder: Path, first_uid: int | None) -> tuple[str, ...]:
    """podman's global options (podman(1)) with which a lab host's root may make cgroups below its own."""
    if first_uid is None:
        return ()
    hooks = folder / "hooks"
    hooks.mkdir(exist_ok=True)
    hook = {"path": "/bin/sh", "args": ["sh", str(_HOOK), str(first_uid)]}
    document = {"version": "1.0.0", "hook": hook, "when": {"always": True}, "stages": ["createRuntime"]}
    (hooks / "own-cgroups.json").write_text(json.dumps(document))
    return (f"--hooks-dir={in_csv(str(hooks))}",)


def lent_devices(folder: Path, first_uid: int | None) -> tuple[list[str], list[tuple[str, str]]]:
    """The options that lend it devices, and (here, there) pairs inside for `prepare` to bind.

    A device that only root or a group may open is lent to a lab host of root by a node of its own: its root is
    neither. The node lies in `folder`; the computer's own is not touched.
    """
    options, binds = [], []
    for path in _usable():
        options.append(f"--device={path}")
        if first_uid is not None and os.stat(path).st_mode & 0o006 != 0o006:  # noqa: PTH116
            node = _node(folder / "dev", path)
            options.append(bound(node, f"{LENT}/{node.name}", "dev"))
            binds.append((f"{LENT}/{node.name}", path))
    return options, binds


def _usable() -> Iterator[str]:
    return (path for path in DEVICES if os.access(path, os.R_OK | os.W_OK))


def _node(folder: Path, path: str) -> Path:
    folder.mkdir(exist_ok=True)
    node = folder / Path(path).name
    os.mknod(node, stat.S_IFCHR, os.stat(path).st_rdev)  # noqa: PTH116
    node.chmod(0o666)
    if os.statvfs(folder).f_flag & os.ST_NODEV:
        message = t("{path} is on a file system without device nodes (nodev).", path=folder)
        raise CannotRun(message, "KVMLAB_STATE=DIR kvmlab …")
    return node


def read_only(here: Path, there: str) -> str:
    """The option that shows it the folder or file `here`, which is its own and no one else's."""
    return bound(here, there, "ro")


def unchangeable(here: Path, there: str, first_uid: int | None) -> str:
    """The option that shows it a folder, or its file's folder, that later starts use, too.

    In a lab host of root nobody owns it, so that a mount made writable changes nothing. An ordinary user's lab host
    is that user outside: it gets an overlay (podman-run(1), `:O`), whose lower folder is nowhere to be seen.
    """
    for path in (here, *(here.iterdir() if here.is_dir() else ())):
        wanted = 0o555 if path.is_dir() else 0o444
        if (mode := path.stat().st_mode) & wanted != wanted:
            path.chmod(mode & 0o777 | wanted)
    if first_uid is not None:
        return read_only(here, there)
    folder = here if here.is_dir() else here.parent
    if ":" in str(folder):  # no --mount has overlays, and --volume no way to write a colon
        message = t("podman cannot show a lab host {path}: there is a colon in it.", path=folder)
        raise CannotRun(message, "KVMLAB_STATE=DIR kvmlab …")
    return f"--volume={folder}:{there}:O"
