"""What a host knows of a guest from outside: records, and the questions that `guest` asks of `host`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kvmlab.remote.ssh import Session


@dataclass(frozen=True, slots=True)
class NicSeen:
    """An interface of a running domain. `leases`: addresses without prefix."""

    mac: str
    source: str | None
    bridge: str | None
    tap: str | None
    link_up: bool
    network: str | None
    network_active: bool
    leases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DomainSeen:
    """A domain as it is now."""

    name: str
    uuid: str
    state: str
    reason: str
    nics: tuple[NicSeen, ...]
    agent_connected: bool
    console_log: str | None = None


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """A link of the host. `up`: it is set up, and something carries it; `set_up`: only the first. `addresses`: with
    prefix, link-local ones too. `port_state`: of a bridge's port, "forwarding", "listening", "learning", "blocking".
    """

    name: str
    up: bool
    master: str | None
    addresses: tuple[str, ...]
    set_up: bool = True
    port_state: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Which MAC address answered for which IP address on which link of the host."""

    address: str
    mac: str
    dev: str


class Surroundings(Protocol):
    """What a host can tell of the guests on it. Everything may raise CouldNotLook."""

    def session(self) -> Session:
        """The SSH connection to the host, for tunnels."""
        ...

    def standing(self, address: str) -> Session | None:
        """An SSH connection to that address that stands already and answers; whose end it is, is to be seen."""
        ...

    def domain(self, name: str) -> DomainSeen | None:
        """The domain as it is now; None where there is none."""
        ...

    def domains(self) -> Sequence[str]:
        """The names of all domains."""
        ...

    def links(self) -> dict[str, LinkSeen]:
        """The links of the host, by name."""
        ...

    def neighbours(self) -> Sequence[Neighbour]:
        """The neighbour table of the host."""
        ...

    def uptime_s(self, domain: str) -> float | None:
        """Seconds since the domain's qemu was started (or restored); None where that is not known."""
        ...

    def changed_s(self, domain: str) -> float | None:
        """Seconds since a device of the running domain, or anything else of it, changed; None where not known."""
        ...

    def port_22(self, address: str) -> str:
        """ "open", or what connect(2) says: "Connection refused", "No route to host", "timed out"."""
        ...

    def agent_addresses(self, domain: DomainSeen) -> dict[str, list[str]] | None:
        """The addresses each link of the guest has, as its guest agent says; None where none answers."""
        ...

    def agent_look(self, domain: DomainSeen, command: str) -> bytes:
        """What the guest's fact server answers to `command`, started by its guest agent."""
        ...

    def console_tail(self, domain: DomainSeen) -> str:
        """The last lines on its serial console, "" where they are not kept."""
        ...
