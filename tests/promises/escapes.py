"""What root on a lab host tries in order to get out of it. Runs there, with Python's standard library alone.

Prints one JSON object: the name of each try, and what came of it: "refused: ERRNO" or "done". Each try is one that
works for real root, or would where nothing stood in its way.
"""

import ctypes
import errno
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable

libc = ctypes.CDLL(None, use_errno=True)
BPF, KEYCTL, ADD_KEY, REQUEST_KEY, PERF, USERFAULTFD = 321, 250, 248, 249, 298, 323
IO_URING, KEXEC, INIT_MODULE, SWAPON, OPEN_BY_HANDLE, CLONE3, UNSHARE = 425, 246, 175, 167, 304, 435, 272
FANOTIFY, QUOTACTL, SETTIMEOFDAY, IOPL, SYSLOG = 300, 179, 164, 172, 103
SAVED = "/srv/kvmlab/guests/web1"
Try = Callable[[], object]


def call(number: int, *args: object) -> None:
    """One system call (x86-64)."""
    if libc.syscall(number, *args) < 0:
        raise OSError(ctypes.get_errno(), "")


def write(path: str, text: str) -> None:
    """As a shell's `>` does, but nothing is made that is not there."""
    with open(os.open(path, os.O_WRONLY), "w") as stream:
        stream.write(text)


def run(*argv: str) -> None:
    """A command; a failing one is a refusal."""
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise OSError(errno.EPERM, done.stderr)


def mounted_anew(path: str) -> None:
    """Made writable, if it can be."""
    subprocess.run(["mount", "-o", "remount,bind,rw", path], capture_output=True)


def handle_of_the_disks_root() -> None:
    """The directory of inode 2 on the file system outside, through a folder of it that is mounted here."""
    handle = struct.pack("=IiII", 8, 1, 2, 0)
    mount = os.open(SAVED, os.O_RDONLY)
    call(OPEN_BY_HANDLE, mount, ctypes.c_char_p(handle), os.O_RDONLY)


def release_agent() -> None:
    """A cgroup hierarchy whose agent the kernel would run outside, as root."""
    os.makedirs("/tmp/hierarchy", exist_ok=True)
    for kind in ("devices", "memory", "pids", "freezer", "none,name=mine"):
        mount = ["mount", "-t", "cgroup", "-o", kind, kind, "/tmp/hierarchy"]
        if not subprocess.run(mount, capture_output=True).returncode:
            break
    write("/tmp/hierarchy/release_agent", "/bin/true")


def core_pattern() -> None:
    """A program that the kernel would run outside when something crashes."""
    mounted_anew("/proc/sys")
    write("/proc/sys/kernel/core_pattern", "|/bin/true")


def a_device_of_the_disk() -> None:
    """A node of our own for the disk outside."""
    os.mknod("/tmp/disk", 0o600 | 0o060000, os.makedev(254, 0))
    os.open("/tmp/disk", os.O_RDONLY)


def the_saved_guests_disk() -> None:
    """What the next start of this and other labs would begin from."""
    mounted_anew(SAVED)
    write(f"{SAVED}/disk.qcow2", "mine")


def the_saved_guests_folder() -> None:
    """Another one in its place."""
    mounted_anew(SAVED)
    os.rename(f"{SAVED}/disk.qcow2", f"{SAVED}/old")


def the_computers_processor() -> None:
    """One processor less for everybody."""
    run("mount", "-o", "remount,bind,rw", "/sys")
    write("/sys/devices/system/cpu/cpu1/online", "0")


def the_computers_disk_queue() -> None:
    """Slower disks for everybody."""
    mounted_anew("/sys")
    disks = (f"/sys/class/block/{name}/queue/nr_requests" for name in sorted(os.listdir("/sys/class/block")))
    write(next(path for path in disks if os.path.exists(path)), "4")


def sysrq() -> None:
    """The computer's own panic button."""
    write("/proc/sysrq-trigger", "h")


def its_own_limits() -> None:
    """More memory than it was given."""
    for path in ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"):
        if os.path.exists(path):
            write(path, "99999999999")
            return
    raise OSError(errno.ENOENT, "")


def a_socket(family: int, kind: int = socket.SOCK_DGRAM, protocol: int = 0) -> Try:
    """A socket of a family that has broken kernels."""
    return lambda: socket.socket(family, kind, protocol)


def the_abstract_socket_outside() -> None:
    """One that listens outside, in another network namespace."""
    socket.socket(socket.AF_UNIX).connect(f"\0{sys.argv[2]}")


def a_program_outside() -> None:
    """A process that is not of this lab host."""
    own = str(os.getpid())
    for pid in os.listdir("/proc"):
        if pid.isdigit() and pid != own:
            with open(f"/proc/{pid}/cmdline") as stream:
                if sys.argv[1] in stream.read():
                    return
    raise OSError(errno.ESRCH, "")


TRIES: dict[str, Try] = {
    "open_by_handle_at of the disk outside": handle_of_the_disks_root,
    "release_agent": release_agent,
    "core_pattern": core_pattern,
    "sysrq-trigger": sysrq,
    "a node of the disk outside": a_device_of_the_disk,
    "a loop device": lambda: run("losetup", "--find", "--show", "/etc/hostname"),
    "writing a saved guest's disk": the_saved_guests_disk,
    "replacing a saved guest's disk": the_saved_guests_folder,
    "a processor of the computer": the_computers_processor,
    "a disk queue of the computer": the_computers_disk_queue,
    "debugfs": lambda: run("mount", "-t", "debugfs", "none", "/mnt"),
    "tracefs": lambda: run("mount", "-t", "tracefs", "none", "/mnt"),
    "its own limits": its_own_limits,
    "the kernel's log": lambda: call(SYSLOG, 3, ctypes.create_string_buffer(4096), 4096),
    "the clock": lambda: call(SETTIMEOFDAY, ctypes.c_char_p(struct.pack("qq", 1, 0)), None),
    "I/O ports": lambda: call(IOPL, 3),
    "bpf": lambda: call(BPF, 0, ctypes.create_string_buffer(128), 128),
    "keyctl": lambda: call(KEYCTL, 0, -3, 0),
    "add_key": lambda: call(ADD_KEY, b"user", b"kvmlab", b"x", 1, -3),
    "request_key": lambda: call(REQUEST_KEY, b"user", b"kvmlab", None, -3),
    "perf_event_open": lambda: call(PERF, ctypes.create_string_buffer(struct.pack("II", 1, 112), 112), 0, -1, -1, 0),
    "userfaultfd": lambda: call(USERFAULTFD, 0),
    "io_uring": lambda: call(IO_URING, 8, ctypes.create_string_buffer(120)),
    "kexec_load": lambda: call(KEXEC, 0, 0, None, 0),
    "init_module": lambda: call(INIT_MODULE, None, 0, b""),
    "swapon": lambda: call(SWAPON, b"/etc/hostname", 0),
    "quotactl": lambda: call(QUOTACTL, 0x800001 << 8, None, 0, None),
    "fanotify": lambda: call(FANOTIFY, 0, 0),
    "a user namespace": lambda: call(UNSHARE, 0x10000000),
    "clone3": lambda: call(CLONE3, ctypes.create_string_buffer(88), 88),
    "AF_ALG": a_socket(38, socket.SOCK_SEQPACKET),
    "AF_RXRPC": a_socket(33),
    "AF_VSOCK": a_socket(40, socket.SOCK_STREAM),
    "AF_KEY": a_socket(15, socket.SOCK_RAW, 2),
    "AF_CAN": a_socket(29, socket.SOCK_RAW, 1),
    "AF_TIPC": a_socket(30, socket.SOCK_RDM),
    "NETLINK_XFRM": a_socket(16, socket.SOCK_RAW, 6),
    "NETLINK_CRYPTO": a_socket(16, socket.SOCK_RAW, 21),
    "SCTP": a_socket(2, socket.SOCK_STREAM, 132),
    "L2TP": a_socket(2, socket.SOCK_DGRAM, 115),
    "an abstract socket outside": the_abstract_socket_outside,
    "a process outside": a_program_outside,
}


def tried(attempt: Try) -> str:
    """What came of it."""
    try:
        attempt()
    except OSError as error:
        return f"refused: {errno.errorcode.get(error.errno or 0, error.errno)}"
    return "done"


if __name__ == "__main__":
    print(json.dumps({name: tried(attempt) for name, attempt in TRIES.items()}))
