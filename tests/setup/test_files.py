"""What is laid ready for a lab host: the network, the leases, the script; hostile names stay names."""

from __future__ import annotations

import json
import shlex
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from kvmlab.course import FileSpec, GuestSpec
from kvmlab.paths import State
from kvmlab.setup.domain_xml import domain_xml
from kvmlab.setup.files import default_network, lay_ready, leases

WEB1 = GuestSpec(name="web1", mac="52:54:00:00:00:11", address="192.168.122.11")
HOSTILE = "a'; rm -rf / #<x>&\n$(id)`id`"


def test_the_default_network_reserves_each_guests_address() -> None:
    network = ET.fromstring(default_network([WEB1]))
    host = network.find("ip/dhcp/host")
    assert host is not None
    assert host.attrib == {"mac": WEB1.mac, "name": "web1", "ip": WEB1.address}
    bridge = network.find("bridge")
    assert bridge is not None
    assert bridge.attrib == {"name": "virbr0", "stp": "off", "delay": "0"}


def test_a_guest_that_is_off_holds_no_lease() -> None:
    off = GuestSpec(name="db1", mac="52:54:00:00:00:12", address="192.168.122.12", state="shut off")
    assert [lease["hostname"] for lease in json.loads(leases([WEB1, off]))] == ["web1"]


def test_a_hostile_name_cannot_leave_the_xml() -> None:
    guest = GuestSpec(name="<x>&'\"", mac="52:54:00:00:00:13")
    domain = ET.fromstring(domain_xml(guest, "qemu"))
    assert domain.findtext("name") == guest.name
    assert domain.get("type") == "qemu"


def test_the_same_guest_gives_the_same_domain() -> None:
    assert domain_xml(WEB1, "qemu") == domain_xml(WEB1, "qemu")
    other = GuestSpec(name="web1", mac="52:54:00:00:00:14", address="192.168.122.11")
    assert domain_xml(WEB1, "qemu") != domain_xml(other, "qemu")


def test_the_script_holds_hostile_names_as_single_words(tmp_path: Path) -> None:
    start_dir = tmp_path / "run"
    start_dir.mkdir()
    lay_ready(State(tmp_path / "state"), start_dir, [GuestSpec(name=HOSTILE, mac="")], [FileSpec(HOSTILE, "text")])
    script = (start_dir / "prepare.sh").read_text()
    words = shlex.split(script)
    assert f"/srv/kvmlab/guests/{HOSTILE}/disk.qcow2" in words
    assert HOSTILE in words
    assert subprocess.run(["sh", "-n"], input=script, text=True).returncode == 0


FLAGS = "<qemuCaps>\n  <flag name='cpu-max'/>\n{flag}  <flag name='kvm'/>\n</qemuCaps>\n"
FLAG = "  <flag name='cpu-unavailable-features'/>\n"


@pytest.mark.parametrize(("domain_type", "left"), [("qemu", ""), ("kvm", FLAG), ("", FLAG)])
def test_of_emulated_processors_libvirt_asks_two_questions(tmp_path: Path, domain_type: str, left: str) -> None:
    start_dir, answers = tmp_path / "run", tmp_path / "an swers/tcg/1.xml"
    start_dir.mkdir()
    answers.parent.mkdir(parents=True)
    answers.write_text(FLAGS.format(flag=FLAG))
    lay_ready(State(tmp_path / "state"), start_dir, [], [], domain_type=domain_type)
    script = (start_dir / "prepare.sh").read_text().replace("/usr/share/kvmlab/capabilities", f"'{tmp_path}/an swers'")
    subprocess.run(["sh", "-euc", script], check=True)
    assert answers.read_text() == FLAGS.format(flag=left)


def test_what_the_checkers_key_may_do_is_fixed(tmp_path: Path) -> None:
    start_dir = tmp_path / "run"
    start_dir.mkdir()
    state = State(tmp_path / "state")
    lay_ready(state, start_dir, [], [])
    lines = (start_dir / "authorized_keys").read_text().splitlines()
    public = state.key_pair("look_key").with_suffix(".pub").read_text().strip()
    assert lines == [f'command="/usr/lib/kvmlab/look",restrict,port-forwarding {public}']


@pytest.mark.parametrize("name", ["look_key", "student_key"])
def test_private_keys_are_for_their_owner_alone(tmp_path: Path, name: str) -> None:
    path = State(tmp_path).key_pair(name)
    assert path.stat().st_mode & 0o777 == 0o600
