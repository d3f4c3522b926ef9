"""`kvmlab facts`: the list of nouns, one noun, a name that was misspelt, both languages, JSON."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Kvmlab


def test_all_nouns_and_one_of_them(bare_kvmlab: Kvmlab) -> None:
    listed = bare_kvmlab("facts")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert (
        "link                  A network device of the host." in listed.stdout and len(listed.stdout.splitlines()) > 50
    )
    one = bare_kvmlab("facts", "bridge")
    assert one.stdout.splitlines()[:2] == ["host.link(LINK)", "host.bridge(BRIDGE)"]
    assert "master           str\n" in one.stdout
    assert "the bridge it is a port of; None: of none\n                 ip link show LINK\n" in one.stdout


@pytest.mark.parametrize(
    ("name", "said", "command"),
    [
        ("brige", "No noun is called `brige`. Did you mean `bridge`?", "kvmlab facts bridge"),
        ("master", "`master` is a fact of link, link.stored.", "kvmlab facts link"),
        ("zzz\x1b[2J", "No noun is called `zzz�[2J`.", "kvmlab facts"),
        ("", "No noun is called ``.", "kvmlab facts"),
        ("__class__", "No noun is called `__class__`.", "kvmlab facts"),
    ],
)
def test_an_unknown_noun(bare_kvmlab: Kvmlab, name: str, said: str, command: str) -> None:
    done = bare_kvmlab("facts", name)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"kvmlab: {said}\n  → {command}\n")


def test_json(bare_kvmlab: Kvmlab) -> None:
    document = json.loads(bare_kvmlab("facts", "--json").stdout)
    assert document["schema"] == "kvmlab.facts/1" and len(document["nouns"]) > 45
    (link,) = json.loads(bare_kvmlab("facts", "link", "--json").stdout)["nouns"]
    assert link in document["nouns"]
    assert {
        "name": "mtu",
        "type": "number",
        "meaning": "bytes",
        "command": "ip link show LINK",
        "next_start": False,
    } in (link["facts"])


def test_in_chinese(bare_kvmlab: Kvmlab) -> None:
    """What the catalogue has is Chinese; what a fact means may be English."""
    done = bare_kvmlab("--lang", "zh", "facts", "link.stored")
    assert "宿主机的网络设备在下次开机以后的样子。" in done.stdout and "（关于下次启动）" in done.stdout


def test_completion_knows_the_nouns(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("_complete", "fish", "facts", "guest.fs")
    assert done.stdout.startswith("guest.fstab\tThe line of a guest's /etc/fstab")
