"""The network of the host itself. Keys: link (NAME), stored-link (NAME), route (DESTINATION),
name (NAME, SERVER or ""), resolver (), reach (FROM, TO, PORT or ""), flow (SOURCE, TO), listener (ADDRESS, PORT),
web (URL).
"""

from __future__ import annotations

from shlex import quote
from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Mac, Number, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.subject import Subject
from kvmlab.checks.vocabulary.start import AsAtStart
from kvmlab.safe_text import plain
from kvmlab.words import t

_LINK = "ip -d link show {0}"


# The LAN of a lab host is simulated: its other computers are network namespaces there.
_INSIDE = {"host": "", "peer": "nsenter --net=/run/netns/peer ", "gateway": "nsenter --net=/run/netns/lan "}


def attempt(to: str, port: str) -> str:
    """The command that tries to reach an address, or a TCP port there."""
    return f"nc -zvw 2 {quote(plain(to))} {quote(plain(port))}" if port else f"ping -c 1 -W 2 {quote(plain(to))}"


class LinkFacts(Facts, total=False):
    """A network device of the host. A bridge is one too."""

    kind: Annotated[Word, _LINK, '"bridge", "veth", "tun", "vlan"; "device" for a NIC']
    state: Annotated[Word, "ip link show {0}", '"up", "down": operational; a tap whose guest is off is "down"']
    up: Annotated[Flag, "ip link show {0}", "set up (administratively)"]
    mac: Annotated[Mac, "ip link show {0}", "its MAC address, lower case"]
    mtu: Annotated[Number, "ip link show {0}", "bytes"]
    master: Annotated[Word, "ip link show {0}", "the bridge it is a port of; None: of none"]
    addresses: Annotated[Words, "ip addr show {0}", 'IPv4 and global IPv6, with prefix: "10.0.0.12/24"']
    ports: Annotated[Words, "bridge link show; ip link show master {0}", "of a bridge: the links in it"]
    stp: Annotated[Flag, _LINK, "of a bridge: spanning tree is on"]
    forward_delay_s: Annotated[Number, _LINK, "of a bridge: seconds"]
    port_state: Annotated[Word, "bridge link show dev {0}", '"forwarding", "listening", "learning"; None: no port']
    all_addresses: Annotated[Words, "ip addr show {0}", "all of them, link-local ones too"]


class StoredLinkFacts(Facts, total=False):
    """What the next boot of the host does with a network device, from what is stored for ifup(8)."""

    kind: Annotated[Word, "ifquery {0}", '"bridge"; of a NIC as it is now']
    master: Annotated[Word, "ifup --no-act --force -a", "the bridge it is a port of; None: of none"]
    addresses: Annotated[Words, "ifup --no-act --force -a", 'fixed ones, with prefix: "10.0.0.12/24"']
    gateway: Annotated[Word, "ifup --no-act --force -a", "of a default route through it; None: none"]
    ports: Annotated[Words, "ifquery {0}", "of a bridge: the links in it"]
    stp: Annotated[Flag, "ifquery {0}", "of a bridge: spanning tree is on"]


class RouteFacts(Facts, total=False):
    """A route of the host's (or a guest's) main table."""

    via: Annotated[Word, "ip route show {0}", "gateway; None: directly"]
    dev: Annotated[Word, "ip route show {0}", "through this link"]
    src: Annotated[Word, "ip route show {0}", "preferred source address; None: not said"]
    metric: Annotated[Number, "ip route show {0}", "0 where not said"]


class NameFacts(Facts, total=False):
    """What a name resolves to."""

    address: Annotated[Word, "getent ahostsv4 {0}", "the first IPv4 address; None: the name does not resolve"]
    addresses: Annotated[Words, "getent ahosts {0}", "all addresses"]


class ResolverFacts(Facts, total=False):
    """Whom is asked for names."""

    servers: Annotated[Words, "cat /etc/resolv.conf", "addresses of the name servers"]
    search: Annotated[Words, "cat /etc/resolv.conf", "search domains"]


class ReachFacts(Facts, total=False):
    """Whether something answers, seen from somewhere."""

    answers: Annotated[Flag, "{from}{try}", "to a ping, or, with a port, to a TCP connection"]


class HostReachFacts(ReachFacts, total=False):
    """The same seen from the host or its LAN, and who it is that answers."""

    mac: Annotated[
        Mac, "{from}{try}; {from}ip neighbour show to {1}", "of the neighbour that answers a ping; None: it is none"
    ]


class FlowFacts(Facts, total=False):
    """What this host did with the last ping from one address to another. Ask after a `reach` that answers."""

    translated: Annotated[Flag, "grep 'src={0} dst={1}' /proc/net/nf_conntrack", "it went on under another address"]
    seen_as: Annotated[
        Word, "grep 'src={0} dst={1}' /proc/net/nf_conntrack", "the address it seems to come from at the other end"
    ]


class ListenerFacts(Facts, total=False):
    """A TCP port of the host."""

    open: Annotated[Flag, "ss -ltn 'sport = :{1}'", "something accepts connections"]
    greeting: Annotated[Word, "timeout 2 cat </dev/tcp/{0}/{1}", 'the first it says: "RFB 003.008"; None: nothing']
    listening: Annotated[Words, "ss -ltn 'sport = :{1}'", 'the addresses it is bound to: "0.0.0.0"']
    process: Annotated[Word, "ss -ltnp 'sport = :{1}'", 'the program: "qemu-system-x86"']


class WebFacts(Facts, total=False):
    """A web page of the host."""

    status: Annotated[Number, "curl -ksI {0}", "HTTP status; None: nothing answers"]
    text: Annotated[Word, "curl -ks {0}", "the page, its first 64 KiB"]


class Link(AsAtStart):
    """A network device of the host. `ip -d link`, `ip addr`, `bridge link`, `brctl show`"""

    noun = "link"

    kind = "link"
    facts = LinkFacts
    label = "link {0}"
    see = "ip link show"
    absent = "no such link"

    @property
    def stored(self) -> StoredLink:
        """What the next boot of the host does with it."""
        return StoredLink(self.reader, self.key)

    def shows(self, **want: Unpack[LinkFacts]) -> Finding:
        return self._finding(want)


class StoredLink(Subject):
    """A network device of the host as its next boot leaves it. `ifquery`, `ifup --no-act`; interfaces(5)"""

    kind = "stored-link"
    facts = StoredLinkFacts
    label = "link {0} after a boot"
    see = "ifquery --list"
    absent = "nothing is stored for it"

    def shows(self, **want: Unpack[StoredLinkFacts]) -> Finding:
        return self._finding(want)


class Route(AsAtStart):
    """The route to exactly this destination, "default" or "10.2.0.0/16". `ip route`"""

    kind = "route"
    noun = "route"
    facts = RouteFacts
    label = "route {0}"
    see = "ip route"
    absent = "no such route"

    def shows(self, **want: Unpack[RouteFacts]) -> Finding:
        return self._finding(want)


class Name(Subject):
    """A name as the host resolves it, or as one name server answers it. `getent hosts`, `dig`"""

    kind = "name"
    facts = NameFacts
    label = "name {0}"
    see = "getent hosts {0}"

    @property
    def name(self) -> str:
        """As the student reads it; which server is asked belongs to it."""
        asked, server = self.key
        return plain(t("name {name}, asked of {server}", name=asked, server=server)) if server else super().name

    def _command(self, template: str) -> str:
        """getent asks nobody in particular, so a server's own answer is shown by dig."""
        asked, server = self.key
        return f"dig +short +time=2 +tries=1 @{quote(server)} {quote(asked)}" if server else super()._command(template)

    def shows(self, **want: Unpack[NameFacts]) -> Finding:
        return self._finding(want)


class Resolver(Subject):
    """Whom the host asks for names. resolv.conf(5)"""

    kind = "resolver"
    facts = ResolverFacts
    label = "resolver of the host"
    see = "cat /etc/resolv.conf"

    def shows(self, **want: Unpack[ResolverFacts]) -> Finding:
        return self._finding(want)


class Reach(Subject):
    """The way from the host, or from a neighbour on its LAN, to an address. `ping`"""

    kind = "reach"
    facts = HostReachFacts
    see = "{from}{try}"
    named = 1

    @property
    def name(self) -> str:
        """As the student reads it: "from peer to 10.0.0.122 port 22"."""
        start, to, port = self.key
        if port:
            return plain(t("from {start} to {to} port {port}", start=t(start), to=to, port=port))
        return plain(t("from {start} to {to}", start=t(start), to=to))

    def _marks(self) -> dict[str, str]:
        start, to, port = self.key
        return {"from": _INSIDE[start], "try": attempt(to, port)}

    def shows(self, **want: Unpack[HostReachFacts]) -> Finding:
        return self._finding(want)


class Flow(Subject):
    """Packets that the host passes on from one address to another. conntrack(8)"""

    kind = "flow"
    facts = FlowFacts
    label = "what goes from {0} to {1}"
    see = "grep 'src={0} dst={1}' /proc/net/nf_conntrack"
    named = 1

    def shows(self, **want: Unpack[FlowFacts]) -> Finding:
        return self._finding(want)


class Listener(Subject):
    """A TCP port of the host. `ss -ltn`"""

    kind = "listener"
    facts = ListenerFacts
    label = "TCP port {1} at {0}"
    see = "ss -ltn"
    named = 1

    def shows(self, **want: Unpack[ListenerFacts]) -> Finding:
        return self._finding(want)


class Web(Subject):
    """A web page that the host serves. `curl`"""

    kind = "web"
    facts = WebFacts
    label = "page {0}"
    see = "curl -k {0}"

    def shows(self, **want: Unpack[WebFacts]) -> Finding:
        return self._finding(want)
