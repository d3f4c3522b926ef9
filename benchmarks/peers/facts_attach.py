"""What `kvmlab check storage-attach` reads, quickly: libvirt-python, paramiko, and the image files' headers.

LAB has the lab's names and sizes (JSON), URI libvirt's socket, ROOT the lab host's root directory, KEY the guest's.
"""

import json
import os
import re
import socket
import struct
import sys
import threading
import uuid
import xml.etree.ElementTree as ET
from typing import Any

LAB, URI, ROOT, KEY = json.loads(os.environ["LAB"]), os.environ["URI"], os.environ["ROOT"], os.environ["KEY"]
FACTS = ("cat /proc/mounts", "cat /etc/fstab", "cat {file}", "ls -l /sys/block", "cat /sys/block/vd*/size", "blkid")
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
reader.join()
mounts: dict[str, Any] = {line.split()[1]: line.split() for line in said["cat /proc/mounts"].splitlines()}
fstab = {line.split()[1]: line.split() for line in said["cat /etc/fstab"].splitlines() if len(line.split()) > 3}
device, _, fstype, *_ = mounts.get(LAB["mount"], ["", "", ""])
want("mounted", "ext4", fstype)
want("text", LAB["text"], said["cat {file}"].strip())
want("size", True, str(LAB["size_mib"] << 11) in said["cat /sys/block/vd*/size"].split())
known = re.search(re.escape(device) + r': .*?UUID="([^"]*)"', said["blkid"])
want("fstab", f"UUID={known[1]}" if known else None, (fstab.get(LAB["mount"]) or [""])[0])
want("old mount", False, LAB["old_mount"] in mounts or LAB["old_mount"] in fstab)
print("\n".join(wrong) or "all as wanted")
sys.stdout.flush()
os._exit(bool(wrong))
