"""A build that failed or was killed: the next try finds what was ready, and of another boot or another user nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from kvmlab.errors import CannotRun
from kvmlab.images import debian, unfinished
from kvmlab.images.debian import mmdebstrap
from kvmlab.images.recipe import Quiet
from kvmlab.images.unfinished import Packages, once, shown_in

DOWNLOADS = """
archives=$TMPDIR/mmdebstrap.1/var/cache/apt/archives
mkdir -p $archives/partial
echo whole >$archives/one.deb; echo half >$archives/partial/two.deb
echo 'Get:1 one' >&2
while ! [ -e $TMPDIR/packages/one.deb ]; do sleep 0.05; echo 'Get:2 two' >&2; done
"""
FAILS = f"{DOWNLOADS} rm -r $TMPDIR/mmdebstrap.1; echo 'E: the network is gone' >&2; exit 1"
KILLED = f"{DOWNLOADS} kill -9 $PPID; exit 1"
SHOWS = """
for word in "$@"; do case $word in --setup-hook=*) hook=${word#--setup-hook=} ;; esac; done
mkdir -p $TMPDIR/mmdebstrap.2
[ -z "${hook:-}" ] || sh -euc "$hook" sh $TMPDIR/mmdebstrap.2
find $TMPDIR/mmdebstrap.2 -name '*.deb' -exec basename {} \\;
"""


class Builds:
    """mmdebstrap as a script, and builds with it in a place of their own."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self._tar = tmp_path / "place", tmp_path / "root.tar"
        self._program = tmp_path / "bin/mmdebstrap"
        for folder in (self.place, self._program.parent):
            folder.mkdir()
        monkeypatch.setenv("PATH", f"{self._program.parent}:{os.environ['PATH']}")
        monkeypatch.setattr(debian, "PLACE", self.place)
        monkeypatch.setattr(Packages, "NOTE_S", 0)

    def build(self, script: str) -> str:
        """What the script has printed, asked for a package."""
        return self.run(script, "one")

    def run(self, script: str, *packages: str) -> str:
        """What it has printed, asked for these packages."""
        self._program.write_text(f"#!/bin/sh\n{script}\n")
        self._program.chmod(0o755)
        mmdebstrap(self._tar, ["--variant=minbase"], packages, Quiet(), "building")
        return self._tar.read_text()

    @property
    def left(self) -> list[str]:
        """Below the place, in a folder of packages that are kept."""
        return sorted(path.name for path in self.place.glob(f"{Packages.PREFIX}*/*"))


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builds:
    return Builds(tmp_path, monkeypatch)


def test_the_next_try_has_the_packages_of_one_that_failed(builds: Builds) -> None:
    with pytest.raises(CannotRun, match="the network is gone"):
        builds.build(FAILS)
    assert builds.left == ["one.deb"]  # and not what was half there
    assert builds.build(SHOWS) == "one.deb\n"
    assert list(builds.place.iterdir()) == []


def test_the_next_try_has_the_packages_of_one_that_was_killed(builds: Builds) -> None:
    child = os.fork()
    if child == 0:
        try:
            builds.build(KILLED)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
    assert builds.build(SHOWS) == "one.deb\n"
    assert list(builds.place.iterdir()) == []


def test_a_second_failure_loses_nothing(builds: Builds) -> None:
    for _ in range(2):
        with pytest.raises(CannotRun):
            builds.build(FAILS)
    with pytest.raises(CannotRun):
        builds.build("exit 1")
    assert builds.left == ["one.deb"]


def test_two_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    def begun(name: str) -> tuple[Packages, Path]:
        (tmp_path / name).mkdir()
        packages = Packages(tmp_path / name)
        packages.take()
        return packages, tmp_path / name / "packages"

    failing = [begun("host"), begun("small")]
    for number, (packages, folder) in enumerate(failing):
        (folder / f"{number}.deb").write_text("whole")
        packages.leave()
    both = [begun("host-again"), begun("small-again")]
    both[0][0].drop()  # it has ended well, while the other is still at it
    assert sorted(path.name for path in both[1][1].iterdir()) == ["0.deb", "1.deb"]
    assert list(tmp_path.glob(f"{Packages.PREFIX}*")) == []


def test_packages_of_another_boot_are_not_believed(builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun):
        builds.build(FAILS)
    monkeypatch.setattr(unfinished, "boot", lambda: "another-boot")
    assert builds.build(SHOWS) == ""
    assert list(builds.place.iterdir()) == []


def test_packages_that_others_may_have_put_there_are_not_believed(builds: Builds) -> None:
    with pytest.raises(CannotRun):
        builds.build(FAILS)
    (kept,) = builds.place.iterdir()
    kept.chmod(0o777)
    assert builds.build(SHOWS) == ""
    shutil.move(kept, builds.place / "elsewhere")
    kept.symlink_to(builds.place / "elsewhere")
    assert builds.build(SHOWS) == ""


def test_what_has_no_packages_takes_none_and_leaves_those_there_are(builds: Builds) -> None:
    with pytest.raises(CannotRun):
        builds.build(FAILS)
    assert builds.run(SHOWS) == ""
    assert builds.left == ["one.deb"]


def test_a_finished_step_is_done_once(tmp_path: Path) -> None:
    done: list[str] = []

    def make(half: Path) -> None:
        done.append(half.stem)
        half.write_text("whole")

    def build(*, ends_well: bool) -> None:
        with unfinished.unfinished(tmp_path, "small", "123") as kept:
            once(kept / "unpack.tar", make)
            if not ends_well:
                raise CannotRun("the network is gone")
            shown_in(tmp_path, once(kept / "install.tar", make))

    with pytest.raises(CannotRun):
        build(ends_well=False)
    build(ends_well=True)
    assert done == ["unpack.tar", "install.tar"]
    assert [path.name for path in tmp_path.iterdir()] == ["install.tar"]


def test_a_step_that_was_cut_off_is_done_again_and_an_older_recipe_is_forgotten(tmp_path: Path) -> None:
    def cut_off(half: Path) -> None:
        half.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), unfinished.unfinished(tmp_path, "small", "123") as kept:
        once(kept / "root.tar", cut_off)
    with pytest.raises(KeyboardInterrupt), unfinished.unfinished(tmp_path, "small", "123") as kept:
        assert once(kept / "root.tar", lambda half: half.write_text("whole")).read_text() == "whole"
        raise KeyboardInterrupt
    with unfinished.unfinished(tmp_path, "small", "456") as kept:
        assert list(kept.iterdir()) == []
        assert [path.name for path in tmp_path.iterdir()] == [kept.name]
