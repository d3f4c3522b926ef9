"""What is stored of the network in ini files: by NetworkManager, by systemd-networkd, and in ifcfg files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from configparser import Error as ConfigError
from fnmatch import fnmatchcase

from kvmlab.errors import CouldNotLook
from kvmlab.guest.netconfig.model import Device, Kept, NextBootConfig, everywhere, with_prefix
from kvmlab.guest.netconfig.netplan import Written
from kvmlab.words import t

CONNECTIONS = "/etc/NetworkManager/system-connections/"
NETWORKD = "/etc/systemd/network/"
ETHERNET = ("", "ethernet", "802-3-ethernet")


def networkmanager(kept: Kept, nic: Device, written: Written | None = None) -> NextBootConfig | None:
    """nm-settings-keyfile(5): of the connections that connect by themselves and fit, the one of highest priority.
    `written`: one that netplan writes.

    Of several it takes the one that was active last: which that will be is not known here. Raises CouldNotLook where
    it matters.
    """
    found = [(0, written.stored)] if written else []
    for path, keyfile in _connections(kept):
        said = keyfile.get("connection", "autoconnect-priority", fallback="0") or "0"
        priority = int(said) if re.fullmatch(r"-?\d{1,4}", said) else 0
        if _fits(path, keyfile, nic):
            found.append((priority, _keyfile(path, keyfile)))
    if not found:
        return None
    most = max(priority for priority, _ in found)
    first, *others = (stored for priority, stored in found if priority == most)
    if not all(other.does_as(first) for other in others):
        said = t("Which of NetworkManager's connections comes first for {nic} cannot be told from here.", nic=nic.name)
        raise CouldNotLook(said, "nmcli -f NAME,AUTOCONNECT-PRIORITY,TIMESTAMP,FILENAME connection show")
    return first


def _connections(kept: Kept) -> Iterator[tuple[str, ConfigParser]]:
    """The connections that NetworkManager reads: it passes over what others than root may read.

    As its own library has read them, where that could be asked: `autoconnect=no` is no boolean there, an address
    without a prefix has one, and a method it does not know makes the whole file no connection.
    """
    for path, text in sorted(kept.files.items()):
        if not path.startswith(CONNECTIONS) or path.endswith(("~", ".bak", ".orig", ".rpmsave", ".dpkg-old")):
            continue
        mode, _, owner = kept.modes.get(path, "600 root").partition(" ")
        keyfile = _sections(kept.said.get(f"nm:{path}", text) or "")
        private = owner == "root" and mode.isdigit() and not int(mode, 8) & 0o077
        if not private or keyfile is None or not keyfile.sections():
            continue
        if _true(keyfile.get("connection", "autoconnect", fallback="true")):
            yield path, keyfile


def _true(said: str | None) -> bool:
    return (said or "").strip().lower() in ("true", "yes", "1", "on", "t", "y")


def _fits(path: str, keyfile: ConfigParser, nic: Device) -> bool:
    """Whether a connection may be for the interface."""
    if keyfile.get("connection", "type", fallback="ethernet") not in ETHERNET:
        return False
    if keyfile.has_section("match"):
        raise _cannot_tell("[match]", path)
    name = keyfile.get("connection", "interface-name", fallback="") or ""
    mac = next((keyfile.get(section, "mac-address", fallback="") or "" for section in ("ethernet", "802-3-ethernet")
                if keyfile.has_section(section)), "")  # fmt: skip
    return not ((name and name != nic.name) or (mac and mac.lower() != nic.mac))


def _keyfile(path: str, keyfile: ConfigParser) -> NextBootConfig:
    stored = NextBootConfig(path)
    items = dict(keyfile.items("ipv4")) if keyfile.has_section("ipv4") else {}
    stored.method = {"manual": "static", "auto": "dhcp"}.get(items.get("method") or "auto", items.get("method"))
    for key in sorted(items):
        if re.fullmatch(r"address(es)?\d*", key):
            for value in (items[key] or "").split(";"):
                address, _, gateway = value.partition(",")
                stored.addresses += [address] if address else []
                stored.gateway = gateway or stored.gateway
        elif re.fullmatch(r"route\d*", key):
            destination, *hop = (items[key] or "").split(",")
            stored.gateway = stored.gateway or (hop[0] if hop and everywhere(destination) else None)
    stored.gateway = items.get("gateway") or stored.gateway
    if _true(items.get("never-default")):
        stored.gateway = None
    stored.dns = [word for word in re.split(r"[;,\s]+", items.get("dns") or "") if word]
    return stored


def _sections(text: str) -> ConfigParser | None:
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",), allow_no_value=True)
    try:
        parser.read_string(text)
    except ConfigError:
        return None
    return parser


def networkd(kept: Kept, nic: Device, written: Written | None = None) -> NextBootConfig | None:
    """systemd.network(5): the first file, by its name alone, whose [Match] fits. `written`: one that netplan writes."""
    files = {path: text for path, text in kept.files.items() if path.startswith(NETWORKD)}
    mains = {path.rpartition("/")[2]: path for path in files if path.endswith(".network")}
    for name in sorted({*mains, *([written.name] if written else [])}):
        if name not in mains:
            return written.stored if written else None
        path = mains[name]
        further = [text for other, text in sorted(files.items()) if other.startswith(f"{path}.d/")]
        sections = [one for text in (files[path], *further) for one in _blocks(text)]
        if _matches(path, _joined(sections, "Match"), nic):
            stored = _network(path, sections)
            stored.dns = stored.dns if kept.resolved else []  # it gives them to systemd-resolved, and to nobody else
            return stored
    return None


Block = tuple[str, dict[str, list[str]]]


def _blocks(text: str) -> Iterator[Block]:
    """Each section of a unit file by itself, with the values of each key; an empty value takes those before away."""
    values: dict[str, list[str]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            values = {}
            yield line[1:-1], values
        elif "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            kept = values.setdefault(key.strip(), [])
            kept.append(value.strip()) if value.strip() else kept.clear()


def _joined(blocks: list[Block], name: str) -> dict[str, list[str]]:
    whole: dict[str, list[str]] = {}
    for section, values in blocks:
        if section == name:
            for key, given in values.items():
                whole.setdefault(key, []).extend(given)
    return whole


def _matches(path: str, match: Mapping[str, list[str]], nic: Device) -> bool:
    """Whether a [Match] fits. Raises CouldNotLook where that hangs on what is not seen from here."""
    if not match:
        return False  # networkd passes over a file without one
    names = [word for line in match.get("Name", []) for word in line.split()]
    macs = [word.lower() for line in match.get("MACAddress", []) for word in line.split()]
    types = [word for line in match.get("Type", []) for word in line.split()]
    if (names and not _named(names, nic.name)) or (macs and nic.mac not in macs) or (types and "ether" not in types):
        return False
    if unknown := set(match) - {"Name", "MACAddress", "PermanentMACAddress", "Type"}:
        raise _cannot_tell(min(unknown), path)
    return True


def _named(patterns: list[str], name: str) -> bool:
    if patterns[0].startswith("!"):
        return not any(fnmatchcase(name, one) for one in [patterns[0][1:], *patterns[1:]])
    return any(fnmatchcase(name, one) for one in patterns)


def _network(path: str, blocks: list[Block]) -> NextBootConfig:
    network = _joined(blocks, "Network")
    own = [one for section, values in blocks if section == "Address" for one in values.get("Address", [])[-1:]]
    stored = NextBootConfig(path, addresses=[one for one in network.get("Address", []) + own if ":" not in one])
    stored.dns = [word for line in network.get("DNS", []) for word in line.split()]
    gateways = [one for one in network.get("Gateway", []) if ":" not in one]
    gateways += [gateway for section, values in blocks if section == "Route" for gateway in _default(values)]
    stored.gateway = gateways[0] if gateways else None
    dhcp = (network.get("DHCP") or ["no"])[-1].lower() in ("yes", "true", "on", "1", "ipv4")
    stored.method = "dhcp" if dhcp else "static" if stored.addresses else "manual"
    return stored


def _default(route: Mapping[str, list[str]]) -> list[str]:
    """The gateway of a [Route] to everywhere: where it says no destination, it is one."""
    destination = (route.get("Destination") or ["0.0.0.0/0"])[-1]
    return [one for one in route.get("Gateway", [])[-1:] if ":" not in one and everywhere(destination)]


def _cannot_tell(key: str, path: str) -> CouldNotLook:
    said = t("Which interface is meant by `{key}` in {path} cannot be told from here.", key=key, path=path)
    return CouldNotLook(said, f"cat '{path}'")


def ifcfg(kept: Kept, nic: Device) -> NextBootConfig | None:
    """The ifcfg files of Red Hat's older systems."""
    for path, text in sorted(kept.files.items()):
        if "/network-scripts/ifcfg-" not in path:
            continue
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
        said = {key.strip().upper(): value.strip().strip("\"'") for key, _, value in pairs}
        name, mac = said.get("DEVICE") or path.rpartition("ifcfg-")[2], said.get("HWADDR", "").lower()
        if said.get("ONBOOT", "yes").lower() == "no" or (name != nic.name and (not mac or mac != nic.mac)):
            continue
        stored = NextBootConfig(path, gateway=said.get("GATEWAY"))
        dhcp = said.get("BOOTPROTO", "").lower() == "dhcp"
        stored.method = "dhcp" if dhcp else "static" if "IPADDR" in said else "manual"
        if "IPADDR" in said:
            stored.addresses = [with_prefix(said["IPADDR"], said.get("PREFIX") or said.get("NETMASK") or "32")]
        stored.dns = [said[key] for key in sorted(said) if re.fullmatch(r"DNS\d*", key)]
        return stored
    return None
