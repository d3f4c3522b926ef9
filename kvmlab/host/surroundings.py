"""What the host knows of a guest from outside, for `kvmlab.guest`: over libvirt and the fact server."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kvmlab.errors import CouldNotLook
from kvmlab.guest.surroundings import DomainSeen, LinkSeen, Neighbour, NicSeen
from kvmlab.host.connection import Libvirt
from kvmlab.host.domain.devices import InterfaceElement
from kvmlab.host.domain.libvirt_domain import LibvirtDomain
from kvmlab.host.links import links as links_of
from kvmlab.host.links import operational, port_state
from kvmlab.host.lookup import domain as domain_of
from kvmlab.host.lookup import names_of
from kvmlab.remote.host_connection import HostConnection, NotThere
from kvmlab.remote.ssh import Session
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt


class HostSurroundings:
    """kvmlab.guest.surroundings.Surroundings of a lab host."""

    def __init__(self, libvirt: Libvirt, way: HostConnection) -> None:
        self._libvirt = libvirt
        self._way = way

    def session(self) -> Session:
        return self._way.session()

    def standing(self, address: str) -> Session | None:
        return self._way.standing(address)

    def domain(self, name: str) -> DomainSeen | None:
        return self._libvirt.ask(lambda connection: _seen(connection, name, self._way))

    def domains(self) -> Sequence[str]:
        return self._libvirt.ask(lambda connection: names_of(connection.listAllDomains()))

    def links(self) -> dict[str, LinkSeen]:
        return {name: _link(name, found) for name, found in links_of(self._way).items()}

    def neighbours(self) -> Sequence[Neighbour]:
        found = self._way.ask("neighbours")
        return [Neighbour(one["dst"], one["lladdr"].lower(), one["dev"])
                for one in found if one.get("lladdr") and one.get("dst") and one.get("dev")]  # fmt: skip

    def uptime_s(self, domain: str) -> float | None:
        return self._age_s(f"/run/libvirt/qemu/{domain}.pid")

    def changed_s(self, domain: str) -> float | None:
        return self._age_s(f"/run/libvirt/qemu/{domain}.xml")  # libvirt writes it anew with each change

    def _age_s(self, path: str) -> float | None:
        try:
            written = self._way.ask("file", path=path)["mtime"]
            return max(0.0, float(self._way.ask("hello")["time"]) - float(written))
        except (NotThere, CouldNotLook):
            return None

    def port_22(self, address: str) -> str:
        said = self._way.ask("greeting", where="host", to=address, port=22)
        return "open" if said["open"] else str(said.get("error", ""))

    def agent_addresses(self, domain: DomainSeen) -> dict[str, list[str]] | None:
        if not domain.agent_connected:
            return None
        try:
            said = self._way.ask("agent", uuid=domain.uuid, about="interfaces")
        except (NotThere, CouldNotLook):
            return None
        return _addresses(said)

    def agent_look(self, domain: DomainSeen, command: str) -> bytes:
        try:
            said = self._way.ask("agent_look", uuid=domain.uuid, command=command)
            return base64.b64decode(said["out"])
        except (NotThere, ValueError) as error:
            raise CouldNotLook(t("The lab host says: {error}.", error=error)) from None

    def console_tail(self, domain: DomainSeen) -> str:
        if domain.console_log is None:
            return ""
        try:
            started = self._way.ask("file", path=f"/run/libvirt/qemu/{domain.name}.pid")["mtime"]
            written = self._way.ask("file", path=domain.console_log)["mtime"]
            fresh = float(written) > float(started)  # else it is what the boot before said
            return str(self._way.ask("console_log", path=domain.console_log)) if fresh else ""
        except (NotThere, CouldNotLook):
            return ""


def _addresses(said: str) -> dict[str, list[str]]:
    """The IPv4 addresses in the rows of `virsh domifaddr --full`: device, MAC address, protocol, address."""
    found: dict[str, list[str]] = {}
    for words in (line.split() for line in said.splitlines()):
        if len(words) == 4 and words[0] != "lo":
            found.setdefault(words[0], []).extend([words[3]] if words[2] == "ipv4" else [])
    return found


def _link(name: str, found: dict[str, Any]) -> LinkSeen:
    infos = [info for info in found.get("addr_info", ()) if "local" in info]
    addresses = tuple(f"{info['local']}/{info.get('prefixlen')}" for info in infos)
    set_up = "UP" in found.get("flags", ())
    up = set_up and operational(found) == "up"
    return LinkSeen(name, up, found.get("master"), addresses, set_up, port_state(found))


def _seen(connection: libvirt.virConnect, name: str, way: HostConnection) -> DomainSeen | None:
    found = domain_of(connection, (name, "now"), way)
    if not isinstance(found, LibvirtDomain):
        return None
    nics = [InterfaceElement(element, found, connection) for element in found.root.findall("devices/interface")]
    logs = found.root.findall("devices/console/log") + found.root.findall("devices/serial/log")
    return DomainSeen(
        name, found.uuid or "", found.state, found.reason, tuple(_nic(nic) for nic in nics), found.agent,
        logs[0].get("file") if logs else None,
    )  # fmt: skip


def _nic(nic: InterfaceElement) -> NicSeen:
    from kvmlab.host.domain.devices import network_of

    name = nic.source if nic.type == "network" else None
    network = network_of(nic.connection, name)
    active = network is not None and bool(network.isActive())
    leases = tuple(address.partition("/")[0] for address in nic.addresses)
    return NicSeen(nic.mac or "", nic.source, nic.bridge, nic.target, nic.link_state == "up", name, active, leases)
