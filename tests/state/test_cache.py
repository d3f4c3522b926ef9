"""Caches: good under their own stamp only, and none whatever is in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.state import cache


def test_a_value_is_good_under_its_stamp_only(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    assert cache.load(path, lambda _: True) is None and cache.stamp_of(path) is None
    cache.save(path, {"kernel": "6.1"}, ["网桥", 1])
    assert cache.load(path, lambda stamp: stamp == {"kernel": "6.1"}) == ["网桥", 1]
    assert cache.load(path, lambda stamp: stamp == {"kernel": "6.2"}) is None
    assert cache.stamp_of(path) == {"kernel": "6.1"}


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "\xff", "[]", "1", "null", '{"for": 1}', '{"found": 1}', '{"for": [], "found": 1}']
)
def test_whatever_is_in_the_file_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "one.json"
    path.write_text(text, encoding="latin-1")
    assert cache.load(path, lambda stamp: stamp["made_by"] == 1) is None
    cache.save(path, {"made_by": 1}, 2)
    assert cache.load(path, lambda stamp: stamp["made_by"] == 1) == 2


def test_one_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    cache.save(tmp_path / "nowhere" / "one.json", 1, 2)
    cache.save(tmp_path, 1, 2)
    assert cache.load(tmp_path, lambda _: True) is None and not (tmp_path / "nowhere").exists()
