"""What libvirt says of a network: one property per fact of the vocabulary."""

from __future__ import annotations

import ipaddress
from shlex import quote
from typing import TYPE_CHECKING

from kvmlab.checks.reader import Cause
from kvmlab.host.firewall import in_force
from kvmlab.host.links import addresses_of, foreign_ports_of, links
from kvmlab.host.xml import Element, attribute, number, parse, word

if TYPE_CHECKING:
    import libvirt

    from kvmlab.remote.host_connection import HostConnection


class LibvirtNetwork:
    """A network in one view: "now" or "stored"."""

    def __init__(
        self, network: libvirt.virNetwork, view: str, connection: libvirt.virConnect, way: HostConnection
    ) -> None:
        import libvirt

        self.way = way
        self.view = view
        self.network = network
        self.connection = connection
        flags = libvirt.VIR_NETWORK_XML_INACTIVE if view == "stored" else 0
        self.root: Element = parse(network.XMLDesc(flags))

    @property
    def uuid(self) -> str | None:
        return word(self.root, "uuid")

    @property
    def bridge(self) -> str | None:
        return attribute(self.root, "bridge", "name")

    @property
    def mac(self) -> str | None:
        return (attribute(self.root, "mac", "address") or "").lower() or None

    @property
    def forward(self) -> str:
        found = self.root.find("forward")
        return "isolated" if found is None else found.get("mode", "nat")

    @property
    def forward_dev(self) -> str | None:
        return attribute(self.root, "forward", "dev")

    @property
    def stp(self) -> bool:
        return attribute(self.root, "bridge", "stp") == "on"

    @property
    def delay_s(self) -> int | None:
        return number(attribute(self.root, "bridge", "delay"))

    @property
    def address(self) -> str | None:
        return next((found for found in self.addresses if ":" not in found), None)

    @property
    def addresses(self) -> list[str]:
        return [found for element in self.root.findall("ip") if (found := _with_prefix(element))]

    @property
    def dhcp_range(self) -> str | None:
        return next(iter(self.dhcp_ranges), None)

    @property
    def dhcp_ranges(self) -> list[str]:
        return [f"{found.get('start')}-{found.get('end')}" for found in self.root.findall("ip/dhcp/range")]

    @property
    def dhcp_addresses(self) -> int:
        ends = [(one.get("start", ""), one.get("end", "")) for one in self.root.findall("ip/dhcp/range")]
        ends += [(one.get("ip", ""), one.get("ip", "")) for one in self.root.findall("ip/dhcp/host")]
        number, last = 0, -1
        for first, end in sorted(
            (int(ipaddress.IPv4Address(a)), int(ipaddress.IPv4Address(b))) for a, b in ends if a and ":" not in a
        ):
            number += max(0, end - max(first, last + 1) + 1)
            last = max(last, end)
        return number

    @property
    def hosts(self) -> dict[str, str]:
        return self._reserved("mac")

    @property
    def host_names(self) -> dict[str, str]:
        return self._reserved("name")

    def _reserved(self, by: str) -> dict[str, str]:
        hosts = self.root.findall("ip/dhcp/host")
        pairs = ((host.get(by), host.get("ip")) for host in hosts)
        return {name.lower() if by == "mac" else name: address for name, address in pairs if name and address}

    @property
    def domain(self) -> str | None:
        return attribute(self.root, "domain", "name")

    @property
    def routes(self) -> dict[str, str]:
        pairs = ((_with_prefix(found), found.get("gateway")) for found in self.root.findall("route"))
        return {network: gateway for network, gateway in pairs if network and gateway}

    @property
    def active(self) -> bool:
        return bool(self.network.isActive())

    @property
    def persistent(self) -> bool:
        return bool(self.network.isPersistent())

    @property
    def autostart(self) -> bool:
        return self.persistent and bool(self.network.autostart())

    @property
    def leases(self) -> dict[str, str]:
        if not self.active:
            return {}
        return {lease["mac"].lower(): lease["ipaddr"] for lease in self.network.DHCPLeases() if lease["type"] == 0}

    @property
    def domains(self) -> list[str]:
        import libvirt

        running = self.connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        return [domain.name() for domain in running if self._holds(parse(domain.XMLDesc()))]

    @property
    def lost_addresses(self) -> list[str]:
        link = links(self.way).get(self.bridge or "")
        there = addresses_of(link) if link else []
        return [found for found in self.addresses if ":" not in found and found not in there]

    @property
    def dnsmasq_runs(self) -> bool:
        own = f"/{self.network.name()}.conf"
        programs = (one["args"] for one in self.way.ask("processes") if one["name"] == "dnsmasq")
        return any(word.endswith(own) for args in programs for word in args)

    @property
    def foreign_ports(self) -> list[str]:
        if self.forward == "bridge" or not self.bridge:
            return []
        return foreign_ports_of(self.bridge, links(self.way).values())

    def taken_apart(self) -> list[Cause]:
        """What its start has made and somebody has changed since, though libvirt goes on saying that it runs; and where
        it forwards to, if that is nowhere."""
        found = []
        if (dev := self.forward_dev) and ((link := links(self.way).get(dev)) is None or "LOOPBACK" in link["flags"]):
            found.append(Cause("forward_dev", dev, None, f"ip link show {quote(dev)}", alone=True))  # it leads nowhere
        if self.view == "stored" or not self.active:
            return found
        if self.bridge and (lost := self.lost_addresses):
            found.append(Cause("lost_addresses", lost, [], f"ip address show {quote(self.bridge)}", alone=True))
        if self.bridge and (more := self.foreign_ports):
            found.append(Cause("foreign_ports", more, [], f"ip link show master {quote(self.bridge)}", alone=True))
        if self.root.find("ip/dhcp") is not None and not self.dnsmasq_runs:
            found.append(Cause("dnsmasq_runs", False, True, "ps -C dnsmasq -o pid,args", alone=True))
        return found

    @property
    def firewall(self) -> bool:
        return in_force(self.way.ask("network_rules"), self.forward, self.bridge or "", self.addresses)

    def _holds(self, domain: Element) -> bool:
        sources = domain.findall("devices/interface[@type='network']/source")
        return any(source.get("network") == self.network.name() for source in sources)


class LibvirtLease:
    """An address that a network gave out. Never a guess: built from what libvirt lists."""

    def __init__(self, lease: dict[str, object]) -> None:
        self.address = f"{lease['ipaddr']}/{lease['prefix']}"
        self.hostname = lease.get("hostname") or None


def _with_prefix(element: Element) -> str | None:
    """<ip address= prefix=|netmask=> or <route …> as "192.168.122.1/24"."""
    address = element.get("address")
    prefix = element.get("prefix")
    if address is None:
        return None
    if prefix is None and (mask := element.get("netmask")):
        prefix = str(ipaddress.IPv4Network(f"0.0.0.0/{mask}").prefixlen)
    return f"{address}/{prefix}" if prefix else address
