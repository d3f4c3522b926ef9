"""Saved guests: found when whole, and never used when stale or damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kvmlab.paths import State
from kvmlab.setup import saved_guests


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def keep(state: State, key: str = "k1") -> Path:
    fresh = state.root / "fresh"
    fresh.mkdir()
    (fresh / "disk.qcow2").write_bytes(b"disk" * 1000)
    (fresh / "memory").write_bytes(b"memory" * 1000)
    return saved_guests.keep(state, key, fresh).folder


def test_what_was_kept_is_found(state: State) -> None:
    folder = keep(state)
    found = saved_guests.find(state, "k1")
    assert found is not None
    assert (found.folder, found.has_memory) == (folder, True)
    assert saved_guests.find(state, "k2") is None


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone", "no manifest", "empty manifest", "manifest of junk"])
def test_a_damaged_one_is_removed_and_not_used(state: State, damage: str, seen_before: bool) -> None:
    folder = keep(state)
    if seen_before:
        assert saved_guests.find(state, "k1") is not None
    memory = folder / "memory"
    manifest = folder / "manifest.json"
    match damage:
        case "cut":
            memory.write_bytes(memory.read_bytes()[:-1])
        case "flip":
            memory.write_bytes(b"M" + memory.read_bytes()[1:])
        case "gone":
            memory.unlink()
        case "no manifest":
            manifest.unlink()
        case "empty manifest":
            manifest.write_text("{}")
        case "manifest of junk":
            manifest.write_text("[1, 2")
    assert saved_guests.find(state, "k1") is None
    assert not folder.exists()


def test_damage_that_keeps_size_and_times_is_noticed(state: State) -> None:

    memory = keep(state) / "memory"
    assert saved_guests.find(state, "k1") is not None
    before = memory.stat()
    with memory.open("r+b") as stream:
        stream.write(b"M")
    os.utime(memory, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert saved_guests.find(state, "k1") is None


def test_the_key_depends_on_every_part_and_on_their_borders() -> None:
    keys = {
        saved_guests.key_of("a", "b"),
        saved_guests.key_of("ab", ""),
        saved_guests.key_of("a", "c"),
        saved_guests.key_of("b", "a"),
    }
    assert len(keys) == 4


def test_the_key_depends_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    here = saved_guests.key_of("a")
    monkeypatch.setattr(saved_guests, "processor", lambda: "another one")
    assert saved_guests.key_of("a") != here


def test_only_the_oldest_are_forgotten(state: State) -> None:

    for number in range(5):
        os.utime(keep(state, f"k{number}"), (number, number))
    saved_guests.forget_others(state, ["k0"], most=2)
    assert sorted(path.name for path in state.saved.iterdir()) == ["k0", "k3", "k4"]


def test_what_was_used_lately_is_kept_whatever_the_number(state: State) -> None:

    for number in range(3):
        os.utime(keep(state, f"k{number}"), (number, number))
    assert saved_guests.find(state, "k1")
    saved_guests.forget_others(state, [], most=0)
    assert [path.name for path in state.saved.iterdir()] == ["k1"]
