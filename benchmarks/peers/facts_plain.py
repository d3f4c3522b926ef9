"""The ten facts by hand with libvirt-python and paramiko, as one writes it at the first go."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import Any

import libvirt
import paramiko

URI, GUEST, ADDRESS, KEY = (os.environ[name] for name in ("URI", "GUEST", "ADDRESS", "KEY"))
wrong: list[str] = []


def want(name: str, wanted: object, found: object) -> None:
    if wanted != found:
        wrong.append(f"{name}: wanted {wanted}, found {found}")


def ip(*words: str) -> Any:
    return json.loads(subprocess.run(["ip", "-j", *words], capture_output=True, check=True).stdout)


connection = libvirt.openReadOnly(URI)
domain = connection.lookupByName(GUEST)
state, _, memory_kib, vcpus, _ = domain.info()
want("state", libvirt.VIR_DOMAIN_RUNNING, state)
want("memory", 128 * 1024, memory_kib)
want("vcpus", 1, vcpus)
source = ET.fromstring(domain.XMLDesc()).find("devices/interface/source")
want("network", "default", source is not None and source.get("network"))
want("active", 1, connection.networkLookupByName("default").isActive())
want("address", True, any(a["local"] == "192.168.122.1" for a in ip("address", "show", "virbr0")[0]["addr_info"]))
want("gateway", "10.0.0.2", ip("route", "show", "default")[0]["gateway"])

client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect(ADDRESS, username="root", key_filename=KEY, allow_agent=False, look_for_keys=False)


def guest(command: str) -> str:
    return str(client.exec_command(command)[1].read().decode())


want("guest-address", True, f"{ADDRESS}/24" in guest("ip -4 address show eth0"))
want("guest-gateway", True, "via 192.168.122.1" in guest("ip route show default"))
want("guest-root", True, " / ext4 " in guest("cat /proc/mounts"))
client.close()
print("\n".join(wrong) or "10 facts as wanted")
sys.exit(bool(wrong))
