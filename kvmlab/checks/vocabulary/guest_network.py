"""A guest's network. Keys after (GUEST, ADDRESS): guest-addresses (), guest-address (DEV), guest-route (DESTINATION),
guest-network (DEV), guest-resolver (), guest-name (NAME), guest-reach (TO, PORT or "").
"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Mac, Number, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.vocabulary.in_guest import InGuest
from kvmlab.checks.vocabulary.link import NameFacts, ReachFacts, ResolverFacts, RouteFacts, attempt
from kvmlab.safe_text import plain
from kvmlab.words import t


class GuestAddressesFacts(Facts, total=False):
    """All addresses of a guest."""

    addresses: Annotated[Words, "ip addr", 'IPv4, with prefix, without loopback: "10.0.0.122/24"']
    links: Annotated[Words, "ip link", 'names of its NICs: "eth0"']


class GuestAddressFacts(Facts, total=False):
    """A NIC of a guest."""

    addresses: Annotated[Words, "ip addr show {2}", 'IPv4, with prefix: "10.0.0.122/24"']
    mac: Annotated[Mac, "ip link show {2}", "its MAC address, lower case"]
    up: Annotated[Flag, "ip link show {2}", "set up"]
    dynamic: Annotated[Flag, "ip addr show {2}", "the address is from DHCP: a DHCP client runs on it"]
    mtu: Annotated[Number, "ip link show {2}", "bytes"]


class StoredNetworkFacts(Facts, total=False):
    """What the next boot will do with a NIC, from the guest's own files."""

    method: Annotated[Word, "cat {config}", '"dhcp", "static", or "manual": brought up without an address']
    address: Annotated[Word, "cat {config}", 'with prefix: "10.0.0.122/24"; None: none']
    gateway: Annotated[Word, "cat {config}", "None: none"]
    dns: Annotated[Words, "cat {config}", "name servers"]


class GuestAddresses(InGuest):
    """All addresses of a guest. `ip addr`"""

    kind = "guest-addresses"
    facts = GuestAddressesFacts
    label = "guest {0}"
    see = "ip addr"
    named = 0

    def shows(self, **want: Unpack[GuestAddressesFacts]) -> Finding:
        return self._finding(want)


class GuestAddress(InGuest):
    """A NIC in a guest. `ip addr show eth0`"""

    kind = "guest-address"
    facts = GuestAddressFacts
    see = "ip addr"
    absent = "no such link"

    def shows(self, **want: Unpack[GuestAddressFacts]) -> Finding:
        return self._finding(want)


class GuestRoute(InGuest):
    """The route to exactly this destination in a guest. `ip route`"""

    kind = "guest-route"
    facts = RouteFacts
    label = "route {2} in guest {0}"
    see = "ip route"
    absent = "no such route"

    def _command(self, template: str) -> str:
        return super()._command("ip route")

    def shows(self, **want: Unpack[RouteFacts]) -> Finding:
        return self._finding(want)


class StoredGuestNetwork(InGuest):
    """What a guest's next boot does with a NIC. `/etc/network/interfaces`, `nmcli`, …"""

    kind = "guest-network"
    facts = StoredNetworkFacts
    label = "stored network of {2} in guest {0}"
    see = "cat {config}"
    absent = "nothing is stored"

    def shows(self, **want: Unpack[StoredNetworkFacts]) -> Finding:
        return self._finding(want)


class GuestResolver(InGuest):
    """Whom a guest asks for names. resolv.conf(5)"""

    kind = "guest-resolver"
    facts = ResolverFacts
    label = "resolver of guest {0}"
    see = "cat /etc/resolv.conf"
    named = 0

    def shows(self, **want: Unpack[ResolverFacts]) -> Finding:
        return self._finding(want)


class GuestName(InGuest):
    """What a name resolves to in a guest. `getent hosts`, `nslookup`"""

    kind = "guest-name"
    facts = NameFacts
    label = "name {2} in guest {0}"
    see = "nslookup {2}"

    def _command(self, template: str) -> str:
        return super()._command(self.see)

    def shows(self, **want: Unpack[NameFacts]) -> Finding:
        return self._finding(want)


class GuestReach(InGuest):
    """The way from a guest to an address. `ping`"""

    kind = "guest-reach"
    facts = ReachFacts
    see = "{try}"

    @property
    def name(self) -> str:
        """As the student reads it: "from guest web1 to 10.0.0.2"."""
        start, to, port = t("guest {0}").replace("{0}", self.key[0]), self.key[2], self.key[3]
        if port:
            return plain(t("from {start} to {to} port {port}", start=start, to=to, port=port))
        return plain(t("from {start} to {to}", start=start, to=to))

    def _marks(self) -> dict[str, str]:
        return {"from": "", "try": attempt(self.key[2], self.key[3])}

    def shows(self, **want: Unpack[ReachFacts]) -> Finding:
        return self._finding(want)
