"""However a verb ends, and whatever its threads are doing then, the exit status is one of the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# A daemon thread that is in Python below cryptography's Rust, as while an SSH connection is being made, and asks
# for the interpreter's lock again and again; and something that takes its time when modules are destroyed.
BUSY = """
import sys, threading, time
from cryptography.hazmat.primitives import hashes
from kvmlab.cli import main
from kvmlab.cli.verbs import overview
from kvmlab.errors import CannotRun, KvmlabError

entered = threading.Event()

class Napping(hashes.HashAlgorithm):
    digest_size = block_size = 32

    @property
    def name(self):
        entered.set()
        while True:
            time.sleep(0.001)

class Slow:
    def __del__(self, sleep=time.sleep):
        sleep(0.1)

sys.slow = Slow()
threading.Thread(target=lambda: hashes.Hash(Napping()), daemon=True).start()
assert entered.wait(10)

def run(args, ctx):
    print("done")
    ENDING

overview.run = run
sys.argv = ["kvmlab"]
raise SystemExit(main.main())
"""

ENDINGS = {
    "return 0": 0,
    "return 1": 1,
    "raise CannotRun('no')": 3,
    "raise KeyboardInterrupt": 130,
    "raise SystemExit(2)": 2,
    "raise ZeroDivisionError": 70,
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("debug", ["", "1"])
def test_a_busy_ssh_thread_changes_nothing_about_the_exit_status(tmp_path: Path, ending: str, debug: str) -> None:
    env = {"KVMLAB_STATE": str(tmp_path), "PYTHONPATH": str(REPOSITORY), "KVMLAB_DEBUG": debug}
    argv = [sys.executable, "-c", BUSY.replace("ENDING", ending)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == ENDINGS[ending], done
    assert done.stdout == "done\n"
    assert "FATAL" not in done.stderr
    assert ("Traceback" in done.stderr) == bool(debug and ending.endswith("ZeroDivisionError"))
