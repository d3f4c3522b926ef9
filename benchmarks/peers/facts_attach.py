"""What `kvmlab check storage-attach` reads, quickly: libvirt-python, paramiko, and the image files' headers.

What has to be as it was is read, too, and not compared with the start, which is not known here.

LAB has the lab's names and sizes (JSON), URI libvirt's socket, ROOT the lab host's root directory, KEY the guest's.
"""

import json
import os
import re
import socket
import stat
import struct
import subprocess
import sys
import threading
import uuid
import xml.etree.ElementTree as ET
from typing import Any

LAB, URI, ROOT, KEY = json.loads(os.environ["LAB"]), os.environ["URI"], os.environ["ROOT"], os.environ["KEY"]
FACTS = ("cat /proc/mounts", "cat /etc/fstab", "cat {file}", "stat -c '%a %U %F' {file}", "ls -l /sys/block",
         "cat /sys/block/vd*/size", "blkid", "findmnt --verify --verbose")  # fmt: skip
wrong: list[str] = []
said: dict[str, str] = {}


def want(name: str, wanted: object, found: object) -> None:
    if wanted != found:
        wrong.append(f"{name}: wanted {wanted}, found {found}")


def read_guest() -> None:
    stream = socket.create_connection((LAB["start_address"], 22))
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    import paramiko

    transport = paramiko.Transport(stream)
    options = transport.get_security_options()
    options.kex, options.ciphers = ("curve25519-sha256@libssh.org",), ("aes128-ctr",)
    transport.start_client()
    transport.auth_publickey("root", paramiko.Ed25519Key.from_private_key_file(KEY))
    for command in FACTS:
        channel = transport.open_session()
        channel.exec_command(command.format_map(LAB))
        said[command] = channel.makefile().read().decode()


def disks(xml: str) -> dict[str, tuple[str, str]]:
    """Target to (file, format)."""
    found = {}
    for disk in ET.fromstring(xml).iterfind("devices/disk"):
        source, target, driver = (disk.find(name) for name in ("source", "target", "driver"))
        if source is not None and target is not None and driver is not None:
            found[str(target.get("dev"))] = (str(source.get("file")), str(driver.get("type")))
    return found


def head(path: str, size: int) -> bytes:
    with open(ROOT + path, "rb") as stream:  # noqa: PTH123
        return stream.read(size)


def inside(*argv: str) -> str:
    """A command of the lab host, in whose network this is; without what podman would add."""
    return subprocess.run(("chroot", ROOT, *argv), capture_output=True, text=True, check=True).stdout


def open_in_qemu(path: str) -> bool:
    with open(f"{ROOT}/run/libvirt/qemu/{LAB['guest']}.pid") as stream:  # noqa: PTH123
        pid = int(stream.read())
    return path in [os.readlink(one.path) for one in os.scandir(f"{ROOT}/proc/{pid}/fd")]  # noqa: PTH115


def as_it_was() -> None:
    """What the check compares with the start."""
    network = connection.networkLookupByName("default")
    for one in (domain, network, pool):
        flags = (0, libvirt.VIR_DOMAIN_XML_INACTIVE) if one is domain else (0, 1)
        want("definitions", True, all(one.XMLDesc(flag) for flag in flags))
    want("guests", [LAB["guest"]], [one.name() for one in connection.listAllDomains()])
    want("networks", ["default"], [one.name() for one in connection.listAllNetworks()])
    want("pools", True, LAB["pool"] in [one.name() for one in connection.listAllStoragePools()])
    want("snapshots", (0, 0), (domain.snapshotNum(), domain.hasManagedSaveImage()))
    want("at boot", (1, 1, 0), (network.autostart(), pool.autostart(), domain.autostart()))
    links = json.loads(inside("ip", "-json", "-details", "address"))
    want("links", True, "ens33" in [link["ifname"] for link in links])
    want("route", True, bool(json.loads(inside("ip", "-json", "route"))))
    want("firewall", True, "table" in inside("nft", "--stateless", "list", "ruleset"))
    with open(f"{ROOT}/proc/1/mountinfo") as stream:  # noqa: PTH123
        want("mounts", True, " / " in stream.read())
    wants = f"{ROOT}/etc/systemd/system"
    want("service", True, any("libvirtd.service" in os.listdir(one) for one in os.scandir(wants) if one.is_dir()))  # noqa: PTH208
    want("files", True, bool([one.stat() for one in os.scandir(os.path.dirname(ROOT + LAB["volume_path"]))]))  # noqa: PTH120


reader = threading.Thread(target=read_guest)
reader.start()
import libvirt  # noqa: E402

connection = libvirt.openReadOnly(URI)
pool = connection.storagePoolLookupByName(LAB["pool"])
volume, old = pool.storageVolLookupByName(LAB["volume"]), pool.storageVolLookupByName(LAB["old_volume"])
want("path", LAB["volume_path"], volume.path())
want("capacity", LAB["size_mib"] << 20, volume.info()[1])
want("old capacity", LAB["old_mib"] << 20, old.info()[1])
magic, _, _, _, _, virtual = struct.unpack(">4sIQIIQ", head(LAB["volume_path"], 32))
want("format", b"QFI\xfb", magic)
want("virtual size", LAB["size_mib"] << 20, virtual)
superblock = head(LAB["old_path"], 2048)[1024:]
want("uuid", LAB["old_uuid"], str(uuid.UUID(bytes=superblock[0x68:0x78])))
want("clean", 1, struct.unpack_from("<H", superblock, 0x3A)[0])
domain = connection.lookupByName(LAB["guest"])
want("state", libvirt.VIR_DOMAIN_RUNNING, domain.info()[0])
want("persistent", 1, domain.isPersistent())
for name, flags in (("live", 0), ("stored", libvirt.VIR_DOMAIN_XML_INACTIVE)):
    there = disks(domain.XMLDesc(flags))
    want(name, (LAB["volume_path"], LAB["format"]), there.get(LAB["target"]))
    want(f"old {name}", False, LAB["old_path"] in [path for path, _ in there.values()])
want("own file", True, stat.S_ISREG(os.lstat(ROOT + LAB["volume_path"]).st_mode))
want("open", True, open_in_qemu(LAB["volume_path"]))
as_it_was()
reader.join()
mounts: dict[str, Any] = {line.split()[1]: line.split() for line in said["cat /proc/mounts"].splitlines()}
fstab = {line.split()[1]: line.split() for line in said["cat /etc/fstab"].splitlines() if len(line.split()) > 3}
device, _, fstype, *_ = mounts.get(LAB["mount"], ["", "", ""])
want("mounted", "ext4", fstype)
want("text", LAB["text"], said["cat {file}"].strip())
want("size", True, str(LAB["size_mib"] << 11) in said["cat /sys/block/vd*/size"].split())
known = re.search(re.escape(device) + r': .*?UUID="([^"]*)"', said["blkid"])
want("kind", "644 root regular file", said["stat -c '%a %U %F' {file}"].strip())
want("mountable", False, "[E]" in said["findmnt --verify --verbose"])
want("fstab", f"UUID={known[1]}" if known else None, (fstab.get(LAB["mount"]) or [""])[0])
want("old mount", False, LAB["old_mount"] in mounts or LAB["old_mount"] in fstab)
print("\n".join(wrong) or "all as wanted")
sys.stdout.flush()
os._exit(bool(wrong))
