"""An Ansible inventory read as computers; and hundreds that are broken, with a sentence for each."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from kvmlab.classroom.machines.inventory import InventoryError, Machine, read_inventory

INI = """
# a comment
gate ansible_host=192.0.2.1 ansible_port=2222
[pcs]
pc[08:10].lab   # three
pc20 ansible_user=carol kvmlab_command="sudo '/opt/k v/kvmlab'"
[pcs:vars]
ansible_user=student
ansible_ssh_common_args='-J gate -oUserKnownHostsFile="/x y"'
[all:vars]
ansible_ssh_private_key_file=~/.ssh/class
[school:children]
pcs
[school:vars]
ansible_user=outer
ansible_port=22
"""


def taken(tmp_path: Path, text: str | bytes) -> dict[str, Machine]:
    path = tmp_path / "hosts"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_inventory(path)


def test_ini(tmp_path: Path) -> None:
    found = taken(tmp_path, INI)
    assert list(found) == ["gate", "pc08.lab", "pc09.lab", "pc10.lab", "pc20"]
    assert found["gate"] == Machine("gate", "192.0.2.1", 2222, "", "~/.ssh/class", (), ("kvmlab",))
    options = ("-J", "gate", "-oUserKnownHostsFile=/x y")
    assert found["pc09.lab"] == Machine("pc09.lab", "pc09.lab", 22, "student", "~/.ssh/class", options, ("kvmlab",))
    assert (found["pc20"].user, found["pc20"].kvmlab) == ("carol", ("sudo", "/opt/k v/kvmlab"))


def test_what_ansible_inventory_lists(tmp_path: Path) -> None:
    document = {
        "_meta": {"hostvars": {"pc1": {"ansible_host": "192.0.2.7", "ansible_port": 23, "x": [1]}}},
        "all": {"children": ["ungrouped", "pcs"]},
        "pcs": {"hosts": ["pc1", "pc2"]},
    }
    found = taken(tmp_path, json.dumps(document))
    assert (found["pc1"].address, found["pc1"].port, found["pc2"].address) == ("192.0.2.7", 23, "pc2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no computer in it"),
        ("all:\n  hosts:\n    pc1:\n", "1: this is not Ansible's INI format"),
        ("pc[1:99999999]", "no range"),
        ("pc[5:1]", "no range"),
        ("pc1 oops", "`oops` is no variable"),
        ("pc1 ansible_port=x", "`x` is no port"),
        ("pc1 ansible_port=99999", "no port"),
        ("-oProxyCommand=x", "is no name of a computer"),
        ("pc1 ansible_host=-oProxyCommand=x", "has no address"),
        ("pc1 ansible_host='a b'", "has no address"),
        ("pc1 ansible_password=x", "pc1: passwords are not used"),
        ("pc1 kvmlab_command='\"'", "pc1: No closing quotation"),
        ("pc1 ansible_user='{{ x }}'", "pc1: ansible_user is a template"),
        ("pc1 'x", "1: No closing quotation"),
        ("{", "not what `ansible-inventory --list` writes"),
        ('{"_meta": 1}', "not what"),
        ("[" * 9999, "INI format"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InventoryError) as caught:
        taken(tmp_path, text)
    assert said in caught.value.message and caught.value.todo == "pip install 'kvmlab[machines]'"


def test_what_only_ansible_reads_is_not_passed_over(tmp_path: Path) -> None:
    """Variables beside it may say where the computers are: without them others would be asked."""
    for name in ("group_vars", "host_vars"):
        (tmp_path / name).mkdir()
        with pytest.raises(InventoryError, match=f"{name} beside it"):
            taken(tmp_path, INI)
        (tmp_path / name).rmdir()
    with pytest.raises(InventoryError, match="more than 10000 computers"):
        taken(tmp_path, json.dumps({"pcs": {"hosts": [f"pc{number}" for number in range(10_001)]}}))


def test_a_thousand_broken_ones_are_a_sentence_each(tmp_path: Path) -> None:
    chance, refused = random.Random(5), 0
    listed = json.dumps({"_meta": {"hostvars": {"pc1": {"ansible_port": 23}}}, "pcs": {"hosts": ["pc1", "pc2"]}})
    pieces = [b"[", b"]", b":", b"=", b"'", b'"', b"\0", b"\xff", b"\n", b"{", b"}", b"-", "张".encode(), b"[1:9]"]
    for _ in range(1000):
        data = bytearray(chance.choice((INI, listed)).encode())
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(8)] = chance.choice(pieces) * chance.randrange(1, 3)
        try:
            found = taken(tmp_path, bytes(data))
        except InventoryError as error:
            refused += 1
            assert error.faults
            continue
        assert all(not one.address.startswith("-") for one in found.values())
    assert 200 < refused < 1000
