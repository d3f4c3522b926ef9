"""What the next boot of the host does with its links, by the program that will read what is stored: ifupdown.

What ifup would run is asked of itself (`ifup --no-act`); what bridge-utils' script for it makes of a stanza's options
is in bridge-utils-interfaces(5). Nothing is guessed: what is not understood is told as that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kvmlab.checks.reader import MissingObject
from kvmlab.guest.netconfig.effect import Bridges, Effect
from kvmlab.guest.netconfig.ifupdown import brought_up, could_not_tell, options_of
from kvmlab.guest.netconfig.model import Kept
from kvmlab.host.links import kind_of, links
from kvmlab.host.system import starts_at_boot
from kvmlab.remote.host_connection import HostConnection
from kvmlab.words import t

Facts = Mapping[str, object]

READER = "networking"
"""The unit that runs `ifup -a` at boot."""
MADE = ("bridge", "tun", "vlan", "dummy", "bond", "macvlan")
"""Kinds of link that somebody makes: after a boot they are not there before somebody does it again."""
PRE_UP = "/etc/network/if-pre-up.d"
CHOSEN = ("all", "regex", "noregex")
"""Words in bridge_ports that are no ports, but say how to choose them."""


@dataclass
class BootResult:
    """What a boot leaves. `effects`: of each interface that is brought up, in their order."""

    hardware: dict[str, str]
    bridges: Bridges = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The links that are there."""
        return [*self.hardware, *self.bridges]


def stored_link(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """StoredLinkFacts."""
    kept, name = Kept(way.ask("network_config")), key[0]
    boot = BootResult({one: kind for one, link in links(way).items() if (kind := kind_of(link)) not in MADE})
    nothing = _nothing(way, kept)
    if nothing is None:
        _bring_up(kept, boot)
    if name not in boot.names:
        return nothing or MissingObject(offers=boot.names)
    effect, bridge = boot.effects.get(name), boot.bridges.get(name)
    return {
        "kind": "bridge" if bridge else boot.hardware[name],
        "addresses": effect.addresses if effect else [],
        "gateway": effect.gateway if effect else None,
        "master": next((one for one, other in boot.bridges.items() if name in other.ports), None),
        "ports": bridge.ports if bridge else [],
        "stp": bool(bridge and bridge.stp),
    }


def _nothing(way: HostConnection, kept: Kept) -> MissingObject | None:
    """Why nothing at all is brought up; None where that is not so."""
    if not starts_at_boot(way, READER):
        return MissingObject(
            t("the unit {name} does not start at boot", name=READER), see=f"systemctl is-enabled {READER}"
        )
    if said := kept.text("ifup-error"):
        return MissingObject(t("ifup cannot read it: {said}", said=said.splitlines()[0][:200]), see="ifquery --list")
    return None


def _bring_up(kept: Kept, boot: BootResult) -> None:
    """Each interface that `ifup -a` brings up, one after the other."""
    for name in kept.text("ifup-auto").split():
        said = kept.text(f"ifup:{name}")
        if name == "lo" or "ifup: failed to bring up" in said:
            continue
        options = options_of(kept.text(f"ifquery:{name}"))
        lines = [_script(kept, boot, name, options) if PRE_UP in line else line for line in said.splitlines()]
        found = brought_up(Kept({**kept.said, f"ifup:{name}": "\n".join(lines)}), name, options, boot.bridges)
        if name in boot.names:  # else nothing of it works: Cannot find device
            boot.effects[name] = found


def _script(kept: Kept, boot: BootResult, name: str, options: Mapping[str, str]) -> str:
    """The commands that bridge-utils' script runs for an interface. It passes over a port that is not there."""
    own = {key.replace("-", "_"): value for key, value in options.items() if key.startswith("bridge")}
    if "bridge_ports" not in own or not kept.text("bridge-hook"):
        return ""
    ports = [port for port in _ports(name, own["bridge_ports"]) if {port, port.partition(".")[0]} & {*boot.names}]
    lines = [f"brctl addbr {name}", *(f"brctl addif {name} {port}" for port in ports)]
    lines += [f"brctl stp {name} {own['bridge_stp']}"] if "bridge_stp" in own else []
    return "\n".join(f"{line} || true" for line in lines)


def _ports(name: str, said: str) -> list[str]:
    if chosen := [word for word in said.split() if word in CHOSEN]:
        raise could_not_tell(name, f"bridge_ports {chosen[0]}")
    return [word for word in said.split() if word != "none"]
