"""Work in a copy of this process, which may be killed: no Python is started for it, and nothing is imported anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import NoReturn

from kvmlab import killpoints
from kvmlab.slowness import slowness

LONGEST_S = 300


def forked(work: Callable[[], int], die_at: str = "") -> subprocess.CompletedProcess[str]:
    """What came of `work`, which gives an exit status; with `die_at` it kills itself at that step.

    One that hangs is ended by SIGALRM.
    """
    longest_s = round(LONGEST_S * slowness())
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            signal.alarm(longest_s)
            _become(work, die_at, out.fileno(), err.fileno())
        _, ended = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([], os.waitstatus_to_exitcode(ended), out.read(), err.read())


def _become(work: Callable[[], int], die_at: str, out: int, err: int) -> NoReturn:
    """Be the copy: nothing of what the tests' process would do at its end is done."""
    status = 70
    try:
        sys.stdout = open(os.dup2(out, 1), "w")  # noqa: PTH123, SIM115
        sys.stderr = open(os.dup2(err, 2), "w")  # noqa: PTH123, SIM115
        killpoints._DIE_AT = die_at
        status = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
