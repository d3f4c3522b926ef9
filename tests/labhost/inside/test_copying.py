"""pack and wake: what has changed on one lab host goes to another. Here both are this computer, below a folder."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.labhost.inside.programs import INSIDE, load

HOLD = "import sys, time; stream = open(sys.argv[1], 'r+'); print(flush=True); time.sleep(600)"


def packed(*paths: Path | str) -> tuple[list[str], dict[str, Any]]:
    """The members of what `pack` packs, in order, and what it says."""
    names = b"".join(os.fsencode(path) + b"\0" for path in paths)
    argv = [sys.executable, "-IS", str(INSIDE / "pack")]
    done = subprocess.run(argv, input=names, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    with tarfile.open(fileobj=io.BytesIO(done.stdout), ignore_zeros=True) as archive:
        return ["/" + member.name for member in archive], json.loads(done.stderr.splitlines()[-1])


@pytest.fixture
def qemu(tmp_path: Path) -> Iterator[Any]:
    """Begins a process by the name of a qemu that has a file open for writing."""
    running = []
    program = tmp_path / "qemu-system"
    shutil.copy(os.path.realpath("/usr/bin/python3"), program)

    def hold(path: Path) -> None:
        argv = [str(program), "-IS", "-c", HOLD, str(path)]
        running.append(subprocess.Popen(argv, stdout=subprocess.PIPE))
        assert running[-1].stdout is not None and running[-1].stdout.readline() == b"\n"

    yield hold
    for process in running:
        process.kill()
        process.communicate()


def test_disks_come_last_and_sockets_not_at_all(tmp_path: Path, qemu: Any) -> None:
    disk, note, folder, listening = (tmp_path / name for name in ("disk", "note", "folder", "listening"))
    disk.write_text("disk")
    note.write_text("note")
    folder.mkdir()
    os.utime(disk, (1, 1))
    qemu(disk)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(listening))
        members, said = packed(disk, note, listening, folder, tmp_path / "gone", "/srv/kvmlab/x")
    assert members == [str(note), str(folder), str(disk)]
    assert (said["unsynced"], said["restless"], said["trouble"]) == ([], [], "")


def test_a_disk_that_is_written_to_all_the_time_is_named(tmp_path: Path, qemu: Any) -> None:
    """It is not waited for without end. A time that is ahead is one that no pause comes up to."""
    disk = tmp_path / "disk"
    disk.write_text("disk")
    os.utime(disk, (time.time() + 3600,) * 2)
    qemu(disk)
    _, said = packed(disk)
    assert said["restless"] == [str(disk).lstrip("/")]


@pytest.fixture
def wake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program, with its own folder below `tmp_path`; it unpacks into / what lies below `tmp_path`, too."""
    program = load("wake")
    monkeypatch.setattr(program, "FOLDER", str(tmp_path))
    monkeypatch.setattr(program, "PACKED", str(tmp_path / "packed"))
    monkeypatch.setattr(program, "TAR", [*program.TAR[: program.TAR.index("-f") + 1], str(tmp_path / "packed")])
    return program


def test_a_directory_in_the_way_of_a_file_goes_and_the_other_way_round(tmp_path: Path, wake: Any) -> None:
    there = tmp_path / "there"
    (there / "a" / "b").mkdir(parents=True)
    (there / "c").write_text("a file")
    (there / "same").write_text("old")
    with tarfile.open(tmp_path / "packed", "w") as archive:
        for name, content in (("a", b"new"), ("c", None), ("same", b"new")):
            member = tarfile.TarInfo(f"{there}/{name}".lstrip("/"))
            member.type, member.size = (tarfile.DIRTYPE, 0) if content is None else (tarfile.REGTYPE, len(content))
            archive.addfile(member, io.BytesIO(content or b""))
    wake.make_room()
    wake.unpack()
    assert ((there / "a").read_text(), (there / "same").read_text(), (there / "c").is_dir()) == ("new", "new", True)


def test_what_is_gone_there_goes_here(tmp_path: Path, wake: Any) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    gone = [str(tmp_path / name).encode() for name in ("link", "folder", "never")]
    (tmp_path / "gone").write_bytes(b"\0".join(gone) + b"\0")
    wake.remove_what_is_gone()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gone", "kept"]


def test_an_archive_that_is_none_is_told(tmp_path: Path, wake: Any) -> None:
    (tmp_path / "packed").write_text("no archive " * 100)
    with pytest.raises(SystemExit, match="tar"):
        wake.unpack()
