"""podman's arguments for paths as people have them, and advice that fits the distribution and the trouble."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from kvmlab.disk_space import no_space
from kvmlab.errors import AuthorError, CannotRun, KvmlabError
from kvmlab.images import build
from kvmlab.install_command import install
from kvmlab.labhost import confinement
from kvmlab.labhost.computer import doctor
from kvmlab.labhost.podman import OFFLINE, Podman, bound
from kvmlab.paths import State
from kvmlab.setup.objects import run_setup


@pytest.mark.parametrize("path", ["/a b/state", "/a:b", "/a,b", '/a"b', "/数据"])
def test_a_path_stays_whole(path: str) -> None:
    option = bound(Path(path), "/x", "ro").removeprefix("--mount=")
    assert next(csv.reader([option])) == ["type=bind", f"source={path}", "destination=/x", "ro"]


def test_a_build_knows_neither_network_nor_proxy(tmp_path: Path) -> None:
    podman = Mock(spec=Podman, run_options=())
    podman.attempt.return_value = SimpleNamespace(returncode=0)
    (tmp_path / "made").touch()
    build.put_together(podman, "image", tmp_path, "small", "tag", "true", [], "made")
    argv = podman.attempt.call_args_list[1].args
    assert {"--network=none", "--http-proxy=false"} <= set(argv) and set(OFFLINE) <= set(argv)
    assert bound(tmp_path, "/work") in argv


@pytest.mark.parametrize(
    ("there", "command"),
    [
        ("apt", "sudo apt install podman uidmap"),
        ("dnf", "sudo dnf install podman shadow-utils"),
        ("pacman", "sudo pacman -S podman shadow"),
        ("", "sudo apt install podman uidmap"),
    ],
)
def test_what_installs_a_program_here(monkeypatch: pytest.MonkeyPatch, there: str, command: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == there else None)
    assert install("podman", "uidmap") == command


@pytest.mark.parametrize(("there", "word"), [("grubby", "sudo grubby "), ("update-grub", "grub.d/kvmlab.cfg")])
def test_what_gives_the_kernel_an_argument_here(monkeypatch: pytest.MonkeyPatch, there: str, word: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/sbin/{name}" if name == there else None)
    command = doctor._boot_with("a.b=1")
    assert word in command and "a.b=1" in command
    assert ("grubby" in command) is (there == "grubby")


@pytest.mark.parametrize(
    ("said", "kind", "todo"),
    [
        ("cp: error writing '/a': No space left on device\n", CannotRun, "df -h"),
        ("tee: /a: Disk quota exceeded\ntail\n", CannotRun, "df -h"),
        ("sh: oops: not found\n", AuthorError, "kvmlab lint a-b"),
    ],
)
def test_a_full_disk_is_not_the_labs_author_to_mend(said: str, kind: type[KvmlabError], todo: str) -> None:
    host = Mock()
    host.execute.return_value = SimpleNamespace(returncode=1, stderr=said)
    with pytest.raises(kind) as failed:
        run_setup(host, Mock(setup="x", id="a-b", path="labs/a/b/lab.md"))
    assert failed.value.todo == todo
    assert (no_space(said) is None) == (kind is AuthorError)


def test_an_ordinary_user_is_told_of_a_colon_by_start_and_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """podman overlays nothing from such a path; root's lab hosts need no overlay."""
    folder = tmp_path / "a:b"
    folder.mkdir()
    with pytest.raises(CannotRun, match="colon") as refused:
        confinement.unchangeable(folder, "/x", None)
    assert refused.value.todo.startswith("KVMLAB_STATE=")
    assert confinement.unchangeable(folder, "/x", 100000) == bound(folder, "/x", "ro")
    state = State(folder)
    for uid, levels in ((1000, [doctor.Level.BAD]), (0, [])):
        monkeypatch.setattr(os, "getuid", lambda uid=uid: uid)
        assert [found.level for found in doctor._path(state)] == levels


def test_a_folder_of_hooks_stays_whole(tmp_path: Path) -> None:
    folder = tmp_path / "a,b"
    folder.mkdir()
    (option,) = confinement.own_cgroups(folder, 100000)
    assert next(csv.reader([option.removeprefix("--hooks-dir=")])) == [f"{folder}/hooks"]
