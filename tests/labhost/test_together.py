"""All lab hosts of a state directory are held together, in either version of cgroups; what is not, is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kvmlab.errors import CannotRun
from kvmlab.labhost import cgroups, holding
from kvmlab.labhost.confinement import own_options
from kvmlab.labhost.holding import hold_together, let_go, require_room, tried
from kvmlab.labhost.own_limits import OwnLimits, limits_of, set_limits
from kvmlab.labhost.podman import Podman
from kvmlab.labhost.together import Held, held
from kvmlab.paths import State

LIMITS = OwnLimits(all_memory_mib=700, all_processes=400, all_cpu_weight=50)
HELD = Held(210, 700, 37, 400, 50)
FILES: dict[int, dict[str, dict[str, object]]] = {
    1: {
        "memory": {"memory.limit_in_bytes": 2**63 - 4096, "memory.memsw.limit_in_bytes": 2**63 - 4096,
                   "memory.usage_in_bytes": 210 * 2**20,
                   "memory.stat": f"total_active_file {2**20}\ntotal_inactive_file {9 * 2**20}\nactive_file 7"},
        "pids": {"pids.max": "max", "pids.current": 37},
        "cpu": {"cpu.shares": 1024},
    },
    2: {
        "memory": {"memory.max": "max", "memory.swap.max": "max", "memory.current": 210 * 2**20,
                   "memory.stat": f"anon 5\nactive_file {2**20}\ninactive_file {9 * 2**20}"},
        "pids": {"pids.max": "max", "pids.current": 37},
        "cpu": {"cpu.weight": 100},
    },
}  # fmt: skip


class Computer:
    """A computer with a tree of cgroups, in which the folder of a state directory is there as the kernel makes it."""

    def __init__(self, tmp_path: Path, version: int) -> None:
        self.tree, self.version, self.state = tmp_path / "cgroups", version, State(tmp_path / "state")
        if version == 2:
            self.tree.mkdir()
            (self.tree / "cgroup.controllers").touch()

    def folder(self, controller: str, above: str = "") -> Path:
        return self.tree / (controller if self.version == 1 else "") / (above or f"kvmlab/{self.state.tag}")

    def fill(self, folder_of: str = "") -> None:
        for controller, files in FILES[self.version].items():
            folder = self.folder(controller, folder_of)
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_text(f"{content}\n")

    def runs(self, proc: Path, above: str) -> None:
        """A lab host with process 7."""
        lines = [f"{number}:{one}:/{above}/libpod-1" for number, one in enumerate(FILES[1], 1)]
        (proc / "7").mkdir(parents=True)
        (proc / "7/cgroup").write_text("\n".join(lines) if self.version == 1 else f"0::/{above}/libpod-1")
        for controller in FILES[1]:
            inside = self.folder(controller, above) / "libpod-1"
            inside.mkdir(exist_ok=True)
            (inside / f"{controller}.max").touch()


@pytest.fixture(params=[1, 2])
def computer(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    found = Computer(tmp_path, request.param)
    monkeypatch.setattr(cgroups, "CGROUPS", found.tree)
    monkeypatch.setattr(cgroups, "PROC", tmp_path / "proc")
    monkeypatch.setattr(holding, "_by_systemd", lambda state, podman: False)
    return found


def test_the_limits_stand_above_the_lab_hosts(computer: Computer, tmp_path: Path) -> None:
    state, above = computer.state, f"kvmlab/{computer.state.tag}"
    assert hold_together(state, Podman()) == [] and not computer.folder("memory").exists()
    computer.fill()
    computer.runs(tmp_path / "proc", above)
    set_limits(state, LIMITS)
    assert hold_together(state, Podman()) == [f"--cgroup-parent=/{above}"]
    assert held(state.tag, 7) == HELD
    if computer.version == 2:
        assert (computer.folder("memory") / "memory.swap.max").read_text() == "0"
        assert (computer.tree / "kvmlab/cgroup.subtree_control").exists()
    else:
        assert (computer.folder("memory") / "memory.memsw.limit_in_bytes").read_text().strip() == str(700 * 2**20)
    set_limits(state, OwnLimits(all_processes=300))
    hold_together(state, Podman())
    found = held(state.tag, 7)
    assert found and found.most_processes == 300 and found.most_memory_mib is None and found.cpu_weight == 100
    assert held("another", 7) is None and held(state.tag, 8) is None


def test_a_limit_below_what_is_taken_ends_nothing(computer: Computer) -> None:
    """What the kernel keeps of files, 10 of 210 MiB here, is not taken."""
    computer.fill()
    for most, refused in ((199, True), (200, False)):
        set_limits(computer.state, OwnLimits(all_memory_mib=most))
        if refused:
            with pytest.raises(CannotRun, match="200 MiB together, and may take 199"):
                hold_together(computer.state, Podman())
        else:
            assert hold_together(computer.state, Podman())
    file = "memory.max" if computer.version == 2 else "memory.limit_in_bytes"
    assert (computer.folder("memory") / file).read_text().strip() == str(200 * 2**20)


def test_another_lab_host_has_to_have_room(computer: Computer) -> None:
    computer.fill()
    require_room(computer.state, Podman(), 10_000)
    set_limits(computer.state, LIMITS)
    require_room(computer.state, Podman(), 500)
    with pytest.raises(CannotRun, match="501 more are needed"):
        require_room(computer.state, Podman(), 501)


def test_its_folder_goes_when_nothing_is_in_it(computer: Computer) -> None:
    folder = computer.folder("memory")
    (folder / "conmon").mkdir(parents=True)
    (folder / "libpod-1").mkdir()
    let_go(computer.state.tag)
    assert folder.exists()
    (folder / "libpod-1").rmdir()
    let_go(computer.state.tag)
    assert not folder.exists() and folder.parent.exists()


def test_what_this_computer_cannot_hold_is_told(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In folders that no kernel fills nothing is held; and in a tree that is not ours none is made."""
    nothing = {"memory": False, "processes": False, "processor": False}
    assert tried(computer.state, Podman(), LIMITS) == nothing
    computer.tree.mkdir(exist_ok=True)
    set_limits(computer.state, LIMITS)

    def refuses(path: Path, **_: object) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(Path, "mkdir", refuses)
    assert tried(computer.state, Podman(), OwnLimits(all_processes=300)) == {"processes": False}
    assert hold_together(computer.state, Podman()) == []


def test_where_systemd_makes_cgroups_it_is_told_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemctl(1) is asked, and the slice's own files are read."""
    computer, asked = Computer(tmp_path, 2), list[tuple[str, ...]]()
    monkeypatch.setattr(cgroups, "CGROUPS", computer.tree)
    monkeypatch.setattr(holding, "_by_systemd", lambda state, podman: True)

    def systemctl(argv: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        words = [word for word in argv if word != "--user"]
        asked.append(tuple(words[1:]))
        slice_name = next(word for word in words if word.endswith(".slice"))
        return subprocess.CompletedProcess(argv, 0, f"/kvmlab.slice/{slice_name}\n" if words[1] == "show" else "", "")

    monkeypatch.setattr(subprocess, "run", systemctl)
    name = f"kvmlab-{computer.state.tag}.slice"
    computer.fill(f"kvmlab.slice/{name}")
    set_limits(computer.state, LIMITS)
    assert hold_together(computer.state, Podman()) == [f"--cgroup-parent={name}"]
    assert (
        "set-property",
        "--runtime",
        name,
        "MemoryMax=700M",
        "MemorySwapMax=0",
        "TasksMax=400",
        "CPUWeight=50",
    ) in asked
    assert not (computer.folder("memory", f"kvmlab.slice/{name}") / "memory.max").read_text().strip().isdigit()
    with pytest.raises(CannotRun):
        require_room(computer.state, Podman(), 501)
    asked.clear()
    assert tried(computer.state, Podman(), LIMITS) == {"memory": False, "processes": False, "processor": False}
    assert [one[0] for one in asked][-2:] == ["stop", "revert"] and not any(name in one for one in asked)


def test_of_one_lab_host_what_podman_can_limit() -> None:
    limits, usual = OwnLimits(memory_mib=700, disk_gib=3), ("--memory=4096m", "--memory-swap=4096m")
    assert own_options(limits, usual) == ["--memory=700m", "--memory-swap=700m"]
    assert own_options(limits, (*usual, "--storage-opt=size=20g"))[-1] == "--storage-opt=size=3g"
    few = ("--pids-limit=2048",)
    assert own_options(LIMITS, few) == ["--pids-limit=336"]
    assert own_options(OwnLimits(all_processes=5000), few) == list(few)
    assert own_options(limits, few) == [] == own_options(OwnLimits(), usual)


@pytest.mark.parametrize("text", ["[]", '{"memory_mib": -1}', '{"memory_mib": true}', '{"else": 1}', "{"])
def test_a_damaged_file_is_no_limit(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    state = State(tmp_path / "state")
    set_limits(state, LIMITS)
    (state.root / "limits.json").write_text(text)
    assert limits_of(state) == OwnLimits() and "limits.json is damaged" in capsys.readouterr().err
    set_limits(state, OwnLimits(memory_mib=300))
    assert limits_of(state).memory_mib == 300 and not limits_of(state).together
