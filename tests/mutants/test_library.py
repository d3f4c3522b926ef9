"""The library of mutators: each makes a mutant of some object, in scripts that a shell can read, and is undone."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kvmlab.mutants.library import changes, drawn, mutants_of
from kvmlab.mutants.mutator import LIBRARY, Mutant, Named
from kvmlab.mutants.scene import (
    DIRECTORY,
    AskedObject,
    SceneDevice,
    SceneDomain,
    SceneLink,
    SceneNetwork,
    ScenePool,
    SceneSnapshot,
)

DOMAIN = """
<domain type='qemu'><name>web 1</name><memory unit='KiB'>131072</memory>
  <currentMemory unit='KiB'>131072</currentMemory><vcpu current='1'>2</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='1'/></cputune><cpu mode='host-model'/>
  <os><type>hvm</type><boot dev='hd'/></os><on_reboot>restart</on_reboot>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/i/web1.qcow2'/>
      <target dev='vda' bus='virtio'/><address type='pci' slot='1'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/i/data.img'/>
      <target dev='vdb' bus='virtio'/><address type='pci' slot='2'/></disk>
    <interface type='network'><mac address='52:54:00:00:07:11'/><source network='default'/>
      <target dev='vnet0'/><model type='virtio'/></interface>
    <serial type='pty'><target port='0'/></serial><console type='pty'><target type='serial' port='0'/></console>
    <graphics type='vnc' listen='127.0.0.1'><listen type='address' address='127.0.0.1'/></graphics>
  </devices></domain>
"""
NETWORK = """
<network><name>lab</name><forward mode='nat'/><bridge name='virbr5' stp='on'/>
  <ip address='10.5.0.1' netmask='255.255.255.0'><dhcp><range start='10.5.0.2' end='10.5.0.9'/>
  <host mac='52:54:00:00:07:11' ip='10.5.0.5'/></dhcp></ip></network>
"""
ON = SceneDomain("web 1", "running", DOMAIN, DOMAIN, False, 0, False)
OFF = replace(ON, state="shut off", live="", autostart=True)
PAUSED = replace(ON, state="paused")
NAT = SceneNetwork("lab", True, True, False, NETWORK, "virbr5", (("vnet0", "virbr5"),))
ROUTED = replace(NAT, name="routed", stored=NETWORK.replace("mode='nat'", "mode='route'"))
POOL = ScenePool(
    "images", True, True, True, "<pool type='dir'><name>images</name><target><path>/i</path></target></pool>"
)
BRIDGE = {
    "ifname": "br0", "flags": ["UP"], "linkinfo": {"info_kind": "bridge", "info_data": {"stp_state": 1}},
    "addr_info": [{"family": "inet", "local": "10.0.0.12", "prefixlen": 24}],
}  # fmt: skip
PORT = {"ifname": "ens33", "flags": [], "master": "br0", "addr_info": []}


def device(kind: str, which: str, number: int = 0) -> SceneDevice:
    """A device of the running domain."""
    found = ElementTree.fromstring(DOMAIN).findall(f"devices/{kind}")[number]
    return SceneDevice(ON, kind, which, found, found, "virbr5")


def asked(kind: str, *key: str, names: str = "") -> AskedObject:
    """What a check asks for."""
    return AskedObject(kind, key, frozenset(names.split()))


SCENE: list[Named] = [
    ON, replace(OFF, name="off1"), replace(PAUSED, name="paused1"),
    device("disk", "vda"), device("disk", "vdb", 1), device("interface", "52:54:00:00:07:11"), device("console", "0"),
    device("graphics", "vnc"), NAT, ROUTED, replace(NAT, name="idle", active=False), POOL,
    replace(POOL, name="idle", active=False), SceneLink(BRIDGE), SceneLink(PORT),
    SceneSnapshot("off1", "before", "<domainsnapshot/>", True, "/i/web1.qcow2"),
    asked("route", "default"), asked("sysctl", "net.ipv4.ip_forward"),
    asked("file", "/i/it's.img", names="image mode"), asked("note", "/root/notes", "rss_mib"),
    asked("service", "libvirtd"), asked("account", "ann"), asked("guest-service", "web 1", "", "sshd"),
    asked("guest-network", "web 1", "", "eth0"), asked("guest-resolver", "web 1", ""),
    asked("guest-fstab", "web 1", "", "/srv/data"), asked("guest-mount", "web 1", "", "/srv/data"),
    asked("guest-address", "web 1", "", "eth0"), asked("guest-route", "web 1", "", "default"),
    asked("guest", "web 1", "", names="hostname"), asked("guest-file", "web 1", "", "/srv/it's.txt"),
]  # fmt: skip
MUTANTS = mutants_of(SCENE)


def named(name: str) -> Mutant:
    """The mutant of that name."""
    return next(one for one in MUTANTS if one.name == name)


def test_each_mutator_makes_a_mutant_of_something() -> None:
    """None is there that nothing can be broken by, and no name stands for two."""
    made = {(one.name.split()[0], one.name.rpartition(": ")[2]) for one in MUTANTS}
    assert {(one.kind, one.change) for one in LIBRARY} == made
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)
    assert sum(map(len, changes().values())) == len(LIBRARY)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_scripts_can_be_read_by_a_shell(mutant: Mutant) -> None:
    """Both ways, also with names that have blanks and quotes; in a guest by a plain sh. Nothing is left unfilled."""
    shell = "sh" if mutant.change.guest else "bash"
    for code in (mutant.change.do, mutant.change.undo):
        done = subprocess.run([shell, "-n"], input=code, text=True, capture_output=True)
        assert done.returncode == 0, f"{code}\n{done.stderr}"
        assert code.strip() and "{name}" not in code and "{path}" not in code
    assert mutant.change.do != mutant.change.undo or mutant.name.startswith("sysctl")


def xml_of(script: str) -> ElementTree.Element:
    """The XML that a script hands over."""
    return ElementTree.fromstring(script.split("<<'KVMLAB-XML'\n")[1].split("\nKVMLAB-XML")[0])


@pytest.mark.parametrize("mutant", [one for one in MUTANTS if "KVMLAB-XML" in one.change.do], ids=lambda one: one.name)
def test_a_definition_is_changed_and_given_back(mutant: Mutant) -> None:
    """What is defined is another; what is given back is the one before, to the letter."""
    if "define" not in mutant.change.undo:
        pytest.fail("every edited definition is given back by defining the old one")
    before, after = xml_of(mutant.change.undo), xml_of(mutant.change.do)
    assert ElementTree.tostring(before) != ElementTree.tostring(after)
    assert before.findtext("name") == after.findtext("name")


def test_what_is_edited_is_what_the_name_says() -> None:
    """One sample each of devices, domains and networks."""
    disk = xml_of(named("disk vdb of web 1: read-only, stored").change.do)
    assert [one.find("readonly") is not None for one in disk.findall("devices/disk")] == [False, True]
    twice = xml_of(named("disk vdb of web 1: twice, stored").change.do)
    assert [one.get("dev") for one in twice.findall("devices/disk/target")] == ["vda", "vdb", "vdx"]
    more = xml_of(named("domain off1: one vCPU more, stored").change.do).find("vcpu")
    assert more is not None and (more.text, more.get("current")) == ("2", "2")
    small = xml_of(named("network lab: a smaller range, stored").change.do).find("ip/dhcp/range")
    assert small is not None and small.attrib == {"start": "10.5.0.2", "end": "10.5.0.2"}


def test_where_there_is_nothing_to_change_there_is_no_mutant() -> None:
    """No live change of a guest that is off, no second start of one that runs, no NAT rule beside NAT."""
    names = {one.name for one in MUTANTS}
    assert "domain off1: paused" not in names and "domain web 1: started" not in names
    assert "network lab: a NAT rule by hand" not in names and "network routed: a NAT rule by hand" in names
    assert "disk vda of web 1: gone, live" not in names, "the root disk of a guest is not unplugged"
    root = {one.name for one in mutants_of([asked("guest-mount", "web1", "", "/")])}
    assert root == {"guest-mount / in web1: read-only"}, "nor its root unmounted"


def test_what_leaves_scars_comes_last() -> None:
    """A lab host may be spoilt by it."""
    scars = [one.change.scars for one in MUTANTS]
    assert scars == sorted(scars) and any(scars)


def test_drawn_by_a_seed() -> None:
    """The same part for the same seed, in the same order; without a number all."""
    part = drawn(MUTANTS, 12, "a")
    assert part == drawn(MUTANTS, 12, "a") != drawn(MUTANTS, 12, "b")
    assert len(part) == 12 and part == [one for one in MUTANTS if one in part]
    assert drawn(MUTANTS, 0, "a") == MUTANTS


def test_the_firewall_is_left_alone_where_nobody_asks_who_reaches_whom() -> None:
    """There no text speaks of what it does."""
    quiet = {one.name for one in mutants_of([replace(ROUTED, traffic=False)])}
    both = {"network routed: a NAT rule by hand", "network routed: its packets dropped by hand"}
    assert not both & quiet and both <= {one.name for one in mutants_of([ROUTED])}


def seen(path: Path) -> tuple[object, ...]:
    """All that a check could see of a file."""
    if not path.exists():
        return ()
    found = path.lstat()
    return (found.st_ino, found.st_mtime_ns, found.st_mode, found.st_nlink, path.read_text())


def test_files_are_given_back_as_they_were(tmp_path: Path) -> None:
    """On a real file: each change changes it, and undone it is the same inode with the same time and text."""
    path = tmp_path / "it's.img"
    path.write_text("one\ntwo\nthree\n" * 20)
    before = seen(path)
    mutants = mutants_of([asked("file", str(path), names="image mode")])
    assert len(mutants) == 8
    for mutant in mutants:
        run(mutant.change.do.replace("/var/tmp", str(tmp_path)))
        assert seen(path) != before, mutant.name
        run(mutant.change.undo.replace("/var/tmp", str(tmp_path)))
        assert seen(path) == before, mutant.name
        assert [one.name for one in tmp_path.iterdir()] == [path.name], mutant.name


def test_a_directory_is_moved_or_made_a_link_and_given_back(tmp_path: Path) -> None:
    """What is done to a file's content cannot be done to it, so it is not tried."""
    path = tmp_path / "a pool"
    path.mkdir()
    (path / "disk.img").write_text("x")
    mutants = mutants_of([AskedObject("file", (str(path),), frozenset(("kind", DIRECTORY)))])
    assert [one.name.rpartition(": ")[2] for one in mutants] == ["moved to a similar name", "a link to elsewhere"]
    inode = path.stat().st_ino
    for mutant in mutants:
        run(mutant.change.do.replace("/var/tmp", str(tmp_path)))
        assert path.is_symlink() or not path.exists()
        run(mutant.change.undo.replace("/var/tmp", str(tmp_path)))
        assert (path.stat().st_ino, [one.name for one in path.iterdir()]) == (inode, ["disk.img"])
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_not_made_is_not_undone(tmp_path: Path) -> None:
    """Where a test at the beginning fails, the file is still in its place, and there is none to put back."""
    path = tmp_path / "notes"
    path.write_text("nothing of that name\n")
    for mutant in mutants_of([asked("note", str(path), "range")]):
        with pytest.raises(AssertionError):
            run(mutant.change.do.replace("/var/tmp", str(tmp_path)))
        run(mutant.change.undo.replace("/var/tmp", str(tmp_path)))
        assert path.read_text() == "nothing of that name\n"


def test_a_note_gets_another_value_and_none(tmp_path: Path) -> None:
    """Of the one line that is meant."""
    path = tmp_path / "my notes.txt"
    path.write_text("bridge=virbr0\nRange: 2 - 254\n")
    made = []
    for mutant in mutants_of([asked("note", str(path), "range")]):
        run(mutant.change.do.replace("/var/tmp", str(tmp_path)))
        made.append(path.read_text())
        run(mutant.change.undo.replace("/var/tmp", str(tmp_path)))
    assert made == ["bridge=virbr0\nRange: 92 - 254\n", "bridge=virbr0\nRange: \n"]


def run(code: str) -> None:
    """In bash, as on a lab host."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, f"{code}\n{done.stderr}"


@pytest.mark.parametrize(("names", "made"), [("lines", False), ("number", False), ("lines kind", True), ("", True)])
def test_a_link_is_tried_where_more_than_a_text_is_asked_for(names: str, made: bool) -> None:
    """Who reads a note through a link reads the same."""
    mutants = mutants_of([asked("file", "/root/notes", names=names)])
    assert ("file /root/notes: a link to elsewhere" in {one.name for one in mutants}) is made


KEYFILE = """[connection]
id=office
interface-name=eth0
[ipv4]
address1=10.0.0.5/24,10.0.0.2
dns=10.0.0.2;
method=manual
"""
PLAN = """network:
  ethernets:
    eth0:
      addresses: [10.0.0.5/24]
      nameservers:
        addresses: [10.0.0.2]
"""
IFUPDOWN = """auto lo
iface lo inet loopback
auto eth0
iface eth0 inet static
  address 10.0.0.5/24
  gateway 10.0.0.2
"""
STORED = {
    "/etc/network/interfaces": (IFUPDOWN, {
        "address misspelt": ("  address ", "  adress "), "no gateway": ("  gateway 10.0.0.2", ""),
        "a netmask beside the prefix": ("0.5/24\n", "0.5/24\n    netmask 255.255.0.0\n"),
        "a comment behind the address": ("0.5/24\n", "0.5/24   # fixed\n"),
        "another method": ("inet static", "inet manual"), "not brought up at boot": ("auto eth0", ""),
    }),
    "/etc/NetworkManager/system-connections/office.nmconnection": (KEYFILE, {
        "address misspelt": ("address1=", "adress1="), "no gateway": (",10.0.0.2", ""),
        "another method": ("=manual", "=auto"), "not brought up at boot": ("name=eth0", "name=eth09"),
        "a name server misspelt": ("dns=", "dsn="),
    }),
    "/etc/systemd/network/10.network": ("[Match]\nName=eth0\n[Network]\nAddress=10.0.0.5/24\nGateway=10.0.0.2\n", {
        "address misspelt": ("Address=", "Addr="), "no gateway": ("Gateway=10.0.0.2", ""),
        "not brought up at boot": ("Name=eth0", "Name=eth09"),
    }),
    "/etc/netplan/10.yaml": (PLAN, {
        "address misspelt": ("addresses:", "address:"), "not brought up at boot": ("eth0:", "eth09:"),
        "a name server misspelt": ("nameservers:", "nameserver:"),
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", STORED)
def test_a_guests_stored_network_is_changed_in_whichever_files_it_is_kept(tmp_path: Path, name: str) -> None:
    """Only where the format has such a line; undone, the file is as it was. One that gives no address is left alone."""
    text, wanted = STORED[name]
    path = tmp_path / name[1:]
    path.parent.mkdir(parents=True)
    path.write_text(text)
    other = path.with_name(f"0{path.name}")
    other.write_text("[connection]\ninterface-name=eth0\n[ipv4]\nmethod=auto\n[Match]\nName=eth0\n")
    (tmp_path / "root").mkdir()
    made = {}
    for mutant in mutants_of([asked("guest-network", "web1", "", "eth0")]):
        do, undo = (code.replace("/etc/", f"{tmp_path}/etc/").replace("/root/", f"{tmp_path}/root/")
                    for code in (mutant.change.do, mutant.change.undo))  # fmt: skip
        if subprocess.run(["sh", "-eu"], input=do, text=True).returncode == 0:
            made[mutant.name.rpartition(": ")[2]] = path.read_text()
            assert subprocess.run(["sh", "-eu"], input=undo, text=True).returncode == 0
        assert path.read_text() == text and not list((tmp_path / "root").iterdir())
    assert made == {change: text.replace(*edit) for change, edit in wanted.items()}
    assert "method=auto" in other.read_text()


@pytest.mark.parametrize(
    ("pinned", "online", "made"),
    [("1", "0-3", "0-3"), ("0-3", "0-3", "3"), ("0,2", "0,2", "2"), ("0", "0-1", "0-1"), ("0", "0", None)],
)
def test_a_vcpu_is_pinned_to_other_cpus_than_it_was(tmp_path: Path, pinned: str, online: str, made: str | None) -> None:
    """To all, as one frees it, would be no change for one that is free."""
    (tmp_path / "online").write_text(f"{online}\n")
    (tmp_path / "virsh").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "virsh").chmod(0o755)
    pins = replace(ON, live=DOMAIN.replace("cpuset='1'", f"cpuset='{pinned}'"))
    change = next(one.change for one in mutants_of([pins]) if one.name.endswith("vCPU 0 pinned elsewhere, live"))
    code = change.do.replace("/sys/devices/system/cpu/", f"{tmp_path}/")
    said = subprocess.run(["bash", "-eu"], input=f"PATH={tmp_path}:$PATH\n{code}", text=True, capture_output=True)
    assert said.stdout == (f"vcpupin web 1 0 {made} --live\n" if made else "")
    assert (said.returncode == 0) is (made is not None)
