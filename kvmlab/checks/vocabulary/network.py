"""libvirt's networks. Keys: network (NAME, VIEW), VIEW as for domains; lease (NETWORK, MAC).

See https://libvirt.org/formatnetwork.html
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Mac, Number, Table, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.subject import Subject
from kvmlab.checks.vocabulary.start import NamedAsAtStart

_XML = "virsh net-dumpxml {inactive}{0}"


class NetworkDefinitionFacts(Facts, total=False):
    """What a network's XML says, live or stored."""

    uuid: Annotated[Word, "virsh net-uuid {0}", "its UUID"]
    bridge: Annotated[Word, "virsh net-info {0}", 'its bridge on the host: "virbr0"']
    mac: Annotated[Mac, _XML, "MAC address of its bridge"]
    forward: Annotated[Word, _XML, '"nat", "route", "open", "bridge"; "isolated" where nothing is said']
    forward_dev: Annotated[Word, _XML, "the only device it forwards through; None: any"]
    stp: Annotated[Flag, _XML, "spanning tree on its bridge"]
    delay_s: Annotated[Number, _XML, "forward delay of its bridge, seconds"]
    address: Annotated[Word, _XML, 'the host\'s first IPv4 address in it: "192.168.122.1/24"; None: none']
    addresses: Annotated[Words, _XML, "all of the host's addresses in it"]
    dhcp_range: Annotated[Word, _XML, 'the first one: "192.168.122.2-192.168.122.254"; None: no DHCP']
    dhcp_ranges: Annotated[Words, _XML, "all of them"]
    dhcp_addresses: Annotated[
        Number, _XML, "how many IPv4 addresses DHCP may give out: of its ranges, and reserved ones"
    ]
    hosts: Annotated[Table, _XML, "reserved addresses, MAC to address"]
    host_names: Annotated[Table, _XML, "reserved addresses, name to address"]
    domain: Annotated[Word, _XML, "its DNS domain"]
    routes: Annotated[Table, _XML, 'static routes, network to gateway: {"10.2.0.0/16": "192.168.122.9"}']


class NetworkFacts(NetworkDefinitionFacts, total=False):
    """What libvirt knows of a network besides its XML."""

    active: Annotated[Flag, "virsh net-list --all", "started"]
    persistent: Annotated[Flag, "virsh net-info {0}", "defined, not only created (transient)"]
    autostart: Annotated[Flag, "virsh net-info {0}", "starts with libvirtd"]
    leases: Annotated[Table, "virsh net-dhcp-leases {0}", "addresses given out now, MAC to address (no prefix)"]
    domains: Annotated[Words, "virsh net-dumpxml {0}", "running domains that have an interface on it"]
    lost_addresses: Annotated[Words, "ip address", "those of `addresses` that its bridge has not, IPv4"]
    foreign_ports: Annotated[
        Words, "bridge link show", "links in its bridge that are no guest's: a way in and out past libvirt"
    ]
    dnsmasq_runs: Annotated[Flag, "ps -C dnsmasq -o pid,args", "the dnsmasq that libvirt has started for it runs"]
    firewall: Annotated[
        Flag, "nft list ruleset", "libvirt's rules for its forward mode are in force: nobody has flushed them"
    ]


class LeaseFacts(Facts, total=False):
    """An address that a network's DHCP server gave out."""

    address: Annotated[Word, "virsh net-dhcp-leases {0}", 'with prefix: "192.168.122.11/24"']
    hostname: Annotated[Word, "virsh net-dhcp-leases {0}", "the name the guest gave"]


class _NetworkView(NamedAsAtStart):
    kind = "network"
    noun = "network"
    see = "virsh net-list --all"

    def _marks(self) -> dict[str, str]:
        return {"inactive": "--inactive " if self.key[1] == "stored" else ""}


class StoredNetwork(_NetworkView):
    """A network as stored: what its next start uses. Missing when it is transient. `virsh net-dumpxml --inactive`"""

    facts = NetworkDefinitionFacts
    label = "stored network {0}"
    see = "virsh net-list --all --persistent"
    absent = "not stored"

    def shows(self, **want: Unpack[NetworkDefinitionFacts]) -> Finding:
        return self._finding(want)


class Network(_NetworkView):
    """A network as it is now: the live definition if it is active, else the stored one. `virsh net-info`"""

    facts = NetworkFacts
    label = "network {0}"

    def shows(self, **want: Unpack[NetworkFacts]) -> Finding:
        return self._finding(want)

    @property
    def stored(self) -> StoredNetwork:
        """What its next start uses."""
        return StoredNetwork(self.reader, (self.key[0], "stored"))

    def lease(self, mac: str) -> Lease:
        """The lease of the interface with this MAC address."""
        return Lease(self.reader, (self.key[0], mac.lower()))


class Lease(Subject):
    """A lease of a network. `virsh net-dhcp-leases`"""

    kind = "lease"
    facts = LeaseFacts
    label = "lease of {1} in network {0}"
    see = "virsh net-dhcp-leases {0}"
    named = 1
    absent = "no lease"

    def shows(self, **want: Unpack[LeaseFacts]) -> Finding:
        return self._finding(want)
