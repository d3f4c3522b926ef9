# ruff: noqa: E501 (tables are read better in one line)
"""The facts of a guest from what its fact server says: busybox's and iproute2's words, odd and hostile ones too."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from pathlib import Path
from typing import Any, cast

import pytest

from kvmlab.checks.reader import CAUSES, MissingObject, Reading
from kvmlab.checks.subject import vocabulary_of
from kvmlab.checks.vocabulary.guest import Guest
from kvmlab.errors import CouldNotLook
from kvmlab.guest import reader
from kvmlab.guest.connection import GuestConnection
from kvmlab.guest.covered import covers
from kvmlab.guest.guests import Guests
from kvmlab.guest.ip_output import parse_addresses, parse_routes
from kvmlab.guest.reader import READERS as _FACTS
from kvmlab.guest.reader import read as _facts
from kvmlab.remote.deadline import Later, at_hand
from kvmlab.remote.ssh import Output, Unreachable, Why

IP_BUSYBOX = """1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast qlen 1000
    link/ether 52:54:00:AA:bb:01 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.122/24 brd 10.0.0.255 scope global eth0
       valid_lft forever preferred_lft forever
    inet6 fe80::5054:ff:feaa:bb01/64 scope link
3: eth1: <BROADCAST,MULTICAST> mtu 1400 qdisc noop qlen 1000
    link/ether 52:54:00:aa:bb:02 brd ff:ff:ff:ff:ff:ff
"""
IP_IPROUTE2 = """2: ens3@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000
    link/ether 52:54:00:aa:bb:01 brd ff:ff:ff:ff:ff:ff link-netnsid 0
    altname enp0s3
    inet 10.0.0.7 peer 10.0.0.8/32 brd 10.0.0.255 scope global dynamic noprefixroute ens3
       valid_lft 3437sec preferred_lft 3437sec
"""

SECTIONS = {
    "addr": IP_BUSYBOX,
    "route": "default via 10.0.0.2 dev eth0 metric 5\ndefault via 10.0.0.9 dev eth1 metric 50\n"
    "10.0.0.0/24 dev eth0 scope link  src 10.0.0.122\n",
    "mounts": "/dev/root / ext4 rw,relatime 0 0\ntmpfs /srv/data tmpfs rw 0 0\n/dev/vdb1 /srv/data ext4 rw,relatime 0 0\n"
    "/dev/vdc /mnt/with\\040space ext4 ro 0 0\n",
    "fstab": "# comment\nLABEL=root / ext4 defaults 0 1\n/dev/vdb1  /srv/data/ ext4 defaults,nofail 0 2\nbroken\n"
    "PARTUUID=12345678-01 /mnt/one ext4\nPARTUUID=12345678-02 /mnt/two ext4\nPARTLABEL=x /mnt/three ext4\n",
    "fstab-verified": "".join(
        f"{path}\n   [ ] FS type is ext4\n" for path in ("/", "/srv/data/", "/mnt/one", "/mnt/two", "/mnt/three")
    ),
    "resolv": "# nameserver 1.1.1.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nsearch lan.test\n",
    "hostname": "web1\n",
    "cmdline": "root=LABEL=x console=ttyS0\n",
    "system": "osrelease 6.12.1\nuptime 12.34 5.6\nvendor QEMU\nclocks tsc acpi_pm\nonline 0-1,3\npresent 0-3\nmodel QEMU Virtual CPU\n",
    "modules": "virtio_net 69632 0 - Live 0x0\next4 1 1 - Live 0x0\n",
    "meminfo": "MemTotal:         88064 kB\nMemFree: 1 kB\nMemAvailable:      51200 kB\n",
    "block": "vda 524288 virtio_blk virtio-pci\nsda 2048 sd ata_piix\nsr0 0 sr ahci\n",
    "partitions": "vda 524288\nvda1 522240\nvdb 131072\nvdb1 131071\nloop0 0\n",
    "links": "eth0 - virtio_net virtio-pci\neth1 - e1000\nlo -\n",
    "ps": "PID COMMAND\n  1 init\n 90 udhcpc -b -i eth1 -p /run/x\n 99 nginx: master\n 100 /usr/lib/kvmlab/look snapshot nginx\n",
    "df": "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vdb1 61440 2048 59392 4% /srv/data\n",
}


def framed(sections: dict[str, str | None], raw: bytes | None = None) -> bytes:
    out = b""
    for name, text in sections.items():
        data = (text or "").encode()
        out += f"=={name} {'-' if text is None else len(data)}==\n".encode() + data + b"\n"
    return out + (b"==end 0==\n\n" if raw is None else b"==raw *==\n" + raw)


class Canned:
    """A Session that answers from a table."""

    alive = True

    def __init__(self, **answers: bytes) -> None:
        self.answers = {name.replace("_", " ", 1): answer for name, answer in answers.items()}
        self.commands: list[str] = []

    def run(self, command: str, *, timeout_s: float, cap: int = 0) -> Output:
        self.commands.append(command)
        verb, *words = command.split()
        if verb == "snapshot":
            both = {
                "block": ("block", "partitions"),
                "resolv": ("resolv", "resolv-link"),
                "fstab": ("fstab", "fstab-rows", "fstab-verified"),
            }
            names = [name for word in words for name in both.get(word, (word,))]
            found = {name: SECTIONS.get(name) for name in names}
            return Output(0, self.answers.get("snapshot", framed(found)), b"")
        return Output(0, self.answers.get(verb, framed({})), b"")


def inside(**answers: bytes) -> GuestConnection:
    return GuestConnection("web1", "10.0.0.122", Canned(**answers))  # type: ignore[arg-type]


def read(kind: str, *key: str, names: str = "", **answers: bytes) -> Any:
    return _facts(inside(**answers), kind, ("web1", "", *key), names.split())


def test_addresses_in_both_dialects() -> None:
    nics = parse_addresses(IP_BUSYBOX)
    assert (nics["eth0"].mac, nics["eth0"].addresses, nics["eth0"].up, nics["eth0"].mtu) == (
        "52:54:00:aa:bb:01", ["10.0.0.122/24"], True, 1500,
    )  # fmt: skip
    assert (nics["eth1"].up, nics["eth1"].addresses, nics["lo"].loopback) == (False, [], True)
    nic = parse_addresses(IP_IPROUTE2)["ens3"]
    assert (nic.addresses, nic.dynamic) == (["10.0.0.7/32"], True)


def test_the_addresses_of_a_guest() -> None:
    assert read("guest-addresses") == {"addresses": ["10.0.0.122/24"], "links": ["eth0", "eth1"]}
    said = read("guest-address", "eth0", names="dynamic")
    assert (said["addresses"], said["dynamic"], said["mac"]) == (["10.0.0.122/24"], False, "52:54:00:aa:bb:01")
    missing = read("guest-address", "eth9")
    assert isinstance(missing, MissingObject) and "eth0" in missing.offers


def test_routes() -> None:
    assert read("guest-route", "default") == {"via": "10.0.0.2", "dev": "eth0", "src": None, "metric": 5}
    assert read("guest-route", "0.0.0.0/0")["via"] == "10.0.0.2"
    assert read("guest-route", "10.0.0.0/24")["src"] == "10.0.0.122"
    assert isinstance(read("guest-route", "10.0.0.0/16"), MissingObject)
    assert parse_routes("unreachable 10.9.0.0/16\n\n") == [{"dst": "unreachable"}]


def test_mounts_and_fstab() -> None:
    assert read("guest-mount", "/srv/data")["source"] == "/dev/vdb1"  # the upper of two
    assert read("guest-mount", "/srv/data/")["fstype"] == "ext4"
    assert read("guest-mount", "/mnt/with space")["options"] == ["ro"]
    assert isinstance(read("guest-mount", "/srv"), MissingObject)
    assert read("guest-mount", "/srv/data", names="disk_mib")["disk_mib"] == 64
    said = read("guest-fstab", "/srv/data", names="device")
    assert said == {
        "source": "/dev/vdb1", "device": "/dev/vdb1", "uuid": None, "fstype": "ext4", "options": ["defaults", "nofail"],
        "problem": None, "causes": Reading([]),
    }  # fmt: skip
    assert isinstance(read("guest-fstab", "/data"), MissingObject)


def ext4(label: str, uuid: str) -> bytes:
    block = bytearray(69632)
    block[1024 + 0x38 : 1024 + 0x3A] = b"\x53\xef"
    block[1024 + 0x60] = 0x40
    block[1024 + 0x68 : 1024 + 0x78] = bytes.fromhex(uuid.replace("-", ""))
    block[1024 + 0x78 : 1024 + 0x78 + len(label)] = label.encode()
    return bytes(block)


def test_the_device_behind_a_partition_id() -> None:
    table = bytearray(512)
    table[510:512], table[440:444], table[446 + 4] = b"\x55\xaa", bytes.fromhex("78563412"), 0x83
    disk = framed({}, bytes(table))
    for path, device in (("/mnt/one", "/dev/vda1"), ("/mnt/two", None), ("/mnt/three", None)):
        assert read("guest-fstab", path, names="device", disk=disk)["device"] == device


def test_the_device_behind_a_label() -> None:
    disk = framed({}, ext4("root", "d479f278-319e-44a2-8821-73cdfb2ffbd8"))
    assert read("guest-fstab", "/", names="device", disk=disk)["device"] == "/dev/vda"
    assert read("guest-fstab", "/", names="device")["device"] is None
    for kind in ("guest-fstab", "guest-mount"):
        assert read(kind, "/", names="uuid", disk=disk)["uuid"] == "d479f278-319e-44a2-8821-73cdfb2ffbd8"
        assert read(kind, "/", names="uuid")["uuid"] is None
    there: dict[str, str | None] = {
        **SECTIONS,
        "fstab": "LABEL=root /srv/data ext4 defaults 0 2\n",
        "fstab-verified": "/srv/data\n   [ ] ok\n",
    }
    channel = Canned(disk=disk, snapshot=framed(there))
    guest = GuestConnection("web1", "", channel)  # type: ignore[arg-type]
    found: Any = _facts(guest, "guest-fstab", ("web1", "", "/srv/data"), ["device"])
    assert found["device"] == "/dev/vdb1"
    assert [one for one in channel.commands if one.startswith("disk ")] == ["disk vdb1"], (
        "each question starts a shell in the guest"
    )
    said = read("guest-filesystem", "/dev/vdb1", names="fstype size_mib", disk=disk)
    assert (said["fstype"], said["label"], said["size_mib"], said["used_mib"]) == ("ext4", "root", 60, 2)
    assert isinstance(read("guest-filesystem", "/dev/vdz"), MissingObject)


def test_blocks_and_drivers() -> None:
    assert read("guest-block", "vdb") == {"name": "vdb", "size_mib": 64, "driver": None, "partitions": ["vdb1"]}
    assert read("guest-driver", "sda") == {"driver": "ata_piix"}  # not the "sd" above it
    assert read("guest-driver", "eth1") == {"driver": "e1000"}
    assert isinstance(read("guest-driver", "eth7"), MissingObject)


def test_the_system() -> None:
    assert read("guest-cpus") == {"online": 3, "present": 4, "model": "QEMU Virtual CPU"}
    assert read("guest-memory") == {"total_mib": 86, "available_mib": 50}
    said = read("guest")
    assert (said["hostname"], said["kernel"], said["uptime_s"], said["hypervisor"]) == ("web1", "6.12.1", 12.34, "qemu")
    assert read("guest-process", "nginx") == {"count": 1}  # our own command line does not count
    assert read("guest-module", "virtio-net") == {"loaded": True}
    assert read("guest-module", "nope", file=framed({"stat": None})) == {"loaded": False}


def test_services_of_both_kinds() -> None:
    def systemd(active: str, enabled: str) -> bytes:
        return framed({"active": active, "enabled": enabled})

    assert read("guest-service", "ssh", service=systemd("active", "enabled")) == {"active": True, "enabled": True}
    assert read("guest-service", "ssh", service=systemd("inactive", "disabled")) == {"active": False, "enabled": False}
    assert isinstance(read("guest-service", "ssh", service=systemd("inactive", "")), MissingObject)
    assert read("guest-service", "ssh", service=systemd("active", "enabled-runtime"))["enabled"] is False
    with pytest.raises(CouldNotLook, match="masked until the next boot"):
        read("guest-service", "ssh", service=systemd("active", "masked-runtime"))
    inittab = "::respawn:/usr/sbin/dropbear -F\n#::respawn:/usr/sbin/acpid\nttyS0::respawn:/usr/sbin/getty -L ttyS0\n"
    busybox = framed({"active": "90", "inittab": inittab, "links": ""})
    assert read("guest-service", "dropbear", service=busybox) == {"active": True, "enabled": True}
    assert read("guest-service", "acpid", service=busybox)["enabled"] is False
    assert read("guest-service", "bear", service=busybox)["enabled"] is False


def test_names_in_both_dialects() -> None:
    hosts = framed({"hosts": "10.0.0.50 STREAM www\n10.0.0.50 DGRAM\n"})
    said = read("guest-name", "www", resolve=hosts)
    assert (said["address"].value, said["addresses"].value) == ("10.0.0.50", ["10.0.0.50"])
    assert said["address"].see.startswith("ssh ") and said["address"].see.endswith(" getent ahostsv4 www")
    text = "Server:\t\t10.0.0.2\nAddress:\t10.0.0.2:53\n\nName:\twww\nAddress: 10.0.0.50\n"
    assert read("guest-name", "www", resolve=framed({"nslookup": text}))["addresses"] == ["10.0.0.50"]
    refused = "Server:\t\t10.0.0.2\nAddress:\t10.0.0.2:53\n\n** server can't find nope: NXDOMAIN\n"
    assert read("guest-name", "nope", resolve=framed({"nslookup": refused}))["address"] is None


def test_pings_in_both_dialects() -> None:
    for text in (
        "1 packets transmitted, 1 packets received, 0% packet loss",
        "1 packets transmitted, 1 received, 0% loss",
    ):
        assert read("guest-reach", "10.0.0.2", "", reach=framed({"ping": text})) == {"answers": True}
    lost = "1 packets transmitted, 0 packets received, 100% packet loss"
    assert read("guest-reach", "10.0.0.2", "", reach=framed({"ping": lost})) == {"answers": False}
    assert read("guest-reach", "10.0.0.2", "80", connect=framed({"status": "1"})) == {"answers": False}


def test_files() -> None:
    answer = framed({"stat": "6 644 root root regular file"}, b"a\n\x1bb\xff\n")
    said = read("guest-file", "/x", file=answer)
    assert (said["kind"], said["size_bytes"], said["mode"], said["owner"]) == ("file", 6, "0644", "root:root")
    assert said["text"] == "a\n\x1bb�\n"
    assert said["lines"] == ["a", "\x1bb�"]
    summed = framed({"stat": "6 644 root root regular file", "sha256": "abc  /x", "other": "1"})
    assert read("guest-file", "/x", names="sha256", file=answer, checksum=summed)["sha256"] == "abc"
    assert read("guest-file", "/d", file=framed({"stat": "0 755 root root directory"}))["kind"] == "directory"
    assert isinstance(read("guest-file", "/no", file=framed({"stat": None})), MissingObject)


def test_the_resolver_and_what_a_static_interface_keeps() -> None:
    assert read("guest-resolver") == {"servers": ["10.0.0.2", "10.0.0.3"], "search": ["lan.test"]}
    whole: dict[str, str | None] = {
        "addr": IP_BUSYBOX,
        "config:/etc/network/interfaces": "auto eth0\niface eth0 inet static\n address 10.0.0.122/24\n",
        "ifup-auto": "eth0",
        "ifup:eth0": "ip addr add 10.0.0.122/255.255.255.0 broadcast 10.0.0.255 dev eth0 label eth0",
        "resolv": SECTIONS["resolv"],
    }
    said = read("guest-network", "eth0", snapshot=framed(whole))
    assert said["dns"].value == ["10.0.0.2", "10.0.0.3"]
    assert said["address"].see == "ssh web1 'cat /etc/network/interfaces'"
    fleeting = whole | {"resolv-link": "../run/resolv.conf"}
    assert read("guest-network", "eth0", snapshot=framed(fleeting))["dns"].value == []


GARBAGE = [
    b"",
    b"\x1b[2J",
    b"==addr 5==\nab",
    b"==addr 999999999==\nx\n",
    b"==end 0==",
    b"\0" * 5000,
    b"==a b==\n",
    b"==raw *==\nx",
]


@pytest.mark.parametrize("answer", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize("kind", sorted(_FACTS))
def test_garbage_is_never_a_wrong_fact(kind: str, answer: bytes) -> None:
    """What is no answer is CouldNotLook; a framed nothing is an empty guest, not a crash."""
    verbs = dict.fromkeys(("snapshot", "file", "disk", "service", "resolve", "reach", "connect", "checksum"), answer)
    where = ("web1", "", *(("eth0", "22") if kind == "guest-reach" else ("eth0",)))
    if answer == GARBAGE[-1]:  # well formed, and says nothing
        with contextlib.suppress(CouldNotLook):
            _facts(inside(**verbs), kind, where, [])
        return
    with pytest.raises(CouldNotLook, match=r"Guest web1 cannot be asked"):
        _facts(inside(**verbs), kind, where, [])


def test_a_guest_that_said_nothing_is_entered_anew() -> None:
    """Its connection may stand for minutes after it has gone: whoever looks again and again would hear nothing new."""

    class Silent(Canned):
        def run(self, command: str, *, timeout_s: float, cap: int = 0) -> Output:
            raise Unreachable(Why.SILENT)

    guest = GuestConnection("web1", "10.0.0.122", Silent())  # type: ignore[arg-type]
    assert guest.alive
    with pytest.raises(CouldNotLook, match="does not answer"):
        guest.lines("addr")
    assert not guest.alive


def test_of_those_entered_the_silent_are_entered_anew_before_they_are_asked() -> None:
    """Whoever knows that guests may have been cut off does not wait for each question's deadline."""
    closed = threading.Event()

    class CutOff(Canned):
        def run(self, command: str, *, timeout_s: float, cap: int = 0) -> Output:
            closed.wait(30)
            raise Unreachable(Why.CLOSED)

        def close(self) -> None:
            closed.set()

    guests = Guests(cast(Any, None), Path("/nowhere"))
    silent = GuestConnection("db1", "10.0.0.123", CutOff())
    odd = GuestConnection("app1", "10.0.0.124", Canned(snapshot=b"?"))  # type: ignore[arg-type]
    guests._entered = {"web1": at_hand(inside()), "db1": at_hand(silent), "app1": at_hand(odd), "new": Later()}
    guests.hang_up_on_the_silent(1.0)
    assert set(guests._entered) == {"web1", "app1", "new"} and closed.is_set()


def test_who_was_silent_is_not_waited_for_again() -> None:
    class Hanging(Canned):
        def run(self, command: str, *, timeout_s: float, cap: int = 0) -> Output:
            time.sleep(1.5 if "route" in command else 30)
            raise Unreachable(Why.SILENT)

    guest = GuestConnection("web1", "10.0.0.122", Hanging())  # type: ignore[arg-type]
    guest.begin(["addr"])
    with pytest.raises(CouldNotLook, match="does not answer"):
        guest.lines("route")
    began = time.monotonic()
    with pytest.raises(CouldNotLook, match="does not answer"):
        guest.lines("addr")
    assert time.monotonic() - began < 10


def test_sections_are_asked_for_together() -> None:
    guest = inside()
    guest.begin(["addr", "route", "addr"])
    guest.begin(["route", "resolv"])
    assert _facts(guest, "guest-route", ("web1", "", "default"), ["via"])
    assert sorted(guest.channel.commands) == ["snapshot addr route", "snapshot resolv"]  # type: ignore[attr-defined]


def subjects() -> list[Any]:
    guest = Guest(object(), ("web1", ""))  # type: ignore[arg-type]
    return [guest, guest.addresses(), guest.address(), guest.route(), guest.mount("/srv/data"), guest.fstab("/"),
            guest.filesystem("/dev/vdb1"), guest.file("/x"), guest.service("x"), guest.resolver(), guest.resolves("x"),
            guest.module("x"), guest.driver("sda"), guest.cpus(), guest.memory(), guest.block("vda"), guest.process("x"),
            guest.reach("x"), guest.stored_network()]  # fmt: skip


@pytest.mark.parametrize("subject", subjects(), ids=lambda one: one.kind)
def test_every_fact_of_the_vocabulary_has_a_reading(subject: Any) -> None:
    names = [name for name in vocabulary_of(type(subject)) if name != "exists"]
    config = {
        "config:/etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n",
        "ifup-auto": "eth0",
        "ifup:eth0": "udhcpc -n -i eth0",
        "resolv": "",
    }
    answers = {
        "file": framed({"stat": "1 644 root root regular file"}, b"x"), "disk": framed({}, ext4("x", "0" * 31 + "1")),
        "checksum": framed({"stat": "", "sha256": "a b", "other": "0"}), "service": framed({"active": "", "enabled": "enabled"}),
    }  # fmt: skip
    if subject.kind == "guest-network":
        answers["snapshot"] = framed({"addr": IP_BUSYBOX, **config})
    found = _facts(inside(**answers), subject.kind, subject.key, names)
    assert not isinstance(found, MissingObject)
    assert set(names) <= set(found)


def test_every_section_named_here_is_one_of_the_script() -> None:
    script = (Path(reader.__file__).parent / "look.sh").read_text()
    named = {name for names in reader._SECTIONS.values() for name in names} | set(reader._COSTLY.values())
    assert named <= set(re.findall(r"^    ([a-z]+)\) (?:section|emit|network_config)", script, re.MULTILINE))


def test_what_is_mounted_over_what_the_next_boot_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is bound over another one is what `cat` shows, until then."""
    assert [cause.found for cause in covers(inside(), "/etc/fstab")] == []
    monkeypatch.setitem(SECTIONS, "mounts", f"{SECTIONS['mounts']}tmpfs /etc/network/interfaces tmpfs rw 0 0\n")
    for path, found in (
        ("/etc", True),
        ("/etc/network/interfaces", True),
        ("/etc/network", True),
        ("/etc/fstab", False),
    ):
        assert [cause.found for cause in covers(inside(), path)] == ["/etc/network/interfaces"] * found
    monkeypatch.setitem(SECTIONS, "mounts", f"{SECTIONS['mounts']}tmpfs /etc tmpfs rw 0 0\n")
    said = read("guest-fstab", "/", names="fstype")
    assert "covered" in [cause.fact for cause in said[CAUSES].value]
