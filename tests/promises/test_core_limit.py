"""Guests start where this computer allows no core dumps: as under sudo on Debian 13, which sets the limit to 0."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

from kvmlab.slowness import slowness
from tests.conftest import Kvmlab

LAB = "network-default"
pytestmark = pytest.mark.guest


def allow_no_core() -> None:
    """As sudo does for the commands it runs: nobody without privileges can raise it again."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def test_a_guest_starts_where_no_core_may_be_dumped(kvmlab: Kvmlab) -> None:
    argv = [sys.executable, "-m", "kvmlab", "start", LAB]
    pipe = subprocess.PIPE
    within_s = 300 * slowness()
    done = subprocess.run(
        argv, env=kvmlab.environ(), stdout=pipe, stderr=pipe, text=True, timeout=within_s, preexec_fn=allow_no_core
    )
    assert done.returncode == 0, done.stderr
    assert kvmlab("exec", LAB, "--", "virsh", "domstate", "web1").stdout.strip() == "running"
