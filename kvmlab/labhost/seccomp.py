"""The system calls a lab host may make: podman's own profile, wider for mounting, narrower where kernels break.

podman's profile is read from this computer, so that it follows the distribution's updates; rules that hang on
capabilities are settled for those a lab host has. What is left out on purpose is the table REFUSED, and every family
of sockets and every netlink protocol that is not named here. Also no user namespace in the lab host (one more way to
parts of the kernel that only root should reach). clone3(2) cannot be filtered, so it does not exist there; glibc
then takes clone(2).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kvmlab.errors import CannotRun
from kvmlab.install_command import install
from kvmlab.words import t

PROFILES = (Path("/etc/containers/seccomp.json"), Path("/usr/share/containers/seccomp.json"))
"""Where podman looks for its own, in this order (containers.conf(5), seccomp_profile)."""

REFUSED = frozenset(
    (
        "acct", "add_key", "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64",
        "clone3", "create_module", "delete_module", "fanotify_init", "fanotify_mark", "finit_module",
        "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl",
        "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "modify_ldt", "move_pages",
        "name_to_handle_at", "nfsservctl", "open_by_handle_at", "pciconfig_iobase", "pciconfig_read",
        "pciconfig_write", "perf_event_open", "quotactl", "quotactl_fd", "reboot", "request_key",
        "settimeofday", "socketcall", "stime", "swapoff", "swapon", "syslog", "userfaultfd", "vm86", "vm86old",
    )
)  # fmt: skip
ADDED = frozenset(
    (
        "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree",
        "pivot_root", "setdomainname", "sethostname", "setns", "umount", "umount2", "unshare", "chroot",
        "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise",
    )
)  # fmt: skip
"""What systemd, libvirtd and mount(8) call, and a debugger."""
REBOOT = {"names": ["reboot"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": []}
"""EPERM, as the kernel itself says to one without CAP_SYS_BOOT: on that, and on nothing else, systemd's shutdown takes
itself to be in a container and ends. With another answer `reboot` on a lab host leaves it hanging for ever."""

CLONE_NEWUSER = 0x10000000
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET = 1, 2, 10, 16, 17
NETLINK = (0, 4, 9, 10, 12, 15, 16)
"""netlink(7): ROUTE, SOCK_DIAG, AUDIT, FIB_LOOKUP, NETFILTER, KOBJECT_UEVENT, GENERIC; not XFRM, nor CRYPTO."""
IP_UP_TO = 17  # IP, ICMP, IGMP, TCP, UDP
IP_BESIDES = (47, 58, 103, 112, 255)  # GRE, ICMPv6, PIM, VRRP, raw; not SCTP, DCCP, L2TP, UDP-Lite, MPTCP


def profile(capabilities: Iterable[str]) -> dict[str, Any]:
    """The profile for a lab host with these capabilities ("SYS_ADMIN"), as podman takes it (seccomp.json(5))."""
    source = _podmans_own()
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 38,  # ENOSYS: programs go on as with a kernel that does not have it
        "archMap": source["archMap"],
        "syscalls": [*_allowed(source["syscalls"], {f"CAP_{name}" for name in capabilities}), *_narrowed(), REBOOT],
    }


def _podmans_own() -> dict[str, Any]:
    for path in PROFILES:
        try:
            found: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise CannotRun(t("{path} cannot be read: {error}.", path=path, error=error), f"ls -l {path}") from None
        return found
    raise CannotRun(
        t("podman's list of system calls is not there: {path}.", path=PROFILES[-1]),
        install("golang-github-containers-common"),
    )


def _allowed(rules: Iterable[dict[str, Any]], capabilities: set[str]) -> Iterator[dict[str, Any]]:
    """The allowing rules as they stand for these capabilities, without what is refused or narrowed here."""
    ours = REFUSED | NARROWED
    for rule in rules:
        includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
        settled = set(includes.get("caps") or ()) <= capabilities and not set(excludes.get("caps") or ()) & capabilities
        names = [name for name in rule["names"] if name not in ours]
        if rule["action"] == "SCMP_ACT_ALLOW" and settled and names:
            kept = {key: value for key, value in includes.items() if key != "caps"}
            yield {"names": names, "action": "SCMP_ACT_ALLOW", "args": rule.get("args") or [], "includes": kept}
    yield _rule(sorted(ADDED - NARROWED))


NARROWED = frozenset({"clone", "unshare", "socket"})


def _narrowed() -> Iterator[dict[str, Any]]:
    no_user_namespace = {"index": 0, "value": CLONE_NEWUSER, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    yield _rule(["clone", "unshare"], no_user_namespace)
    for family in (AF_UNIX, AF_PACKET):
        yield _rule(["socket"], _equal(0, family))
    for protocol in NETLINK:
        yield _rule(["socket"], _equal(0, AF_NETLINK), _equal(2, protocol))
    for family in (AF_INET, AF_INET6):
        yield _rule(["socket"], _equal(0, family), {"index": 2, "value": IP_UP_TO, "op": "SCMP_CMP_LE"})
        for protocol in IP_BESIDES:
            yield _rule(["socket"], _equal(0, family), _equal(2, protocol))


def _equal(index: int, value: int) -> dict[str, Any]:
    return {"index": index, "value": value, "op": "SCMP_CMP_EQ"}


def _rule(names: list[str], *args: dict[str, Any]) -> dict[str, Any]:
    return {"names": names, "action": "SCMP_ACT_ALLOW", "args": list(args)}
