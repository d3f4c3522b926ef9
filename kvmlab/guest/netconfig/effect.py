"""What the commands for an interface leave behind: addresses, default routes, name servers, bridges."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bridge:
    """A bridge that is made: its ports, and whether it has STP."""

    ports: list[str] = field(default_factory=list)
    stp: bool = False


Bridges = dict[str, Bridge]


@dataclass(slots=True)
class Effect:
    """What the lines for one interface leave behind. `broken`: one of them fails, and the rest is not run.

    `defaults`: the default routes by their metrics, each with its gateway; the kernel takes the lowest.
    `bridges`: those there are, which grow with what is made; None where nobody asks about bridges.
    """

    dev: str
    dhcp: bool = False
    addresses: list[str] = field(default_factory=list)
    defaults: dict[int, str | None] = field(default_factory=dict)
    dns: list[str] = field(default_factory=list)
    broken: bool = False
    bridges: Bridges | None = None

    @property
    def gateway(self) -> str | None:
        """The one that packets go to; None: none."""
        return self.defaults[min(self.defaults)] if self.defaults else None
