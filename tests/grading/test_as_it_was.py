"""The guard that every lab has: what the student may change follows from the checks, all else is as at the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from kvmlab.checks import Host, Params
from kvmlab.checks.reader import Answer, Key, MissingObject, Reading
from kvmlab.errors import AuthorError, CouldNotLook
from kvmlab.grading.as_it_was import AS_IT_WAS, declared, guarded
from kvmlab.grading.runner import run
from kvmlab.grading.verdicts import Report, Verdict
from tests.checks.memory import Task, written

Objects = dict[tuple[str, Key], dict[str, object]]
PARAMS = Params({"guest": "web1", "other": "db1", "old": "/srv/old", "new": "new.img"})


@dataclass
class Pictures:
    """A reader that remembers a start; everything else that it is asked for exists and has no value."""

    start: Objects | None
    now: Objects
    users: Mapping[str, list[str]]
    pools: Mapping[str, str]

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        if kind not in ("start", "present"):
            return dict.fromkeys(names, Reading(None))
        if self.start is None:
            raise CouldNotLook("Nobody remembers.")
        if not key:
            objects = [[noun, list(name)] for noun, name in self.start]
            return {"objects": Reading(objects), "users": Reading(self.users), "pools": Reading(self.pools)}
        found = (self.start if kind == "start" else self.now).get((key[0], key[1:]))
        return MissingObject() if found is None else {name: Reading(value) for name, value in found.items()}


def domain(state: str = "running", **more: object) -> dict[str, object]:
    """The aspects of a domain."""
    runs = {"process": "7 (100)", "boots": 0, "live vcpus": "1 / 4", "live disk vda": "disk virtio qcow2 /d/web1"}
    stored = {"stored vcpus": "1 / 4", "stored disk vda": "disk virtio qcow2 /d/web1", "stored memory": "128 / 128 MiB"}
    own = {"state": state, "persistent": True, "autostart": False, "managed save": False, "snapshots": []}
    named = {name.replace("_", " "): value for name, value in more.items()}
    return {**own, **stored, **(runs if state != "shut off" else {}), **named}


def start() -> Objects:
    """A guest that runs, one that is off, their disks, a pool of a directory with a file in it, a link."""
    return {
        ("domain", ("web1",)): domain(),
        ("domain", ("db1",)): domain("shut off"),
        ("network", ("default",)): {"active": True, "stored definition": ["a", "b"]},
        ("pool", ("attic",)): {"active": True, "stored target": "dir /srv/attic"},
        ("link", ("ens33",)): {"up": True, "master": None, "addresses": ["10.0.0.12/24"]},
        ("file", ("/srv/attic",)): {"kind": "directory", "entries": ["accounts"]},
        ("file", ("/srv/attic/accounts",)): {"kind": "file", "content": "3 B, abc"},
        ("file", ("/d/web1",)): {"kind": "file", "inode": 8, "image": "qcow2 256 MiB", "content": "9 B, 111"},
        ("file", ("/d/db1",)): {"kind": "file", "image": "qcow2 256 MiB", "content": "9 B, 222"},
    }


WANTS = """
@check(task="t", points=1)
def wanted(host, lab):
    \"\"\"What is wanted.\"\"\"
    yield expect("x", "y", 1, 1)
    {wants}
"""


def looked(folder: Path, now: Objects, wants: str = "", yours: Sequence[str] = (), guard: str = "") -> Report:
    """What a lab says whose only check wants this, and whose guard wants that."""
    body = WANTS.format(wants=wants.replace("; ", "\n    "))
    if guard:
        body += WANTS.format(wants=guard).replace("points=1", "points=0, guard=True").replace("wanted(", "kept(")
    users = {"/d/web1": ["web1"], "/d/db1": ["db1"]}
    reader = Pictures(start(), now, users, {"attic": "/srv/attic"})
    checks = guarded(written(folder, body), [Task("t")], yours)
    return run(checks, Host(reader), PARAMS, [Task("t")], settle_s=0)


def told(folder: Path, now: Objects, wants: str = "", yours: Sequence[str] = ()) -> list[str]:
    """The aspects that the guard finds changed: "domain web1: state"."""
    found = {check.id: check for check in looked(folder, now, wants, yours).checks}[AS_IT_WAS]
    assert not found.bug, found.error
    return [f"{one.subject}: {row.name}" for one in found.findings for row in one.facts if not row.met]


def changed(noun: str, name: str, **aspects: object) -> Objects:
    """The start, but for these aspects of one object."""
    now = start()
    now[noun, (name,)] = {**now[noun, (name,)], **{key.replace("_", " "): value for key, value in aspects.items()}}
    return now


def test_nothing_has_changed(tmp_path: Path) -> None:
    """Then the guard passes, and says of how many objects."""
    report = looked(tmp_path, start())
    guard = report.checks[-1]
    assert (guard.id, guard.verdict, guard.points, guard.guard) == (AS_IT_WAS, Verdict.PASSED, 0, True)
    assert "9" in guard.findings[0].facts[0].found
    assert report.max_points == 1


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (changed("domain", "web1", state="paused"), "domain web1: state"),
        (changed("domain", "web1", autostart=True), "domain web1: autostart"),
        (changed("domain", "web1", managed_save=True), "domain web1: managed save"),
        (changed("domain", "web1", stored_vcpus="2 / 4"), "domain web1: stored vcpus"),
        (changed("domain", "web1", process="9 (700)"), "domain web1: process"),
        (changed("domain", "web1", boots=1), "domain web1: boots"),
        (changed("domain", "web1", persistent=False), "domain web1: persistent"),
        (changed("domain", "web1", stored_disk_vdb="disk"), "domain web1: stored disk vdb"),
        (changed("domain", "db1", state="running"), "domain db1: state"),
        (changed("network", "default", active=False), "network default: active"),
        (changed("pool", "attic", stored_target="dir /mnt"), "pool attic: stored target"),
        (changed("file", "/srv/attic", entries=["accounts", "foreign"]), "file /srv/attic: entries"),
        (changed("file", "/d/db1", content="9 B, 333"), "file /d/db1: content"),
        (changed("link", "ens33", addresses=[]), "link ens33: addresses"),
        ({key: value for key, value in start().items() if key[1] != ("db1",)}, "domain db1: exists"),
    ],
)
def test_what_nobody_asked_for_is_seen(tmp_path: Path, now: Objects, said: str) -> None:
    """Of an object that the lab does not speak of, everything."""
    assert told(tmp_path, now) == [said]


OLD = {"stored_disk_vdb": "disk virtio raw /d/old.img"}


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (OLD, {"stored_disk_vdb": None}, []),
        (OLD, {**OLD, "stored_disk_vda": "disk virtio qcow2 /d/web10"}, ["domain web1: stored disk vda"]),
        (OLD, {**OLD, "stored_disk_vda": "disk virtio raw /d/old.img"}, ["domain web1: stored disk vda"]),
        (OLD, {"stored_disk_vdb": "disk virtio raw /d/old.img0"}, []),
        ({}, {"stored_disk_sda": "disk sata raw /d/old.img"}, []),
        ({}, {"stored_disk_sda": "disk sata raw /d/old.img0"}, ["domain web1: stored disk sda"]),
    ],
)  # fmt: skip
def test_of_a_disk_known_by_its_path_that_one_alone_is_the_student_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: dict[str, str], now: dict[str, str | None], said: list[str]
) -> None:
    """A disk that was another at the start stays that, and no other disk comes along."""
    as_it_began = changed("domain", "web1", **before)
    monkeypatch.setitem(globals(), "start", lambda: {key: dict(value) for key, value in as_it_began.items()})
    found = changed("domain", "web1", **now)
    for name in [key.replace("_", " ") for key, value in now.items() if value is None]:
        del found["domain", ("web1",)][name]
    assert told(tmp_path, found, "yield host.domain(lab.guest).stored.disk(source='/d/old.img').missing()") == said


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"stored_disk_vda": "disk virtio qcow2 /d/new"}, []),
        ({"stored_disk_vdb": "disk virtio raw /d/more"}, ["domain web1: stored disk vdb"]),
        ({"stored_disk_vda": None, "stored_disk_sda": "disk sata qcow2 /d/web1"}, []),
        ({"live_disk_vdb": "disk virtio raw /d/more"}, ["domain web1: live disk vdb"]),
    ],
)
def test_of_a_disk_known_by_its_number_that_one_alone_is_the_student_s(
    tmp_path: Path, now: dict[str, str | None], said: list[str]
) -> None:
    """The one that has the number now, or had it at the start: it may have been taken out for another."""
    found = changed("domain", "web1", **now)
    for name in [key.replace("_", " ") for key, value in now.items() if value is None]:
        del found["domain", ("web1",)][name]
    assert told(tmp_path, found, "yield host.domain(lab.guest).stored.disk(index=0).shows(format='qcow2')") == said


@pytest.mark.parametrize(("guest", "kept"), [("web1", True), ("db1", False)])
def test_a_disk_that_a_guest_is_to_keep_is_not_the_student_s_to_write_over(
    tmp_path: Path, guest: str, kept: bool
) -> None:
    """To one that it is to get, all may be done; more files may lie beside either."""
    wants = f"yield host.domain('{guest}').stored.disk(target='vda').shows(source='/d/web1')"
    now = changed("file", "/d/web1", inode=9, image="raw 1 MiB")
    assert told(tmp_path, now, wants) == (["file /d/web1: inode", "file /d/web1: image"] if kept else [])


def test_what_runs_writes_to_its_disk(tmp_path: Path) -> None:
    """A guest that ran at the start has its disk open; its size is another matter."""
    assert told(tmp_path, changed("file", "/d/web1", content="9 B, 444")) == []
    assert told(tmp_path, changed("file", "/d/web1", image="qcow2 512 MiB")) == ["file /d/web1: image"]


def test_whether_a_guest_was_off_all_the_while_is_asked_for(tmp_path: Path) -> None:
    """Off at both ends, it is as it was; `not_restarted` wants more."""
    now = changed("domain", "db1", starts=1)
    assert told(tmp_path, now) == []
    guard = looked(tmp_path, now, guard="yield host.domain(lab.other).not_restarted()").checks[1]
    assert [row.name for one in guard.findings for row in one.facts if not row.met] == ["starts"]


def test_a_guest_that_is_to_be_paused_keeps_its_devices(tmp_path: Path) -> None:
    """It has the same qemu; only one that is off has none, and one that was restarted other ones."""
    paused = "yield host.domain('web1').shows(state='paused')"
    assert told(tmp_path, changed("domain", "web1", state="paused"), paused) == []
    unplugged = changed("domain", "web1", state="paused", live_disk_vda="disk virtio qcow2 /d/web2")
    assert told(tmp_path, unplugged, paused) == ["domain web1: live disk vda"]


def test_what_is_to_be_forgotten_leaves_its_disk_as_it_is(tmp_path: Path) -> None:
    """Its definition goes, and the snapshots of it; the disk is somebody's data."""
    now = {key: value for key, value in start().items() if key[1] != ("db1",)}
    gone = "yield host.domain(lab.other).missing()"
    assert told(tmp_path, now, gone) == []
    written_to: Objects = {**now, ("file", ("/d/db1",)): {**now["file", ("/d/db1",)], "content": "9 B, 333"}}
    assert told(tmp_path, written_to, gone) == ["file /d/db1: content"]


def test_a_copy_in_the_place_of_a_disk_in_use_is_another_file(tmp_path: Path) -> None:
    """What the guest has written since is lost at its next start; restarted, it has the new one open."""
    copied = changed("file", "/d/web1", inode=9)
    assert told(tmp_path, copied) == ["file /d/web1: inode"]
    copied["domain", ("web1",)] = domain(process="8 (200)")
    assert told(tmp_path, copied, "yield host.guest('web1').shows(hostname='web1')") == []


@pytest.mark.parametrize(
    ("wants", "now"),
    [
        ("yield host.domain(lab.guest).stored.shows(vcpus=2)", changed("domain", "web1", stored_vcpus="2 / 4")),
        ("yield host.domain(lab.guest).shows(autostart=True)", changed("domain", "web1", autostart=True)),
        ("yield host.domain(lab.guest).stored.disk(target='vdb').shows(bus='virtio')",
         changed("domain", "web1", stored_disk_vdb="disk")),
        ("yield host.domain(lab.guest).stored.shows(title='x')",  # it may be restarted for that
         changed("domain", "web1", process="9 (700)", boots=1)),
        ("yield host.guest(lab.other).shows(hostname='x')",  # it has to be started for that
         {**changed("domain", "db1", **domain()), ("file", ("/d/db1",)): {"kind": "file", "image": "qcow2 256 MiB"}}),
        ("yield host.domain(lab.other).missing()", {k: v for k, v in start().items() if k[1] != ("db1",)}),
        ("yield host.volume('attic', lab.new).shows(format='raw')",
         changed("file", "/srv/attic", entries=["accounts", "new.img", "scratch"])),
        ("yield host.file('/srv/attic').missing()", {k: v for k, v in start().items() if "/srv/attic" not in k[1][0]}),
        ("yield host.link('ens33').shows(addresses=[])", changed("link", "ens33", addresses=[])),
        ("yield host.domain('new').disk(index=0).shows(source='/d/db1')",
         changed("file", "/d/db1", content="10 B, 9", image="qcow2 1 MiB")),
    ],
)  # fmt: skip
def test_what_a_check_wants_is_the_student_s(tmp_path: Path, wants: str, now: Objects) -> None:
    """And with it what it takes."""
    assert told(tmp_path, now) != []
    assert told(tmp_path, now, wants) == []


def test_it_is_no_more_than_that(tmp_path: Path) -> None:
    """A vCPU more in the definition is not one more in the guest that runs on, nor more memory."""
    wants = "yield host.domain(lab.guest).stored.shows(vcpus=2)"
    assert told(tmp_path, changed("domain", "web1", live_vcpus="2 / 4"), wants) == ["domain web1: live vcpus"]
    assert told(tmp_path, changed("domain", "web1", stored_memory="1 / 1 MiB"), wants) == ["domain web1: stored memory"]
    assert told(tmp_path, changed("domain", "web1", state="paused"), wants) == ["domain web1: state"]


def test_a_restarted_guest_runs_as_it_is_stored(tmp_path: Path) -> None:
    """Which then is nothing that the student did besides."""
    wants = "yield host.domain(lab.guest).stored.shows(vcpus=2)"
    then = {"process": "9 (700)", "stored_vcpus": "2 / 4"}
    assert told(tmp_path, changed("domain", "web1", **then, live_vcpus="2 / 4"), wants) == []
    assert told(tmp_path, changed("domain", "web1", **then, live_vcpus="3 / 4"), wants) == ["domain web1: live vcpus"]


def test_looking_a_value_up_grants_nothing(tmp_path: Path) -> None:
    """To compare a copy with its original is not to ask for another original."""
    wants = "host.image_file('/d/db1').value('virtual_size_bytes'); yield expect('a', 'b', 1, 1)"
    assert told(tmp_path, changed("file", "/d/db1", content="9 B, 3"), wants) == ["file /d/db1: content"]


def test_to_ask_how_much_is_sent_grants_no_other_network(tmp_path: Path) -> None:
    """Nor does what a guest has leased; both say what the guest did."""
    now = changed("domain", "web1", **{"live_interface_52:54:00:6d:31:b0": "network default"})
    for fact in ("sent_bytes=1", "addresses=[]"):
        wants = f"yield host.domain(lab.guest).live.interface(mac='52:54:00:6d:31:b0').shows({fact})"
        assert told(tmp_path, now, wants) == ["domain web1: live interface 52:54:00:6d:31:b0"]


def test_a_guard_grants_nothing(tmp_path: Path) -> None:
    """It wants what is to stay."""
    now = changed("domain", "web1", autostart=True)
    report = looked(tmp_path, now, guard="yield host.domain(lab.guest).shows(autostart=None and 0 or False)")
    assert {check.id: check.verdict for check in report.checks}[AS_IT_WAS] is Verdict.FAILED


def test_the_header_grants_the_rest(tmp_path: Path) -> None:
    """By noun, name and words of an aspect."""
    now = changed("domain", "db1", autostart=True, stored_vcpus="2 / 4")
    assert told(tmp_path, now, yours=["domain db1: autostart"]) == ["domain db1: stored vcpus"]
    assert told(tmp_path, now, yours=["domain db1: autostart", "domain db1: stored"]) == []
    assert told(tmp_path, now, yours=["domain db1"]) == []
    assert told(tmp_path, now, yours=["domain db10"]) != []


@pytest.mark.parametrize("text", ["web1", "guest web1", "domain", "domain : x"])
def test_a_grant_that_is_none(text: str) -> None:
    """The author is told how it is written."""
    with pytest.raises(AuthorError, match="NOUN NAME"):
        declared(text)


def test_a_start_that_nobody_remembers_is_not_wrong(tmp_path: Path) -> None:
    """It could not be looked at."""
    checks = guarded(written(tmp_path, WANTS.format(wants="")), [Task("t")], [])
    report = run(checks, Host(Pictures(None, {}, {}, {})), PARAMS, [Task("t")], settle_s=0)
    assert [check.verdict for check in report.checks] == [Verdict.PASSED, Verdict.ERROR]


# the same, asked for by a checker


@pytest.mark.parametrize(
    ("wants", "now", "met"),
    [
        ("host.domain('web1').as_at_start()", start(), True),
        ("host.domain('web1').as_at_start()", changed("domain", "web1", autostart=True), False),
        ("host.domain('web1').as_at_start(but=['autostart'])", changed("domain", "web1", autostart=True), True),
        ("host.domain('web1').as_at_start(but=['memory_mib'])",
         changed("domain", "web1", stored_memory="9 / 9 MiB"), True),
        ("host.domain('web1').as_at_start(but=['stored memory'])",
         changed("domain", "web1", stored_memory="9 / 9 MiB"), True),
        ("host.domain('web1').stored.as_at_start()", changed("domain", "web1", state="paused"), True),
        ("host.domain('web1').stored.as_at_start()", changed("domain", "web1", stored_vcpus="2 / 4"), False),
        ("host.domain('web1').live.as_at_start()", changed("domain", "web1", stored_vcpus="2 / 4"), True),
        ("host.domain('web1').as_at_start(but=['process'])",
         changed("domain", "web1", process="9 (700)", boots=1), True),
        ("host.domain('web1').not_restarted()", changed("domain", "web1", autostart=True), True),
        ("host.domain('web1').not_restarted()", changed("domain", "web1", process="9 (700)"), False),
        ("host.domain('web1').not_restarted()", changed("domain", "web1", boots=1), False),
        ("host.network('default').as_at_start()", changed("network", "default", active=False), False),
        ("host.pool('attic').as_at_start()", changed("pool", "attic", active=False), False),
        ("host.volume('attic', 'accounts').as_at_start()",
         changed("file", "/srv/attic/accounts", content="3 B, d"), False),
        ("host.file('/d/db1').as_at_start()", start(), True),
        ("host.image_file('/d/db1').as_at_start()", changed("file", "/d/db1", image="raw"), False),
        ("host.link('ens33').as_at_start(but=['addresses'])", changed("link", "ens33", addresses=[]), True),
    ],
)  # fmt: skip
def test_as_at_start(tmp_path: Path, wants: str, now: Objects, met: bool) -> None:
    """Each noun that is remembered."""
    wanted = looked(tmp_path, now, f"yield {wants}").checks[0]
    assert not wanted.bug, wanted.error
    assert wanted.passed is met
    rows = [row for finding in wanted.findings for row in finding.facts]
    assert all(row.see for row in rows[1:])
    assert not met or all("as at the start" in row.wanted for row in rows[1:])


@pytest.mark.parametrize("wants", ["host.domain('new').as_at_start()", "host.domain('web1').as_at_start(but=['mem'])"])
def test_what_cannot_be_as_it_was(tmp_path: Path, wants: str) -> None:
    """An object that was not there, a fact that there is not."""
    assert looked(tmp_path, start(), f"yield {wants}").checks[0].bug


def test_lists_show_what_came_and_what_went(tmp_path: Path) -> None:
    """Not all that is the same in both."""
    now = changed("network", "default", stored_definition=["b", "c"])
    rows = looked(tmp_path, now).checks[-1].findings[0].facts
    assert [(row.wanted, row.found) for row in rows] == [("as at the start: a", "c")]
