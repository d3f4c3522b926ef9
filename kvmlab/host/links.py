"""The host's own network, from what `ip -j` says through the fact server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from kvmlab.checks.reader import MissingObject
from kvmlab.errors import AuthorError, CouldNotLook
from kvmlab.remote.host_connection import HostConnection
from kvmlab.remote.parsing.readings import chosen_route, resolv_conf
from kvmlab.words import t

Facts = Mapping[str, object]

_KINDS = {"": "device", "none": "device"}


def links(way: HostConnection) -> dict[str, dict[str, Any]]:
    """What `ip -d -j address` says of each link, by name."""
    return {found["ifname"]: found for found in way.ask("links") if "ifname" in found}


def kind_of(link: Mapping[str, Any]) -> str:
    """ "bridge", "veth", "tun"; "device" for a NIC."""
    kind = (link.get("linkinfo") or {}).get("info_kind", "")
    return str(_KINDS.get(kind, kind))


def link(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """LinkFacts."""
    everything = links(way)
    found = everything.get(key[0])
    if found is None:
        return MissingObject("no such link", tuple(everything))
    info = found.get("linkinfo") or {}
    bridge = info.get("info_data") or {} if info.get("info_kind") == "bridge" else {}
    return {
        "kind": kind_of(found),
        "state": operational(found),
        "up": "UP" in found.get("flags", ()),
        "mac": found.get("address"),
        "mtu": found.get("mtu"),
        "master": found.get("master"),
        "addresses": addresses_of(found),
        "ports": [name for name, other in everything.items() if other.get("master") == key[0]],
        "stp": bool(bridge.get("stp_state")),
        "forward_delay_s": _seconds(bridge.get("forward_delay")),
        "port_state": port_state(found),
        "all_addresses": [f"{info['local']}/{info.get('prefixlen')}" for info in infos_of(found)],
    }


def port_state(found: Mapping[str, Any]) -> str | None:
    """What the bridge does with a port of its: "forwarding", or first "listening" and "learning"; None: it is none."""
    info = found.get("linkinfo") or {}
    state = (info.get("info_slave_data") or {}).get("state") if info.get("info_slave_kind") == "bridge" else None
    return str(state) if state else None


def infos_of(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The addresses of a link, of any kind, as `ip -j` describes them."""
    return [info for info in found.get("addr_info", ()) if info.get("local")]


def operational(found: Mapping[str, Any]) -> str:
    """ "up" or "down"; "unknown" is what loopback and taps say, which are up as soon as they are set up."""
    state = str(found.get("operstate", "")).lower()
    return state if state != "unknown" else "up" if "UP" in found.get("flags", ()) else "down"


def addresses_of(found: Mapping[str, Any]) -> list[str]:
    """The IPv4 and global IPv6 addresses of a link, with prefix."""
    wanted = [info for info in infos_of(found) if info.get("family") == "inet" or info.get("scope") == "global"]
    return [f"{info['local']}/{info.get('prefixlen')}" for info in wanted]


def foreign_ports_of(bridge: str, found: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ports of a network's bridge that are no guest's: no taps, nor what older versions of libvirt put there."""
    ports = [one for one in found if one.get("master") == bridge and kind_of(one) != "tun"]
    return sorted(str(one["ifname"]) for one in ports if one["ifname"] != f"{bridge}-nic")


def _seconds(hundredths: object) -> int | float | None:
    if not isinstance(hundredths, int | float):
        return None
    return int(hundredths // 100) if hundredths % 100 == 0 else hundredths / 100


def route(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """RouteFacts."""
    return chosen_route(way.ask("routes"), key[0])


def name(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """NameFacts."""
    where = {"where": "host", "name": key[0]} | ({"server": key[1]} if key[1] else {})
    addresses = list(way.ask("resolve", **where))
    return {"address": next((found for found in addresses if ":" not in found), None), "addresses": addresses}


def resolver(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """ResolverFacts."""
    said = way.find("file", path="/etc/resolv.conf", content=True)
    return MissingObject("no such file") if said is None else resolv_conf(said.get("text", ""))


def reach(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """ReachFacts: a ping, or a TCP connection where a port is said."""
    where, to, port = key
    if port:
        return {"answers": bool(way.ask("greeting", where=where, to=to, port=int(port))["open"]), "mac": None}
    said = way.ask("ping", where=where, to=to)
    return {"answers": bool(said["answers"]), "mac": said["mac"]}


def flow(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """FlowFacts. What is not tracked is not translated either: the kernel keeps both in one table."""
    source, to = key
    seen = way.find("flows", source=source, to=to)
    return {"translated": bool(seen) and seen[0] != source, "seen_as": seen[0] if seen else source}


def listener(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """ListenerFacts."""
    address, port = key[0], int(key[1])
    said = way.ask("greeting", where="host", to=address, port=port)
    bound = [found for found in way.ask("sockets") if found["port"] == port]
    return {"open": bool(said["open"]), "greeting": _first_line(said.get("greeting") or ""),
            "listening": [found["address"] for found in bound],
            "process": bound[0]["process"] if bound else None}  # fmt: skip


def _first_line(text: str) -> str | None:
    return text.partition("\n")[0].strip() or None


def web(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """WebFacts."""
    url = urlsplit(key[0])
    tls = url.scheme == "https"
    if url.scheme not in ("http", "https") or not url.hostname:
        raise AuthorError(t("{url} is no http or https address.", url=key[0]))
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    port = url.port or (443 if tls else 80)
    try:
        said = way.ask("web", where="host", to=url.hostname, port=port, tls=tls, url=path)
    except CouldNotLook:
        if not way.ask("greeting", where="host", to=url.hostname, port=port)["open"]:
            return {"status": None, "text": None}
        raise
    return {"status": said["status"], "text": said["text"]}
