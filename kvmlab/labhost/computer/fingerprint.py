"""What findings about this computer hang on: its boot, podman and user; its kernel and processor; its /dev/kvm.

Each is a few words by which a change is seen. They are named one by one, so that a finding's file says what it
was made under, and reads cheaply enough to be asked at every start.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from hashlib import sha256
from pathlib import Path

from kvmlab.labhost.podman import program
from kvmlab.process import boot

KVM = Path("/dev/kvm")
_CPUINFO = Path("/proc/cpuinfo")
_MODULES = Path("/sys/module")


def boot_and_podman() -> dict[str, str]:
    """What everything hangs on that was tried with a container: one boot, one podman with its runtimes, one user."""
    return {
        "boot": boot(),
        "kernel": os.uname().release,
        "podman": _changed(program()),
        "runtimes": " ".join(_changed(shutil.which(name)) for name in ("crun", "runc", "conmon")),
        "user": str(os.getuid()),
    }


def _changed(file: str | None) -> str:
    """Another word once the program is another one; "-" where it is not there."""
    return str(Path(file).stat().st_mtime_ns) if file else "-"


def kernel_and_processor() -> dict[str, str]:
    """What QEMU's and libvirt's findings about KVM hang on: libvirt's own cache names the same (virsh-capabilities)."""
    kernel = os.uname()
    return {
        "kernel": f"{kernel.release} {kernel.version}",
        "processor": sha256(processor().encode()).hexdigest()[:16],
        "microcode": " ".join(_of_cpuinfo("microcode")),
        "nested": " ".join(_nested()),
    }


def processor() -> str:
    """The processor's model and features (proc(5)): memory saved on another may not run here."""
    return "\n".join(_of_cpuinfo("vendor_id", "cpu family", "model", "stepping", "flags"))


def _of_cpuinfo(*names: str) -> list[str]:
    """The lines that begin with one of `names`, each once: all processors of a computer are of one kind, or differ."""
    return sorted({line for line in _CPUINFO.read_text().splitlines() if line.startswith(names)})


def _nested() -> list[str]:
    """Whether guests may be KVM hosts themselves, as each of KVM's modules was loaded."""
    found = []
    for module in ("kvm_amd", "kvm_intel"):
        with contextlib.suppress(OSError):
            found.append((_MODULES / module / "parameters/nested").read_text().strip())
    return found


def kvm_access() -> dict[str, str]:
    """Who may open /dev/kvm (owner, mode, acl(5)), and the groups we are in; {} where there is none."""
    try:
        found = KVM.stat()
    except OSError:
        return {}
    access = f"{found.st_rdev} {found.st_uid}:{found.st_gid} {found.st_mode:o} {_acl()}"
    return {"device": access, "groups": " ".join(str(gid) for gid in sorted({os.getegid(), *os.getgroups()}))}


def _acl() -> str:
    with contextlib.suppress(OSError):
        return os.getxattr(KVM, "system.posix_acl_access").hex()
    return ""


def may_open_kvm() -> bool:
    """Whether we may, out here; a lab host's qemu is another matter (see labhost.accelerator)."""
    return os.access(KVM, os.R_OK | os.W_OK)
