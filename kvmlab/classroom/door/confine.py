"""What the process that faces the network gives up before it listens: files, other networks, processes, user, rights.

What is refused to us (an ordinary user where user namespaces are switched off) is said, not passed over.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from contextlib import suppress

NOBODY = 65533
"""The user and group it becomes where it was root: of Debian's reserved ones, so nobody's (policy, 9.2.2)."""
_NEW_USER, _NEW_PID, _NEW_NET, _NEW_IPC, _NEW_UTS = 0x10000000, 0x20000000, 0x40000000, 0x08000000, 0x04000000
_PDEATHSIG, _DUMPABLE, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 4, 24, 38  # linux/prctl.h
_MEMORY = 2 * 1024**3  # bytes of addresses


def confine(empty: str) -> list[str]:
    """Give it all up; what could not be given up, by its name. `empty`: a directory with nothing in it.

    The process that goes on is another one (fork(2)): the caller's waits for its end and ends likewise.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    root, left = os.geteuid() == 0, []
    if libc.unshare((0 if root else _NEW_USER) | _NEW_PID | _NEW_NET | _NEW_IPC | _NEW_UTS):
        left.append("namespaces")
    else:
        _go_on_in_another()
    try:
        os.chroot(empty)
        os.chdir("/")
    except OSError:
        left.append("files")
    for number in range(64):
        if libc.prctl(_CAPBSET_DROP, number, 0, 0, 0):
            break
    if root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()  # capset(2), version 3
    if libc.capset(header, none) or libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "capset, no_new_privs")
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_NPROC: 0, resource.RLIMIT_AS: _MEMORY}
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    return left


def _go_on_in_another() -> None:
    """The first process of the new namespace for processes; ours stays behind only to end as it does."""
    child = os.fork()
    if child:
        signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
