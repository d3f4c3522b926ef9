"""Mutators of networks, and of the host's own links, routes and packet filter."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_interface

from kvmlab.host.xml import Element, parse
from kvmlab.mutants.domains import on_off
from kvmlab.mutants.mutator import ChangeScripts, edited, given, mutator, remove, script, there_and_back
from kvmlab.mutants.scene import AskedObject, SceneLink, SceneNetwork

ROUTES = "/var/tmp/.kvmlab-routes"


def redefined(network: SceneNetwork, edit: Callable[[Element], bool | None]) -> ChangeScripts | None:
    """Another stored definition; what is active stays as it is."""
    other = edited(network.stored, edit) if network.stored else None
    return ChangeScripts(given("virsh net-define", other), given("virsh net-define", network.stored)) if other else None


def _set(path: str, name: str, value: Callable[[str], str | None]) -> Callable[[Element], bool]:
    def edit(root: Element) -> bool:
        holder = root.find(path)
        other = value(holder.get(name, "")) if holder is not None else None
        if holder is None or other is None:
            return False
        holder.set(name, other)
        return True

    return edit


@mutator("network", "autostart the other way round")
def _autostart(network: SceneNetwork) -> ChangeScripts | None:
    if not network.persistent:
        return None
    return there_and_back("virsh net-autostart %s {name}", *on_off(network.autostart), name=network.name)


@mutator("network", "undefined")
def _undefined(network: SceneNetwork) -> ChangeScripts | None:
    if not network.persistent:
        return None
    undo = given("virsh net-define", network.stored)
    if network.autostart:
        undo += script("\nvirsh net-autostart {name}", name=network.name)
    return ChangeScripts(script("virsh net-undefine {name}", name=network.name), undo)


@mutator("network", "a smaller range, stored")
def _smaller(network: SceneNetwork) -> ChangeScripts | None:
    start = parse(network.stored).find("ip/dhcp/range") if network.stored else None
    return redefined(network, _set("ip/dhcp/range", "end", lambda _: start.get("start"))) if start is not None else None


@mutator("network", "no DHCP, stored")
def _no_dhcp(network: SceneNetwork) -> ChangeScripts | None:
    return redefined(network, lambda root: remove(root, "ip/dhcp"))


@mutator("network", "a reservation gone, stored")
def _reservation(network: SceneNetwork) -> ChangeScripts | None:
    def edit(root: Element) -> bool:
        holder = root.find("ip/dhcp")
        one = holder.find("host") if holder is not None else None
        if holder is None or one is None:
            return False
        holder.remove(one)
        return True

    return redefined(network, edit)


@mutator("network", "another bridge, stored")
def _bridge(network: SceneNetwork) -> ChangeScripts | None:
    return redefined(network, _set("bridge", "name", lambda name: f"{name}7"))


@mutator("network", "STP the other way round, stored")
def _stp(network: SceneNetwork) -> ChangeScripts | None:
    return redefined(network, _set("bridge", "stp", lambda stp: "on" if stp == "off" else "off"))


@mutator("network", "forwarded otherwise, stored")
def _forward(network: SceneNetwork) -> ChangeScripts | None:
    def edit(root: Element) -> bool:
        forward = root.find("forward")
        if forward is None:
            if root.find("ip") is None:
                return False
            root.insert(1, parse("<forward mode='nat'/>"))
        elif forward.get("mode", "nat") in ("nat", "route"):
            other = "route" if forward.get("mode", "nat") == "nat" else "nat"
            for child in list(forward):
                forward.remove(child)
            forward.set("mode", other)
        else:
            return False
        return True

    return redefined(network, edit)


def _subnet(network: SceneNetwork) -> str:
    found = parse(network.stored).find("ip") if network.stored else None
    if found is None or not found.get("address"):
        return ""
    prefix = found.get("netmask") or found.get("prefix") or "24"
    return str(ip_interface(f"{found.get('address')}/{prefix}").network)


def _can_be_filtered(network: SceneNetwork) -> bool:
    """A rule of the firewall changes who reaches whom, and nothing else."""
    return network.active and network.traffic and bool(_subnet(network))


@mutator("network", "a NAT rule by hand")
def _nat_rule(network: SceneNetwork) -> ChangeScripts | None:
    forward = parse(network.stored).find("forward") if network.stored else None
    if not _can_be_filtered(network) or (forward is not None and forward.get("mode") == "nat"):
        return None
    rule = script("POSTROUTING -s {net} ! -d {net} -j MASQUERADE", net=_subnet(network))
    return ChangeScripts(f"iptables -t nat -I {rule}", f"iptables -t nat -D {rule}")


@mutator("network", "its packets dropped by hand")
def _dropped(network: SceneNetwork) -> ChangeScripts | None:
    if not _can_be_filtered(network):
        return None
    rule = script("FORWARD -s {net} -j DROP", net=_subnet(network))
    return ChangeScripts(f"iptables -I {rule}", f"iptables -D {rule}")


def _plugged_in(network: SceneNetwork) -> list[str]:
    return [script("ip link set {tap} master {bridge}", tap=tap, bridge=bridge) for tap, bridge in network.taps]


@mutator("network", "stopped")
def _stopped(network: SceneNetwork) -> ChangeScripts | None:
    if not network.active or not network.persistent:
        return None
    start = script("virsh net-start {name}", name=network.name)
    return ChangeScripts(script("virsh net-destroy {name}", name=network.name),
                  "\n".join([start, *_plugged_in(network)]), scars=True)  # fmt: skip


@mutator("network", "started again, its guests cut off")
def _cut_off(network: SceneNetwork) -> ChangeScripts | None:
    if not network.active or not network.persistent or not network.taps:
        return None
    do = script("virsh net-destroy {name}\nvirsh net-start {name}", name=network.name)
    return ChangeScripts(do, "\n".join(_plugged_in(network)), scars=True)


@mutator("network", "started")
def _started(network: SceneNetwork) -> ChangeScripts | None:
    if network.active:
        return None
    return there_and_back("virsh %s {name}", "net-start", "net-destroy", name=network.name)


@mutator("link", "one more address by hand")
def _address(link: SceneLink) -> ChangeScripts | None:
    return there_and_back("ip address %s 10.99.99.1/24 dev {dev}", "add", "delete", dev=link.label)


def _with_routes(link: SceneLink, do: str, undo: str) -> ChangeScripts:
    """Restore routes after `undo`: the kernel drops them with the link they go through."""
    kept = script(f"ip -4 route show dev {{dev}} | sed 's/ linkdown//' > {ROUTES}", dev=link.label)
    back = script(f"while read -r route; do ip route replace $route dev {{dev}}; done < {ROUTES}", dev=link.label)
    return ChangeScripts(f"{kept}\n{do}", f"{undo}\n{back}\nrm {ROUTES}", scars=True)


@mutator("link", "its address gone")
def _address_gone(link: SceneLink) -> ChangeScripts | None:
    if not link.address:
        return None
    do, undo = (script(f"ip address {word} {{address}} dev {{dev}}", address=link.address, dev=link.label)
                for word in ("delete", "add"))  # fmt: skip
    return _with_routes(link, do, undo)


@mutator("link", "down")
def _down(link: SceneLink) -> ChangeScripts | None:
    if "UP" not in link.said["flags"]:
        return None
    do, undo = (script(f"ip link set {{dev}} {word}", dev=link.label) for word in ("down", "up"))
    return _with_routes(link, do, undo)


@mutator("link", "STP the other way round")
def _stp_now(link: SceneLink) -> ChangeScripts | None:
    stp = link.said.get("linkinfo", {}).get("info_data", {}).get("stp_state")
    if stp is None:
        return None
    states = ("0", "1") if stp else ("1", "0")
    return there_and_back("ip link set {dev} type bridge stp_state %s", *states, dev=link.label, scars=True)


@mutator("link", "out of its bridge")
def _unplugged(link: SceneLink) -> ChangeScripts | None:
    if not link.said.get("master"):
        return None
    words = {"dev": link.label, "bridge": link.said["master"]}
    do, undo = script("ip link set {dev} nomaster", **words), script("ip link set {dev} master {bridge}", **words)
    return ChangeScripts(do, undo, scars=True)


@mutator("route", "gone")
def _route_gone(asked: AskedObject) -> ChangeScripts | None:
    kept = script(f"ip -4 route show {{to}} | sed 's/ linkdown//' > {ROUTES}; test -s {ROUTES}", to=asked.key[0])
    back = f"while read -r route; do ip route replace $route; done < {ROUTES}; rm {ROUTES}"
    return ChangeScripts(kept + script("\nip route del {to}", to=asked.key[0]), back)


@mutator("sysctl", "the other way round")
def _sysctl(asked: AskedObject) -> ChangeScripts | None:
    do = script("test $(sysctl -n {name}) -le 1; sysctl -w {name}=$((1 - $(sysctl -n {name})))", name=asked.key[0])
    return ChangeScripts(do, do)
