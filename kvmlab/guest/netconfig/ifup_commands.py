"""What the command lines that ifup would run do to an interface: those that set addresses and routes, harmless ones.

ifup gives each line to a shell, and stops at the first that fails. A line that is not understood is said to be so.
Rejected: taking the words one looks for wherever they stand, which took a comment for a prefix, and a route to one
network for the default one.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable, Mapping

from kvmlab.guest.netconfig.bridge_commands import brctl, ip_link
from kvmlab.guest.netconfig.effect import Bridges, Effect
from kvmlab.guest.netconfig.model import everywhere, with_prefix
from kvmlab.guest.netconfig.shell_lines import Fails, NotUnderstood, commands, pairs, redirected

HARMLESS = frozenset(
    ("echo", "printf", "true", ":", "logger", "sleep", "sysctl", "modprobe", "ethtool", "iptables",
     "ip6tables", "nft", "test", "[", "touch", "mkdir", "date", "rm", "run-parts", "wpa_supplicant")
)  # fmt: skip
OF_AN_ADDRESS = {"dev", "label", "broadcast", "brd", "scope", "peer", "metric", "valid_lft", "preferred_lft"}
CLIENTS = ("udhcpc", "dhclient", "dhcpcd", "pump")
IP_WORDS = {"addr": ("address", "addr", "a"), "route": ("route", "ro", "r"), "link": ("link", "l")}


def effect(dev: str, lines: str, variables: Mapping[str, str], bridges: Bridges | None = None) -> Effect:
    """What `lines` do, with the variables that ifup sets. Raises NotUnderstood."""
    found = Effect(dev, bridges=bridges)
    try:
        for line in lines.splitlines():
            for words in commands(line, variables):
                _run(found, words)
    except Fails:
        found.broken = True
    return found


def _run(found: Effect, words: list[str]) -> None:
    if words[0] == "||":
        try:
            return _run(found, words[1:])
        except Fails:
            return None
    words, target = redirected(words)
    if not words:
        return None
    program, *rest = words
    name = program.rpartition("/")[2]
    if name in ("busybox", "sudo", "exec") and rest:
        return _run(found, rest)
    if target and (name not in ("echo", "printf") or target != "/etc/resolv.conf"):
        raise NotUnderstood(shlex.join(words))
    work = _KNOWN.get(name)
    if work is not None:
        return work(found, rest)
    if name in CLIENTS:
        found.dhcp = True
        return None
    if re.fullmatch(r"[\d./:]+", name):
        raise Fails  # a second value of an option that takes one, on a line of its own: no program is called so
    if name not in HARMLESS:
        raise NotUnderstood(shlex.join(words))
    if target:
        found.dns += re.findall(r"nameserver\s+([0-9a-fA-F.:]+)", " ".join(rest).replace("\\n", "\n"))
    return None


def _ip(found: Effect, words: list[str]) -> None:
    while words and words[0].startswith("-"):
        if words[0] in ("-6", "-family", "-f"):
            return
        words = words[1:]
    if len(words) < 2:
        raise Fails
    kind = next((name for name, spelt in IP_WORDS.items() if words[0] in spelt), "")
    if kind == "addr":
        _ip_address(found, words[1], words[2:])
    elif kind == "route":
        _ip_route(found, words[1], words[2:])
    elif kind == "link":
        ip_link(found, words[1], words[2:])
    elif words[0] not in ("rule", "neigh", "neighbour", "tuntap"):
        raise NotUnderstood(shlex.join(["ip", *words]))


def _ip_address(found: Effect, verb: str, words: list[str]) -> None:
    values = pairs(words, OF_AN_ADDRESS)
    if verb == "flush" and values.get("dev") in (found.dev, None):
        found.addresses.clear()
        return
    if verb not in ("add", "replace", "change") or "peer" in values:
        raise NotUnderstood(shlex.join(["ip", "addr", verb, *words]))
    address = values.get("", values.get("local", ""))
    if ":" in address:
        return
    whole = _address(address)
    if "dev" not in values or whole is None:
        raise Fails
    if values["dev"] == found.dev:
        found.addresses.append(whole)
    elif found.bridges is not None:
        raise NotUnderstood(shlex.join(["ip", "addr", verb, *words]))  # it tells of another link


def _ip_route(found: Effect, verb: str, words: list[str]) -> None:
    values = pairs(words, {"via", "dev", "metric", "src", "proto", "scope", "table", "mtu", "advmss"})
    if verb not in ("add", "replace", "append", "change", "del", "delete"):
        raise NotUnderstood(shlex.join(["ip", "route", verb, *words]))
    if not everywhere(values.get("", "")) or "table" in values:
        return
    if values.get("dev", found.dev) != found.dev:
        return
    _default_route(found, verb, values.get("via"), values.get("metric"), onlink="onlink" in words)


def _default_route(found: Effect, verb: str, gateway: str | None, metric: str | None, *, onlink: bool = False) -> None:
    """Change the default route; the kernel refuses a gateway that is no neighbour, and a second one with its metric."""
    place = int(metric) if metric and metric.isdigit() else 0
    there = place in found.defaults
    if verb in ("del", "delete"):
        _no_default_route(found, gateway, place if metric else None)
        return
    if gateway is not None and not onlink and not _neighbour(found, gateway):
        raise Fails
    if (verb == "add" and there) or (verb == "change" and not there):
        raise Fails
    if not (verb == "append" and there):  # that one comes after it, and is not used
        found.defaults[place] = gateway


def _no_default_route(found: Effect, gateway: str | None, metric: int | None) -> None:
    """Take the first that fits away."""
    for place in sorted(found.defaults):
        if metric in (None, place) and gateway in (None, found.defaults[place]):
            del found.defaults[place]
            return
    raise Fails


def _neighbour(found: Effect, gateway: str) -> bool:
    try:
        own = [ipaddress.ip_interface(one).network for one in found.addresses]
        return any(ipaddress.ip_address(gateway) in network for network in own)
    except ValueError:
        return False


def _address(text: str) -> str | None:
    """10.0.0.1/24 of that and of 10.0.0.1/255.255.255.0; without a mask it is a /32; None where it is none."""
    bare, slash, mask = text.partition("/")
    try:
        return str(ipaddress.IPv4Interface(with_prefix(bare, mask) if slash else f"{bare}/32"))
    except ValueError:
        return None


def _ifconfig(found: Effect, words: list[str]) -> None:
    """`ifconfig DEV ADDRESS netmask MASK up`; without a mask it is the one of the address' class."""
    if not words:
        return
    values = pairs(words[1:], {"netmask", "broadcast", "mtu", "hw", "metric", "pointopoint"})
    address = values.get("", "")
    if words[0] != found.dev and found.bridges is not None and re.match(r"[1-9]", address):
        raise NotUnderstood(shlex.join(["ifconfig", *words]))  # it tells of another link
    if words[0] != found.dev or not re.match(r"\d", address):
        return
    bare, slash, prefix = address.partition("/")
    first = int(bare.partition(".")[0])
    mask = values.get("netmask") or (prefix if slash else "8" if first < 128 else "16" if first < 192 else "24")
    whole = _address(f"{bare}/{mask}")
    if whole is None:
        raise Fails
    found.addresses[:] = [] if whole.startswith("0.0.0.0/") else [whole]


def _route(found: Effect, words: list[str]) -> None:
    """`route add default gw ADDRESS`, `route add -net 0.0.0.0 netmask 0.0.0.0 gw ADDRESS`, `route del default`."""
    if words[:1] not in (["add"], ["del"]):
        raise NotUnderstood(shlex.join(["route", *words]))
    values = pairs([word for word in words[1:] if word not in ("-net", "-host")], {"gw", "netmask", "dev", "metric"})
    whole = values.get("netmask", "0.0.0.0") == "0.0.0.0" and everywhere(values.get("", ""))
    if whole and values.get("dev", found.dev) == found.dev:
        _default_route(found, words[0], values.get("gw"), values.get("metric"))


def _false(found: Effect, words: list[str]) -> None:
    raise Fails


_KNOWN: Mapping[str, Callable[[Effect, list[str]], None]] = {
    "ip": _ip, "ifconfig": _ifconfig, "route": _route, "brctl": brctl, "false": _false,
}  # fmt: skip
