"""A lab host weighs more while it is looked at, and where that cannot be, nothing is done."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from kvmlab.labhost import cgroups
from kvmlab.labhost.known_host import IDENTITY, KnownLabHost
from kvmlab.labhost.own_limits import OwnLimits, set_limits
from kvmlab.labhost.preference import NICER, TIMES, preferred
from kvmlab.paths import State
from kvmlab.state.record import write

OWN = "libpod-0123"


class Weighed:
    """A lab host whose first process is in the cgroups `said`, and a tree of cgroups with the weight `file`."""

    def __init__(self, tmp_path: Path, patch: pytest.MonkeyPatch, said: str, file: str, usual: int = 512) -> None:
        self.proc, tree = tmp_path / "proc", tmp_path / "cgroups"
        (self.proc / "7").mkdir(parents=True)
        (self.proc / "7/cgroup").write_text(said)
        self.file = tree / file
        self.file.parent.mkdir(parents=True)
        self.file.write_text(str(usual))
        self.host = KnownLabHost("kvm.a", "1", State(tmp_path / "state"))
        self.host.run_dir.mkdir(parents=True)
        write(self.host.run_dir / IDENTITY, {"first_uid": None, "host_key": "k", "init": "boot/namespace/7/1"})
        patch.setattr(cgroups, "PROC", self.proc)
        patch.setattr(cgroups, "CGROUPS", tree)

    def preferred(self) -> AbstractContextManager[None]:
        return preferred(self.host, self.host.init)

    @property
    def weight(self) -> int:
        return int(self.file.read_text())


LAYOUTS = {
    "version 1": (
        f"4:memory:/x\n5:cpu,cpuacct:/libpod_parent/{OWN}\n0::/",
        f"cpu,cpuacct/libpod_parent/{OWN}/cpu.shares",
    ),
    "version 1, alone": (f"5:cpu:/libpod_parent/{OWN}\n1:cpuset:/", f"cpu/libpod_parent/{OWN}/cpu.shares"),
    "version 2": (f"0::/machine.slice/{OWN}.scope/container/init.scope", f"machine.slice/{OWN}.scope/cpu.weight"),
    "version 2, a name of the lab host's own": (f"0::/a/{OWN}/libpod-mine", f"a/{OWN}/cpu.weight"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_it_weighs_more_in_the_block_and_as_usual_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    weighed = Weighed(tmp_path, monkeypatch, *LAYOUTS[layout], usual=20)
    for _ in range(2):
        with weighed.preferred():
            assert weighed.weight == 20 * TIMES
        assert weighed.weight == 20


def test_the_check_itself_comes_first_where_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed, before = Weighed(tmp_path, monkeypatch, *LAYOUTS["version 2"]), os.getpriority(os.PRIO_PROCESS, 0)
    asked = before
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, before - NICER)
        asked = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, before)
    with weighed.preferred():
        assert os.getpriority(os.PRIO_PROCESS, 0) == asked
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_a_check_that_was_killed_does_not_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed = Weighed(tmp_path, monkeypatch, *LAYOUTS["version 2"])
    killed = weighed.preferred()
    killed.__enter__()
    with weighed.preferred():
        assert weighed.weight == 512 * TIMES
    assert weighed.weight == 512


@pytest.mark.parametrize(
    "said", ["", "0::/", "nonsense", "0::/../libpod-0/x", "5:cpu:/libpod-0/../x", f"0::/gone/{OWN}"]
)
def test_where_nothing_weighs_lab_hosts_the_look_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    weighed = Weighed(tmp_path, monkeypatch, said, LAYOUTS["version 2"][1])
    with weighed.preferred():
        assert weighed.weight == 512
    assert [path.name for path in weighed.host.run_dir.iterdir()] == [IDENTITY]


def test_a_lab_host_that_ends_meanwhile_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed = Weighed(tmp_path, monkeypatch, *LAYOUTS["version 2"])
    with weighed.preferred():
        weighed.file.unlink()
        weighed.file.parent.rmdir()
    assert not weighed.file.exists()


@pytest.mark.parametrize(("above", "mine"), [("{tag}", True), ("kvmlab-{tag}.slice", True), ("machine.slice", False)])
def test_so_do_all_of_its_state_directorys_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, above: str, mine: bool
) -> None:
    """Else the weight of one counts beside its own neighbours only, and not beside another student's."""
    parent = above.format(tag=State(tmp_path / "state").tag)
    weighed = Weighed(tmp_path, monkeypatch, f"0::/x/{parent}/{OWN}", f"x/{parent}/{OWN}/cpu.weight", usual=50)
    (tmp_path / "cgroups/cgroup.controllers").touch()
    together = weighed.file.parent.parent / "cpu.weight"
    together.write_text("100")
    for weight in (30, 0):
        set_limits(weighed.host.state, OwnLimits(all_cpu_weight=weight))
        usual = weight if mine and weight else int(together.read_text())
        with weighed.preferred():
            assert weighed.weight == 50 * TIMES
            assert int(together.read_text()) == (usual * TIMES if mine and weight else usual)
        assert int(together.read_text()) == usual
