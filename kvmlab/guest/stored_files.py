"""What is stored of the network by others than ifupdown: NetworkManager, systemd-networkd, netplan, ifcfg files."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stored:
    """What is stored for an interface. `config`: the file that says so. `by_mac`: of the interface, where said so."""

    config: str
    method: str | None = None
    addresses: list[str] = field(default_factory=list)
    gateway: str | None = None
    dns: list[str] = field(default_factory=list)
    by_mac: str | None = None


def with_prefix(address: str, mask: str) -> str:
    """An address with 255.255.255.0 or 24 as its mask, as address/24; as it is where the mask is none."""
    try:
        return f"{address}/{ipaddress.IPv4Network(f'0.0.0.0/{mask}').prefixlen}"
    except ValueError:
        return address


def networkmanager(files: Mapping[str, str]) -> Iterator[tuple[str, Stored]]:
    """nm-settings-keyfile(5): connections that connect by themselves, those with the highest priority first."""
    found = []
    for path, text in sorted(files.items()):
        keyfile = _sections(text) if "/NetworkManager/system-connections/" in path else None
        if keyfile is None or not keyfile.getboolean("connection", "autoconnect", fallback=True):
            continue
        name = keyfile.get("connection", "interface-name", fallback="") or ""
        priority = keyfile.get("connection", "autoconnect-priority", fallback="0") or "0"
        found.append((-int(priority) if priority.lstrip("-").isdigit() else 0, name, _keyfile(path, keyfile)))
    for _, name, stored in sorted(found, key=lambda each: each[0]):
        yield name, stored


def _keyfile(path: str, keyfile: ConfigParser) -> Stored:
    stored = Stored(path, by_mac=keyfile.get("ethernet", "mac-address", fallback=None))
    items = dict(keyfile.items("ipv4")) if keyfile.has_section("ipv4") else {}
    stored.method = {"manual": "static", "auto": "dhcp"}.get(items.get("method") or "auto", items.get("method"))
    for key in sorted(items):
        if re.fullmatch(r"address(es)?\d*", key):
            for value in (items[key] or "").split(";"):
                address, _, gateway = value.partition(",")
                stored.addresses += [address] if address else []
                stored.gateway = gateway or stored.gateway
    stored.gateway = items.get("gateway") or stored.gateway
    stored.dns = [word for word in re.split(r"[;,\s]+", items.get("dns") or "") if word]
    return stored


def _sections(text: str) -> ConfigParser | None:
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",), allow_no_value=True)
    try:
        parser.read_string(text)
    except ConfigError:
        return None
    return parser


def networkd(files: Mapping[str, str]) -> Iterator[tuple[str, Stored]]:
    """systemd.network(5): the first file whose [Match] fits."""
    for path, text in sorted(files.items(), key=lambda item: item[0].rpartition("/")[2]):
        if not path.startswith("/etc/systemd/network/"):
            continue
        values = _repeated(text)
        stored = Stored(path, addresses=values.get("network.address", []) + values.get("address.address", []))
        stored.dns = [word for line in values.get("network.dns", []) for word in line.split()]
        gateways = values.get("network.gateway", []) + values.get("route.gateway", [])
        stored.gateway = gateways[0] if gateways else None
        dhcp = (values.get("network.dhcp") or ["no"])[-1].lower() in ("yes", "true", "ipv4")
        stored.method = "dhcp" if dhcp else "static" if stored.addresses else None
        stored.by_mac = next(iter(values.get("match.macaddress", [])), None)
        for name in " ".join(values.get("match.name", [])).split() or [""]:
            yield name, stored


def _repeated(text: str) -> dict[str, list[str]]:
    """An ini file in which keys come more than once: {"section.key": [value, …]}, in lower case."""
    values: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].lower()
        elif "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            values.setdefault(f"{section}.{key.strip().lower()}", []).append(value.strip())
    return values


def ifcfg(files: Mapping[str, str]) -> Iterator[tuple[str, Stored]]:
    """The ifcfg files of Red Hat's older systems."""
    for path, text in sorted(files.items()):
        if "/network-scripts/ifcfg-" not in path:
            continue
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
        said = {key.strip().upper(): value.strip().strip("\"'") for key, _, value in pairs}
        if said.get("ONBOOT", "yes").lower() == "no":
            continue
        stored = Stored(path, gateway=said.get("GATEWAY"), by_mac=said.get("HWADDR"))
        dhcp = said.get("BOOTPROTO", "").lower() == "dhcp"
        stored.method = "dhcp" if dhcp else "static" if "IPADDR" in said else None
        if "IPADDR" in said:
            stored.addresses = [with_prefix(said["IPADDR"], said.get("PREFIX") or said.get("NETMASK") or "32")]
        stored.dns = [said[key] for key in sorted(said) if re.fullmatch(r"DNS\d*", key)]
        yield said.get("DEVICE") or path.rpartition("ifcfg-")[2], stored


def netplan(files: Mapping[str, str]) -> Iterator[tuple[str, Stored]]:
    """netplan(5), as far as its YAML is the plain one that people write: two-space steps, lists in [] or by dashes."""
    for path, text in sorted(files.items()):
        if path.startswith("/etc/netplan/"):
            yield from _plan(path, text)


def _plan(path: str, text: str) -> Iterator[tuple[str, Stored]]:
    values = dict(_leaves(text))
    names = {keys[2] for keys in values if len(keys) > 3 and keys[:2] == ("network", "ethernets")}
    for name in sorted(names):
        said = {keys[3:]: value for keys, value in values.items() if keys[:3] == ("network", "ethernets", name)}
        stored = Stored(path, addresses=said.get(("addresses",), []), dns=said.get(("nameservers", "addresses"), []))
        dhcp = said.get(("dhcp4",), ["no"])[0].lower() in ("true", "yes")
        stored.method = "dhcp" if dhcp else "static" if stored.addresses else None
        routed = next(iter(said.get(("routes", "via"), [])), None)
        stored.gateway = next(iter(said.get(("gateway4",), [])), routed)
        stored.by_mac = next(iter(said.get(("match", "macaddress"), [])), None)
        yield next(iter(said.get(("set-name",), [])), name), stored


def _leaves(text: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    found: dict[tuple[str, ...], list[str]] = {}
    open_: list[tuple[int, str]] = []
    for line in text.splitlines():
        bare = line.split(" #")[0].rstrip()
        body = bare.lstrip(" ")
        if not body or body.startswith(("#", "---")):
            continue
        depth, dashed = len(bare) - len(body), body.startswith("- ")
        if dashed:
            body, depth = body[2:].strip(), depth + 1
        while open_ and open_[-1][0] >= depth:
            open_.pop()
        keys = tuple(name for _, name in open_)
        key, colon, value = body.partition(":")
        if colon and (value == "" or value.startswith(" ")):
            key = key.strip().strip("\"'")
            open_.append((depth, key)) if not value.strip() else None
            found.setdefault((*keys, key), []).extend(_items(value)) if value.strip() else None
        elif dashed:
            found.setdefault(keys, []).extend(_items(body))
    yield from found.items()


def _items(value: str) -> list[str]:
    return [word.strip().strip("\"'") for word in value.strip().strip("[]").split(",") if word.strip()]
