"""The ten facts by hand, and quickly: imports in a thread, TCP_NODELAY, the fastest ciphers, no slow exit."""

import json
import os
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET

URI, GUEST, ADDRESS, KEY = (os.environ[name] for name in ("URI", "GUEST", "ADDRESS", "KEY"))
wrong: list[str] = []
said: dict[str, str] = {}


def want(name: str, wanted: object, found: object) -> None:
    if wanted != found:
        wrong.append(f"{name}: wanted {wanted}, found {found}")


def read_guest() -> None:
    import socket

    stream = socket.create_connection((ADDRESS, 22))
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    import paramiko

    transport = paramiko.Transport(stream)
    options = transport.get_security_options()
    options.kex, options.ciphers = ("curve25519-sha256@libssh.org",), ("aes128-ctr",)
    transport.start_client()
    transport.auth_publickey("root", paramiko.Ed25519Key.from_private_key_file(KEY))
    for command in ("ip -4 address show eth0", "ip route show default", "cat /proc/mounts"):
        channel = transport.open_session()
        channel.exec_command(command)
        said[command] = channel.makefile().read().decode()


reader = threading.Thread(target=read_guest)
reader.start()
ip = [
    subprocess.Popen(["ip", "-j", *words], stdout=subprocess.PIPE)
    for words in (["address", "show", "virbr0"], ["route", "show", "default"])
]
import libvirt  # noqa: E402

connection = libvirt.openReadOnly(URI)
domain = connection.lookupByName(GUEST)
state, _, memory_kib, vcpus, _ = domain.info()
want("state", libvirt.VIR_DOMAIN_RUNNING, state)
want("memory", 128 * 1024, memory_kib)
want("vcpus", 1, vcpus)
source = ET.fromstring(domain.XMLDesc()).find("devices/interface/source")
want("network", "default", source is not None and source.get("network"))
want("active", 1, connection.networkLookupByName("default").isActive())
addresses, routes = (json.loads(process.communicate()[0]) for process in ip)
want("address", True, any(address["local"] == "192.168.122.1" for address in addresses[0]["addr_info"]))
want("gateway", "10.0.0.2", routes[0]["gateway"])
reader.join()
want("guest-address", True, f"{ADDRESS}/24" in said.get("ip -4 address show eth0", ""))
want("guest-gateway", True, "via 192.168.122.1" in said.get("ip route show default", ""))
want("guest-root", True, " / ext4 " in said.get("cat /proc/mounts", ""))
print("\n".join(wrong) or "10 facts as wanted")
sys.stdout.flush()
os._exit(bool(wrong))
