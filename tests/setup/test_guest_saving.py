"""Guests are saved by as many kvmlabs at once as there are processors, each guest by one, under labels of their own."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from kvmlab.setup import guest_saving
from tests.classroom.machines.computers import until


class Saver(threading.Thread):
    """Holds a turn until it is told to end."""

    def __init__(self, state: State) -> None:
        super().__init__(daemon=True)
        self.state, self.label, self.over = state, "", threading.Event()
        self.start()

    def run(self) -> None:
        with guest_saving._turn_to_save(self.state, Podman()) as self.label:
            self.over.wait()


def test_each_has_a_label_of_its_own_and_the_rest_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swept = []
    monkeypatch.setattr(guest_saving, "sweep", lambda _podman, _state, labels: swept.append(sorted(labels)))
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1})
    state, savers = State(tmp_path / "state"), []
    for number in range(2):
        savers.append(Saver(state))
        assert until(lambda: len(swept) > number)  # noqa: B023
    third = Saver(state)
    assert until(lambda: bool(savers[1].label)) and not until(lambda: bool(third.label), 0.5)
    assert [one.label for one in savers] == ["_saving", "_saving1"]
    savers[0].over.set()
    assert until(lambda: third.label == "_saving")
    assert swept == [["_saving", "_saving1"], ["_saving1"], ["_saving"]], "of one who is at work nothing is removed"
    for one in (savers[1], third):
        one.over.set()
        one.join()


def test_a_guest_is_saved_by_one_at_a_time(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    guests = [cast(Any, SimpleNamespace(key=f"{number:064x}")) for number in (1, 2, 1 + guest_saving._LOCKS)]
    entered = threading.Event()

    def save() -> None:
        with guest_saving._alone_with(state, guests[:1]):
            entered.set()

    with guest_saving._alone_with(state, guests):
        with guest_saving._alone_with(state, [cast(Any, SimpleNamespace(key="3"))]):
            pass
        thread = threading.Thread(target=save)
        thread.start()
        assert not entered.wait(0.3)
    thread.join(5)
    assert entered.is_set()
