"""Importing the vocabulary costs milliseconds: every `kvmlab check` is a new process."""

import statistics
import subprocess
import sys
import time

HEAVY = {
    "libvirt", "paramiko", "jinja2", "markdown_it", "rich", "asyncio", "importlib.metadata", "inspect", "dataclasses",
    "difflib", "subprocess", "threading", "traceback", "logging", "argparse",
}  # fmt: skip


def test_nothing_heavy_is_loaded() -> None:
    code = "import sys; before = set(sys.modules); import kvmlab.checks; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_it_costs_less_than_a_few_empty_pythons() -> None:
    def median(code: str) -> float:
        times = []
        for _ in range(7):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    median("import kvmlab.checks")  # its bytecode is written now, where that is allowed
    assert median("import kvmlab.checks") < 6 * median("pass")
