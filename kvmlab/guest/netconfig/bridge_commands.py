"""What `ip link` and brctl(8) do to bridges and their ports."""

from __future__ import annotations

import shlex

from kvmlab.guest.netconfig.effect import Bridge, Effect
from kvmlab.guest.netconfig.shell_lines import Fails, NotUnderstood, pairs


def ip_link(found: Effect, verb: str, words: list[str]) -> None:
    """What makes a bridge, a port, STP; up and down are none of our matters."""
    if found.bridges is None:
        return
    own, _, of_kind = " ".join(words).partition(" type ")
    values = pairs(own.split(), {"dev", "name", "master", "address", "mtu", "txqueuelen", "alias", "addrgenmode"})
    name = values.get("name") or values.get("dev") or values.get("", "")
    kind, *options = of_kind.split() or [""]
    if verb == "add" and kind == "bridge":
        _made(found, name)
    elif verb not in ("set", "s") or kind not in ("", "bridge", "bridge_slave"):
        raise NotUnderstood(shlex.join(["ip", "link", verb, *words]))
    if "stp_state" in options[:-1]:
        _bridge(found, name).stp = options[options.index("stp_state") + 1] != "0"
    if "master" in values or "nomaster" in own.split():
        _port(found, name, values.get("master"))


def brctl(found: Effect, words: list[str]) -> None:
    """`brctl addbr BRIDGE`, `addif BRIDGE PORT…`, `stp BRIDGE on`; what sets numbers is none of our matters."""
    if found.bridges is None:
        return
    verb, name, *rest = [*words, "", ""]
    if verb == "addbr":
        _made(found, name)
    elif verb == "stp":
        _bridge(found, name).stp = rest[0] in ("on", "yes", "1")
    elif verb in ("addif", "delif"):
        for port in filter(None, rest):
            _port(found, port, name if verb == "addif" else None)
    elif verb not in ("setfd", "sethello", "setmaxage", "setageing", "setbridgeprio", "setpathcost", "setportprio"):
        raise NotUnderstood(shlex.join(["brctl", *words]))


def _made(found: Effect, name: str) -> None:
    if found.bridges is not None:
        if not name or name in found.bridges:
            raise Fails
        found.bridges[name] = Bridge()


def _bridge(found: Effect, name: str) -> Bridge:
    if found.bridges is None or name not in found.bridges:
        raise Fails
    return found.bridges[name]


def _port(found: Effect, port: str, bridge: str | None) -> None:
    """A port of this bridge, and of no other; None: of none."""
    ports = _bridge(found, bridge).ports if bridge else []
    for other in (found.bridges or {}).values():
        other.ports[:] = [one for one in other.ports if one != port]
    ports.append(port)
