"""Did you mean."""

from __future__ import annotations

import time

from kvmlab.nearest import nearest


def test_the_nearest_and_never_itself() -> None:
    assert nearest("brige", ["bond0", "bridge", "brctl"]) == "bridge"
    assert nearest("web1", ["web1", "web2"]) == "web2"
    assert nearest("zzz", ["bridge"]) is None and nearest("", []) is None


def test_a_host_full_of_long_names_costs_little() -> None:
    began = time.monotonic()
    assert nearest("x" * 100_000, (f"{number:0100}" for number in range(100_000))) is None
    assert time.monotonic() - began < 10
