"""Inventories as ansible-inventory reads them: the same computers as we find, and what it alone understands."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.classroom.machines import ansible
from kvmlab.classroom.machines.inventory import InventoryError, read_inventory
from kvmlab.errors import UsageError
from tests.classroom.machines.test_inventory import INI

YAML = """
all:
  vars: {ansible_user: student}
  children:
    pcs:
      hosts:
        "pc[01:03]": {ansible_port: 2222}
        lab-[a:b]:
          ansible_host: 192.0.2.7
    ungrouped:
      hosts:
        alone: {ansible_user: carol}
"""


def test_it_reads_what_we_do_in_ini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts").write_text(INI)
    theirs = read_inventory(tmp_path / "hosts")
    monkeypatch.setattr(ansible, "program", lambda: None)
    assert theirs == read_inventory(tmp_path / "hosts") and len(theirs) == 5


def test_yaml_ranges_and_variables_beside_it(tmp_path: Path) -> None:
    """Of the inventory that is a folder, too."""
    folder = tmp_path / "school"
    for name, text in (("hosts.yml", YAML), ("group_vars/pcs.yml", "kvmlab_command: sudo kvmlab\n"),
                       ("host_vars/pc02.yml", "ansible_host: 192.0.2.2\n")):  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text)
    found = read_inventory(folder / "hosts.yml")
    assert sorted(found) == ["alone", "lab-a", "lab-b", "pc01", "pc02", "pc03"]
    assert (found["pc02"].address, found["pc02"].port, found["pc02"].user) == ("192.0.2.2", 2222, "student")
    assert found["lab-b"].address == "192.0.2.7" and found["lab-b"].kvmlab == ("sudo", "kvmlab")
    assert found["alone"].user == "carol" and found["alone"].kvmlab == ("kvmlab",)
    assert read_inventory(folder) == found


def test_what_it_cannot_read_is_told_in_its_words(tmp_path: Path) -> None:
    for text, said in (
        ("all:\n hosts: [\n", "yaml: YAML parsing failed"),
        ("pc1 oops\n", "ini: Failed to parse inventory: Expected key=value"),
        ("", "there is no computer in it"),
    ):
        (tmp_path / "hosts").write_text(text)
        with pytest.raises(InventoryError) as caught:
            read_inventory(tmp_path / "hosts")
        assert said in caught.value.message and caught.value.todo.startswith("ansible-inventory -i "), text
    with pytest.raises(UsageError):
        read_inventory(tmp_path / "nothing")


def test_nothing_is_run_or_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an inventory that is a program is run, nor a template in it; at home nothing is made."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    ran = tmp_path / "ran"
    (tmp_path / "hosts").write_text(f"#!/bin/sh\ntouch {ran}\necho {{}}\n")
    (tmp_path / "hosts").chmod(0o755)
    with pytest.raises(InventoryError):
        read_inventory(tmp_path / "hosts")
    template = f"{{{{ lookup('pipe', 'touch {ran}') }}}}"
    (tmp_path / "pcs.yml").write_text(f'all: {{hosts: {{pc1: {{ansible_user: "{template}"}}}}}}\n')
    with pytest.raises(InventoryError, match="ansible_user is a template"):
        read_inventory(tmp_path / "pcs.yml")
    assert not ran.exists() and list((tmp_path / "home").iterdir()) == []


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "ansible-inventory"
    hanging.write_text("#!/bin/sh\nsleep 600\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(ansible, "program", lambda: str(hanging))
    monkeypatch.setattr(ansible, "DEADLINE_S", 1)
    (tmp_path / "hosts").write_text("pc1\n")
    with pytest.raises(InventoryError, match="did not end within 1 s"):
        read_inventory(tmp_path / "hosts")
