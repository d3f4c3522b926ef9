"""For each known mistake a host that shows it, and the finding it is said under."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from kvmlab.checks import Host
from kvmlab.checks.findings import Finding

Objects = dict[tuple[str, tuple[str, ...]], dict[str, object]]
MAC = "52:54:00:00:00:01"
DISK = "/srv/web1.qcow2"
ME = ("web1", "", "eth0")


class Fixture(NamedTuple):
    """What was wanted, and all there is."""

    finding: Callable[[Host], Finding]
    objects: Objects


def domain(name: str = "web1", **facts: object) -> Objects:
    """A guest that runs: `facts` as it is now; `stored` facts begin with s_, those of the running one with l_."""
    own = {"state": "running", "reason": "booted", "persistent": True, "managed_save": False, "interfaces": [MAC],
           "disks": ["vda"], "memory_mib": 256, "max_memory_mib": 256, "vcpus": 1, "max_vcpus": 1,
           "agent": True, "agent_channel": True, "autostart": True}  # fmt: skip
    now = own | {key: value for key, value in facts.items() if key[1] != "_"}
    views = {"stored": "s_", "live": "l_"}
    parts = {view: now | {key[2:]: value for key, value in facts.items() if key.startswith(mark)}
             for view, mark in views.items()}  # fmt: skip
    if now["state"] == "shut off":
        parts["live"] = {}
    return {("domain", (name, view)): found for view, found in {"now": now, **parts}.items()}


def nic(name: str = "web1", **facts: object) -> Objects:
    """Its interface on the network default."""
    own: dict[str, object] = {"mac": MAC, "type": "network", "source": "default", "target": "vnet0", "bridge": "virbr0",
                              "link_state": "up", "network_starts": True}  # fmt: skip
    return {("interface", (name, view, "index", "0")): own | facts for view in ("now", "stored")}


def disk(name: str = "web1", **facts: object) -> Objects:
    """Its disk, which is a qcow2 file."""
    own: dict[str, object] = {"target": "vda", "source": DISK, "format": "qcow2", "shareable": False}
    return {("disk", (name, view, "target", "vda")): own | facts for view in ("now", "stored", "live")}


def file(path: str, **facts: object) -> Objects:
    """A file that everybody may read."""
    return {("file", (path,)): {"mode": "0755", "owner": "root:root", "lines": [], "text": "", **facts}}


def image(path: str = DISK, **facts: object) -> Objects:
    """An image and its file."""
    return file(path) | {("image", (path,)): {"format": "qcow2", "backing": None, **facts}}


def network(name: str = "default", **facts: object) -> Objects:
    """A network that is active; stored facts begin with s_."""
    own = {"active": True, "persistent": True, "autostart": True, "bridge": "virbr0", "forward": "nat",
           "address": "192.168.122.1/24", "hosts": {}}  # fmt: skip
    now = own | {key: value for key, value in facts.items() if key[1] != "_"}
    stored = now | {key[2:]: value for key, value in facts.items() if key.startswith("s_")}
    return {("network", (name, "now")): now, ("network", (name, "stored")): stored}


def names(*domains: str) -> Objects:
    """The domains there are."""
    return {("inventory", ("domains",)): {"names": list(domains)}}


def link(name: str, **facts: object) -> Objects:
    """A link that is up."""
    return {("link", (name,)): {"addresses": [], "ports": [], "master": None, "up": True, "port_state": None, **facts}}


def rules(*found: str) -> Objects:
    """The firewall, in which there was nothing at the start."""
    return {("start", ("firewall", "rules")): {"rules": []}, ("present", ("firewall", "rules")): {"rules": list(found)}}


def sysctl(name: str, value: str) -> Objects:
    """A kernel parameter."""
    return {("sysctl", (name,)): {"value": value}}


def thing(kind: str, *key: str, **facts: object) -> Objects:
    """Any other object."""
    return {(kind, key): facts}


def guest(kind: str, *rest: str, **facts: object) -> Objects:
    """Something in web1."""
    return {(kind, ("web1", "", *rest)): facts}


WORLD = {
    **domain(), **nic(), **disk(), **image(), **network(), **names("web1"), **link("virbr0", ports=["vnet0"]),
    **link("vnet0", master="virbr0"), **file("/srv"), **file("/etc/libvirt/qemu.conf"), **rules(),
    **sysctl("net.ipv4.ip_forward", "1"), **sysctl("net.bridge.bridge-nf-call-iptables", "0"),
}  # fmt: skip
"""A host on which all is well."""
OFF = {"state": "shut off", "reason": "failed"}
NAT_DROP = "ip filter FORWARD: type filter hook forward priority filter; policy drop;"


def runs(host: Host) -> Finding:
    """web1 runs."""
    return host.domain("web1").shows(state="running")


def active(host: Host) -> Finding:
    """The network is active."""
    return host.network("default").shows(active=True)


def pinged(host: Host) -> Finding:
    """web1 is reached from the LAN."""
    return host.reach("10.0.0.122", from_="peer").shows(answers=True)


def without(*places: tuple[str, tuple[str, ...]]) -> Objects:
    """Objects that are not there: None stands for them."""
    return {place: {} for place in places}


SILENT: Objects = {("reach", ("peer", "10.0.0.122", "")): {"answers": False}}
UP = ("link", ("virbr0",))
STORED_NIC = ("interface", ("web1", "stored", "index", "0"))

FIXTURES: Mapping[str, Fixture] = {
    "user-session": Fixture(
        runs, without(("domain", ("web1", "now")), ("domain", ("web1", "stored")), ("domain", ("web1", "live")))
        | names() | file("/root/.config/libvirt/qemu/web1.xml")
    ),
    "file-not-loaded": Fixture(
        runs, without(("domain", ("web1", "now")), ("domain", ("web1", "stored")), ("domain", ("web1", "live")))
        | names() | file("/etc/libvirt/qemu/web1.xml")
    ),
    "saved-state": Fixture(
        lambda host: host.domain("web1").stored.shows(vcpus=2),
        domain(**OFF, managed_save=True, max_vcpus=2) | file("/etc/libvirt/qemu/web1.xml"),
    ),
    "transient": Fixture(
        lambda host: host.domain("web1").shows(persistent=True, autostart=True),
        domain(persistent=False, autostart=False) | without(("domain", ("web1", "stored"))),
    ),
    "not-restarted": Fixture(
        lambda host: host.domain("web1").interface(index=0).shows(source="default"),
        nic(type="bridge", source="br0") | {STORED_NIC: WORLD[STORED_NIC]},
    ),
    "live-only": Fixture(
        lambda host: host.domain("web1").stored.disk(target="vda").shows(source=DISK),
        without(("disk", ("web1", "stored", "target", "vda"))) | domain(s_disks=[]),
    ),
    "network-not-restarted": Fixture(
        lambda host: host.network("default").shows(forward="route"), network(s_forward="route")
    ),
    "network-live-only": Fixture(
        lambda host: host.network("default").stored.shows(hosts={MAC: "192.168.122.9"}),
        network(hosts={MAC: "192.168.122.9"}, s_hosts={}),
    ),
    "edited-by-hand": Fixture(
        lambda host: host.domain("web1").stored.shows(vcpus=2),
        thing("domain-file", "/etc/libvirt/qemu/web1.xml", vcpus=2) | domain(max_vcpus=2),
    ),
    "disk-gone": Fixture(runs, domain(**OFF) | without(("file", (DISK,)), ("image", (DISK,)))),
    "base-gone": Fixture(runs, domain(**OFF) | image(backing="/srv/base.qcow2")),
    "disk-in-use": Fixture(
        runs, domain(**OFF) | domain("db1", interfaces=[]) | disk("db1") | names("web1", "db1")
    ),
    "unreadable": Fixture(runs, domain(**OFF) | file("/srv", mode="0700")),
    "its-network-is-off": Fixture(runs, domain(**OFF) | network(active=False)),
    "no-space": Fixture(runs, domain(state="paused", reason="I/O error")),
    "paused": Fixture(runs, domain(state="paused", reason="user")),
    "crashed": Fixture(runs, domain(state="shut off", reason="crashed")),
    "never-started": Fixture(
        lambda host: host.domain("web1").live.shows(vcpus=1), domain(state="shut off", reason="unknown")
    ),
    "kib": Fixture(
        lambda host: host.domain("web1").stored.shows(max_memory_mib=256),
        domain(**OFF, s_memory_mib=0.25, s_max_memory_mib=0.25),
    ),
    "only-the-maximum": Fixture(
        lambda host: host.domain("web1").stored.shows(memory_mib=512), domain(s_max_memory_mib=512)
    ),
    "over-the-maximum": Fixture(lambda host: host.domain("web1").shows(vcpus=2), {}),
    "no-channel": Fixture(lambda host: host.domain("web1").shows(agent=True), domain(agent=False, agent_channel=False)),
    "agent-silent": Fixture(lambda host: host.domain("web1").shows(agent=True), domain(agent=False)),
    "enabled-only": Fixture(
        lambda host: host.service("cockpit.socket").shows(active=True),
        {("service", ("cockpit.socket",)): {"active": False, "enabled": True}},
    ),
    "active-only": Fixture(
        lambda host: host.guest("web1").service("nginx").shows(active=True, enabled=True),
        guest("guest-service", "nginx", active=True, enabled=False),
    ),
    "bridge-taken": Fixture(active, network(active=False)),
    "subnet-taken": Fixture(
        active, network(active=False) | without(UP) | {("route", ("192.168.122.0/24",)): {"dev": "ens33"}}
    ),
    "port-53-taken": Fixture(
        active,
        network(active=False) | without(UP)
        | {("listener", ("127.0.0.1", "53")): {"listening": ["0.0.0.0"], "process": "dnsmasq"}},
    ),
    "network-not-started": Fixture(active, network(active=False) | without(UP)),
    "network-asleep": Fixture(
        lambda host: host.domain("web1").stored.interface(index=0).shows(network_starts=True),
        network(autostart=False) | nic(network_starts=False),
    ),
    "address-on-port": Fixture(
        lambda host: host.link("br0").shows(addresses=["10.0.0.12/24"]),
        link("br0", ports=["ens33"]) | link("ens33", master="br0", addresses=["10.0.0.12/24"]),
    ),
    "link-down": Fixture(
        lambda host: host.link("br0").shows(state="up"), link("br0", up=False, state="down")
    ),
    "port-listening": Fixture(
        lambda host: host.link("ens33").shows(port_state="forwarding"), link("ens33", port_state="listening")
    ),
    "not-at-boot": Fixture(
        lambda host: host.link("br0").stored.shows(addresses=["10.0.0.12/24"]),
        link("br0", addresses=["10.0.0.12/24"]),
    ),
    "not-brought-up": Fixture(
        lambda host: host.link("br0").shows(addresses=["10.0.0.12/24"]),
        link("br0") | {("stored-link", ("br0",)): {"addresses": ["10.0.0.12/24"]}},
    ),
    "tap-elsewhere": Fixture(pinged, SILENT | link("vnet0")),
    "unplugged": Fixture(pinged, SILENT | nic(link_state="down")),
    "mac-twice": Fixture(pinged, SILENT | domain("db1", disks=[]) | names("web1", "db1")),
    "old-lease": Fixture(
        lambda host: host.network("default").lease(MAC).shows(address="192.168.122.9/24"),
        network(hosts={MAC: "192.168.122.9"}) | {("lease", ("default", MAC)): {"address": "192.168.122.77/24"}},
    ),
    "bridge-filtered": Fixture(pinged, SILENT | rules(NAT_DROP) | sysctl("net.bridge.bridge-nf-call-iptables", "1")),
    "dropped": Fixture(pinged, SILENT | rules(NAT_DROP)),
    "no-forwarding": Fixture(pinged, SILENT | sysctl("net.ipv4.ip_forward", "0")),
    "wrong-prefix": Fixture(
        lambda host: host.guest("web1").address().shows(addresses=["10.0.0.122/24"]),
        guest("guest-address", "eth0", addresses=["10.0.0.122/25"]),
    ),
    "wrong-format": Fixture(
        lambda host: host.guest("web1").block("vdb").shows(size_mib=64),
        disk(format="raw") | guest("guest-block", "vdb", size_mib=0.19),
    ),
    "snapshot-on-top": Fixture(
        lambda host: host.domain("web1").disk(target="vda").shows(source=DISK),
        disk(source="/srv/web1.s1") | image("/srv/web1.s1", backing=DISK),
    ),
    "pool-not-started": Fixture(
        lambda host: host.pool("labs").shows(active=True), {("pool", ("labs", "now")): {"active": False}}
    ),
    "not-refreshed": Fixture(
        lambda host: host.volume("labs", "a.qcow2").shows(format="qcow2"),
        {("pool", ("labs", "now")): {"active": True, "target": "/srv"}} | file("/srv/a.qcow2"),
    ),
    "thousands": Fixture(
        lambda host: host.volume("labs", "a").shows(capacity_bytes=2**30),
        {("volume", ("labs", "a")): {"capacity_bytes": 10**9}},
    ),
    "preallocated": Fixture(
        lambda host: host.volume("labs", "a").shows(format="qcow2"),
        {("volume", ("labs", "a")): {"format": "raw", "capacity_bytes": 2**20, "allocation_bytes": 2**20}},
    ),
    "default-for-defaults": Fixture(
        lambda host: host.guest("web1").fstab("/srv").shows(problem=None),
        guest("guest-fstab", "/srv", options=["default"], problem="unknown option"),
    ),
    "not-mounted": Fixture(
        lambda host: host.guest("web1").mount("/srv").shows(fstype="ext4"),
        guest("guest-fstab", "/srv", options=["defaults"]),
    ),
    "not-in-fstab": Fixture(
        lambda host: host.guest("web1").fstab("/srv").shows(fstype="ext4"), guest("guest-mount", "/srv", fstype="ext4")
    ),
    "network-not-brought-up": Fixture(
        lambda host: host.guest("web1").addresses().shows(addresses=["10.0.0.122/24"]),
        guest("guest-network", "eth0", address="10.0.0.122/24") | guest("guest-addresses", addresses=[]),
    ),
    "network-only-now": Fixture(
        lambda host: host.guest("web1").stored_network().shows(address="10.0.0.122/24"),
        guest("guest-network", "eth0", address=None) | guest("guest-address", "eth0", addresses=["10.0.0.122/24"]),
    ),
    "cpus-offline": Fixture(
        lambda host: host.guest("web1").cpus().shows(online=2), guest("guest-cpus", online=1, present=2)
    ),
}  # fmt: skip
