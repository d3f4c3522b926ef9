"""Class servers: who is placed where, stays there, and is moved only when the instructor says so."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.classroom.folder import Class
from kvmlab.classroom.gradebook.records import ServerPlace
from kvmlab.classroom.machines.inventory import Machine
from kvmlab.classroom.machines.servers import Room, placed, server_of
from kvmlab.classroom.roster.student import Student
from tests.classroom.conftest import LAB, Told
from tests.classroom.machines.computers import Computers
from tests.classroom.machines.test_remote import course, evidence_of, told
from tests.classroom.test_students import rows

__all__ = ["course", "told"]
KVMLAB = """
[ "$1" != --version ] || exit 0
mkdir -p "$KVMLAB_STATE"
echo "$KVMLAB_SHARED $*" >>"$KVMLAB_STATE/calls"
while [ $# -gt 1 ]; do [ "$1" != --evidence ] || cp "$KVMLAB_STATE/evidence.json" "$2"; shift; done
"""
ROSTER = "id,name\na,Ada\nb,Bob\nc,Cleo\n"


class Servers:
    """Two of them, and the class; `kvmlab class ACTION … --inventory` of them."""

    def __init__(self, tmp_path: Path, computers: Computers, told: Callable[..., Told]) -> None:
        self.tmp_path, self.told, self.computers = tmp_path, told, computers
        self.ports = {name: computers.add(f"127.8.0.{number}", KVMLAB) for number, name in enumerate(("s1", "s2"), 1)}
        (tmp_path / "r.csv").write_text(ROSTER)
        assert told("create", str(tmp_path / "c"), "--roster", str(tmp_path / "r.csv")).status == 0

    def __call__(self, action: str, *argv: str) -> Told:
        key = f"ansible_ssh_private_key_file={self.computers.user_key}"
        options = "ansible_ssh_common_args='-oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null'"
        lines = [f"{name} ansible_host=127.8.0.{name[1]} ansible_port={port} {key} {options}\n"
                 for name, port in self.ports.items()]  # fmt: skip
        (self.tmp_path / "hosts").write_text("".join(lines))
        return self.here(action, *argv, "--inventory", str(self.tmp_path / "hosts"))

    def here(self, action: str, *argv: str) -> Told:
        return self.told(action, "--class", str(self.tmp_path / "c"), *argv)

    def die(self, name: str) -> None:
        """Nobody listens there any more."""
        with socket.create_server((f"127.8.0.{name[1]}", 0)) as free:
            self.ports[name] = free.getsockname()[1]

    def state(self, server: str, student: str) -> Path:
        """A student's state directory there."""
        found = Class(self.tmp_path / "c")
        found.book.close()
        home = self.tmp_path / "computers" / f"127.8.0.{server[1]}"
        return home / ".local/state/kvmlab/classes" / found.tag / found.state_name(Student(student))


@pytest.fixture
def servers(tmp_path: Path, computers: Computers, told: Callable[..., Told]) -> Servers:
    return Servers(tmp_path, computers, told)


def where(servers: Servers) -> dict[str, str]:
    return {row: said.rpartition(" ")[2] for row, said in rows(servers.here("status")).items()}


def test_each_has_a_place_and_keeps_it(servers: Servers) -> None:
    """As many on one as on the other, a state directory for each, and graded here by their own variant."""
    foretold = servers("place", "--dry-run")
    assert foretold.status == 0 and {one.split()[-1] for one in foretold.out.splitlines()[2:]} == {"s1", "s2"}
    assert "on s" not in servers.here("status").out
    assert servers("place").status == 0
    before = where(servers)
    assert sorted(before.values()) in (["s1", "s1", "s2"], ["s1", "s2", "s2"])
    assert servers("place").status == 0 and where(servers) == before
    assert servers("start", LAB).status == 0
    for student, server in before.items():
        state = servers.state(server, student)
        assert (state / "calls").read_text().startswith(f"{state.parents[2]} --variant ")
        (state / "evidence.json").write_text(evidence_of(servers.tmp_path, student))
    done = servers("check", LAB)
    assert done.status == 1 and done.out.count("3/5") == 3, done
    for student, said in rows(servers.here("status")).items():
        assert f"{LAB}: on {before[student]}, 3/5 at" in said, "whether it runs there is not known here"
    (one, other) = (next(name for name, server in before.items() if server == each) for each in ("s1", "s2"))
    shutil.copy(servers.state("s1", one) / "evidence.json", servers.state("s2", other) / "evidence.json")
    done = servers("check", LAB)
    assert rows(done)[other] == "! the lab there is not this student's variant" and done.status == 3


def test_a_dead_server_is_a_row_and_nobody_moves_until_told(servers: Servers) -> None:
    servers("place")
    before = where(servers)
    servers.die("s1")
    done = servers("place")
    assert done.status == 3 and "refused" in done.out.splitlines()[0] + done.out.splitlines()[1], done
    assert where(servers) == before
    done = servers("start", LAB)
    for student, server in before.items():
        assert ("refused" in rows(done)[student]) == (server == "s1"), done
    assert servers("place", "--anew", "s9").status == 2
    assert servers("place", "--anew", "s1", "--dry-run").status == 0 and where(servers) == before
    done = servers("place", "--anew", "s1")
    assert done.status == 0 and "what they had on s1 stays there" in done.out
    assert where(servers) == dict.fromkeys(before, "s2") and servers("start", LAB).status == 0
    assert "not removed: classes/" in servers.here("forget", "a").out


def test_the_one_with_most_room_until_there_is_none() -> None:
    big, small = Room(4096, 3072, 4), Room(2048, 2048, 8)
    there = {"x": ServerPlace("big", 4), "y": ServerPlace("gone", 1)}
    found = placed("abcdefghijkxy", {"big": big, "small": small}, there)
    assert [found[one].server if found[one] else "" for one in "abcdefghijk"] == [  # type: ignore[union-attr]
        "big", "big", "small", "big", "small", "big", "small", "big", "small", "big", "",
    ]  # fmt: skip
    assert set(found) == set("abcdefghijk")
    assert placed("xy", {"small": small}, there, ["gone", "big"]) == dict.fromkeys("xy", ServerPlace("small", 8))
    assert placed("a", {}, {}) == {"a": None} and Room(600, 100, 1).seats(0) == Room(1024, 9999, 1).seats(5) == 0


def test_a_server_s_kvmlab_must_get_its_environment() -> None:
    machine = Machine("s1", "s1", None, "", "", (), ("sudo", "kvmlab"))
    assert "without sudo" in str(server_of({"s1": machine}, "s1"))
    assert server_of({}, "s1") == "s1 is not in the inventory"
