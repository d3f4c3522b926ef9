"""Importing the vocabulary costs milliseconds: every `kvmlab check` is a new process."""

import subprocess
import sys

HEAVY = {
    "libvirt", "paramiko", "jinja2", "markdown_it", "rich", "asyncio", "importlib.metadata", "inspect", "dataclasses",
    "difflib", "subprocess", "threading", "traceback", "logging", "argparse",
}  # fmt: skip


def test_nothing_heavy_is_loaded() -> None:
    code = "import sys; before = set(sys.modules); import kvmlab.checks; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())
