"""What was kept and does not hold is dropped and made anew; the user is not sent to do it."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import libvirt
import pytest

from kvmlab.errors import CannotRun
from kvmlab.paths import State
from kvmlab.setup.guests import PlacedGuest, bring_up
from kvmlab.setup.outdated import Outdated, twice

KEPT = ("accelerator.json", "kvm-device.json", "host-image.json")


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path)
    for name in (*KEPT, "podman.json"):
        (state.cache / name).write_text("{}")
    (state.saved / "k1").mkdir()
    (state.saved / "k2").mkdir()
    return state


class Start:
    """A start that ends with each of `ends` in turn, and notes what was kept when it began."""

    def __init__(self, state: State, *ends: Exception | str) -> None:
        self.state, self.ends, self.seen = state, list(ends), []  # type: ignore[var-annotated]

    def __call__(self) -> str:
        self.seen.append({path.name for folder in (self.state.cache, self.state.saved) for path in folder.iterdir()})
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end


def test_the_second_start_believes_nothing_of_what_the_first_failed_with(state: State) -> None:
    start = Start(state, Outdated("web1 cannot be started", ["k1"]), "started")
    assert twice(state, start) == "started"
    before, after = start.seen
    assert {*KEPT, "k1", "k2", "podman.json"} == before
    assert {"k2", "podman.json"} == {name for name in after if ".outdated-" not in name}
    assert any(name.startswith("k1.outdated-") for name in after), "another lab host may have it mounted"


def test_what_fails_twice_is_told(state: State) -> None:
    with pytest.raises(Outdated, match="again") as told:
        twice(state, Start(state, Outdated("once"), Outdated("again")))
    assert told.value.todo == "kvmlab doctor"


def test_other_failures_are_no_reason_to_begin_again(state: State) -> None:
    start = Start(state, CannotRun("no space"), "started")
    with pytest.raises(CannotRun, match="no space"):
        twice(state, start)
    assert len(start.seen) == 1
    assert (state.cache / KEPT[0]).exists()


@pytest.mark.parametrize("has_memory", [True, False])
@pytest.mark.parametrize("call", ["defineXML", "start"])
def test_a_guest_that_libvirt_does_not_take_is_asked_about_again(call: str, has_memory: bool) -> None:
    said = "unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support virt type 'kvm'"
    refusal, connection = libvirt.libvirtError(said), Mock()
    asked = {"defineXML": connection.defineXML, "start": connection.defineXML.return_value.create}
    asked["start"] = connection.restore if has_memory else asked["start"]
    asked[call].side_effect = refusal
    spec = Mock(state="running")
    spec.name = "web1"
    with pytest.raises(Outdated, match=r"web1 cannot be started: .*virt type 'kvm'") as told:
        bring_up(connection, [PlacedGuest(spec, Mock(), "<domain/>", "k1")], {"web1"} if has_memory else set())
    assert told.value.keys == (("k1",) if has_memory else ())
