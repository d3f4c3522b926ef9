"""Finding and entering a guest: every address it may have is tried, the likeliest first, until the right guest answers.

Who answers at an address need not be the guest that is meant: another may have taken it. So what answers is
believed only when it has a MAC address of the domain.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from kvmlab.errors import CouldNotLook
from kvmlab.guest.connection import GuestConnection
from kvmlab.guest.obstacles import obstacle
from kvmlab.guest.surroundings import DomainSeen, Surroundings
from kvmlab.remote.deadline import Later, TooLate, later
from kvmlab.remote.ssh import Session, Unreachable, Why, connect

HEAD_START_S = 0.5  # how long likelier addresses are tried before the next ones are, too


class Search:
    """One search for one guest.

    `expected`: addresses to try first. `sections`: what to ask the guest at once. After `run`, `failed` says of each
    address why it did not lead to the guest, `strangers` lists those where another computer answers, and `obstacle`
    is what made going on hopeless.
    """

    def __init__(
        self, name: str, surroundings: Surroundings, key: Path, *,
        expected: Sequence[str] = (), sections: Sequence[str] = (), timeout_s: float = 5.0, patience: float = 1.0,
    ) -> None:  # fmt: skip
        self.name = name
        self.failed: dict[str, Exception] = {}
        self.strangers: list[str] = []
        self.obstacle: CouldNotLook | None = None
        self._surroundings = surroundings
        self._key = key
        self._expected = expected
        self._sections = ["addr", *sections]
        self._timeout_s = timeout_s
        self._patience = patience
        self._tried: list[str] = []
        self._answers: queue.SimpleQueue[tuple[str, GuestConnection | Exception]] = queue.SimpleQueue()
        self._domain: Later[DomainSeen | None] = later(lambda: surroundings.domain(name), "find")

    def run(self) -> GuestConnection | None:
        """The guest, entered; None where no address leads to it. Raises CouldNotLook where the host cannot be asked."""
        for wave in self._waves():
            if self._started(wave) and (inside := self._first(HEAD_START_S)):
                return inside
        return None if self.obstacle else self._first(self._timeout_s * 2)

    def domain(self) -> DomainSeen | None:
        """The domain, as it was when the search began."""
        try:
            return self._domain.get(self._timeout_s * 3)
        except TooLate:
            raise CouldNotLook("libvirt") from None  # libvirt's own deadline is shorter

    def _waves(self) -> Iterator[Sequence[str]]:
        yield self._expected
        domain = self.domain()
        self.obstacle = obstacle(self.name, domain, self._surroundings)
        if self.obstacle or domain is None:
            return
        yield likely(domain, self._surroundings)
        yield link_local(domain, self._surroundings)
        said = self._surroundings.agent_addresses(domain) or {}
        yield [address.partition("/")[0] for addresses in said.values() for address in addresses]

    def _started(self, wave: Sequence[str]) -> bool:
        fresh = [address for address in dict.fromkeys(wave) if address and address not in self._tried]
        self._tried += fresh
        for address in fresh:
            later(lambda address=address: self._try(address), "guest")  # type: ignore[misc]
        return bool(fresh)

    def _try(self, address: str) -> None:
        try:
            self._answers.put((address, self._enter(address)))
        except Exception as error:
            self._answers.put((address, error))

    def _enter(self, address: str) -> GuestConnection:
        session = self._surroundings.standing(address) or self._connected(address)
        inside = GuestConnection(self.name, address, session, patience=self._patience)
        inside.begin(self._sections)
        inside.nics()
        return inside

    def _connected(self, address: str) -> Session:
        tunnel = self._surroundings.session().tunnel(address, 22, timeout_s=self._timeout_s)
        return connect(tunnel, self._key, timeout_s=self._timeout_s)

    def _first(self, wait_s: float) -> GuestConnection | None:
        """The first that turns out to be the guest, of those under way, within `wait_s`."""
        deadline = time.monotonic() + wait_s
        while len(self.failed) + len(self.strangers) < len(self._tried):
            try:
                address, answer = self._answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            if isinstance(answer, Exception):
                self.failed[address] = answer
            elif self._is_it(answer):
                return answer
            else:
                self.strangers.append(address)
                answer.close()
        return None

    def _is_it(self, inside: GuestConnection) -> bool:
        domain = self.domain()
        own = {nic.mac for nic in domain.nics} if domain else set()
        return any(nic.mac in own for nic in inside.nics().values())

    def why(self, address: str) -> Why:
        """Why an address that was tried did not lead in; SILENT where it still says nothing."""
        error = self.failed.get(address)
        return error.why if isinstance(error, Unreachable) else Why.SILENT

    @property
    def tried(self) -> Sequence[str]:
        """The addresses that were tried, in order."""
        return self._tried


def likely(domain: DomainSeen, surroundings: Surroundings) -> list[str]:
    """Addresses it leased, and those for which its MAC addresses answered on their bridges."""
    macs = {nic.mac for nic in domain.nics}
    leased = [address for nic in domain.nics for address in nic.leases]
    neighbours = [one.address for one in surroundings.neighbours() if one.mac in macs and ":" not in one.address]
    return leased + neighbours


def link_local(domain: DomainSeen, surroundings: Surroundings) -> list[str]:
    """Its IPv6 link-local addresses (RFC 4291): they hold whatever IPv4 it was given, where the bridge speaks IPv6."""
    links = surroundings.links()
    bridges = {name for name, link in links.items() if any(one.startswith("fe80:") for one in link.addresses)}
    return [f"{eui64(nic.mac)}%{nic.bridge}" for nic in domain.nics if nic.bridge in bridges and len(nic.mac) == 17]


def eui64(mac: str) -> str:
    """fe80::5054:ff:fe12:3456 of 52:54:00:12:34:56."""
    parts = [int(part, 16) for part in mac.split(":")]
    words = (parts[0] ^ 2) << 8 | parts[1], parts[2] << 8 | 0xFF, 0xFE00 | parts[3], parts[4] << 8 | parts[5]
    return "fe80::" + ":".join(f"{word:x}" for word in words)
