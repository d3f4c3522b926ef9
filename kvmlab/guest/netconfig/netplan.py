"""netplan(5): its YAML files, put together in their order, as netplan's generator does at boot."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from kvmlab.errors import CouldNotLook
from kvmlab.guest.netconfig.model import Device, Kept, NextBootConfig, everywhere
from kvmlab.words import t

FOLDER = "/etc/netplan/"
KINDS = ("ethernets", "bridges", "bonds", "vlans", "dummy-devices")
TRUE = ("true", "on", "yes", "y")
# The keys of a device; netplan takes no file with another one.
KEYS = frozenset(
    """
    accept-ra activation-mode addresses auth critical delay-virtual-functions-rebind dhcp-identifier dhcp4
    dhcp4-overrides dhcp6 dhcp6-overrides embedded-switch-mode emit-lldp gateway4 gateway6
    generic-receive-offload generic-segmentation-offload hairpin id ignore-carrier infiniband-mode interfaces
    ipv6-address-generation ipv6-address-token ipv6-mtu ipv6-privacy large-receive-offload link link-local
    macaddress match mtu nameservers neigh-suppress networkmanager openvswitch optional optional-addresses
    parameters port-mac-learning ra-overrides receive-checksum-offload regulatory-domain renderer routes
    routing-policy set-name tcp-segmentation-offload tcp6-segmentation-offload transmit-checksum-offload
    virtual-function-count wakeonlan
    """.split()  # noqa: SIM905 (so that they can be read)
)


NETWORKD, NETWORKMANAGER = "networkd", "NetworkManager"


@dataclass(frozen=True, slots=True)
class Written:
    """What netplan writes for one of the two, and the file's name there."""

    renderer: str
    name: str
    stored: NextBootConfig


def netplan(kept: Kept, nic: Device) -> Written | None:
    """What the interface gets of netplan; None where no file speaks of it. One that is wrong stops all of them."""
    if not kept.text("netplan"):
        return None
    files = {path: text for path, text in sorted(kept.files.items()) if path.startswith(FOLDER)}
    whole = _loaded(kept.text("netplan-read")) if "netplan-read" in kept.said else _put_together(files.values())
    if not isinstance(whole, dict):
        return None
    name, settings = _settings(whole, nic)
    if settings is None:
        return None
    told = settings.get("renderer") or _mapping(whole.get("network")).get("renderer")
    renderer = NETWORKMANAGER if str(told) == NETWORKMANAGER else NETWORKD
    if not _will_run(kept, renderer):
        return None
    stored = _stored(next(_telling(files, nic), next(iter(files), FOLDER)), settings)
    if renderer == NETWORKMANAGER:
        return Written(renderer, f"/run/NetworkManager/system-connections/netplan-{name}.nmconnection", stored)
    stored.dns = stored.dns if kept.resolved else []
    return Written(renderer, f"10-netplan-{name}.network", stored)


def _put_together(texts: Iterable[str]) -> dict[str, Any] | None:
    """The files as one, where netplan itself cannot be asked (`netplan get`); None where one of them is wrong."""
    whole: dict[str, Any] = {}
    for text in texts:
        read = _loaded(text)
        if not isinstance(read, dict) or not _sound(read):
            return None
        _merge(whole, read)
    return whole


def _telling(files: dict[str, str], nic: Device) -> Iterator[str]:
    """The files that speak of the interface, the last first."""
    for path, text in reversed(files.items()):
        with contextlib.suppress(CouldNotLook):
            if isinstance(read := _loaded(text), dict) and _settings(read, nic)[1] is not None:
                yield path


def _will_run(kept: Kept, renderer: str) -> bool:
    """Whether the program that netplan writes for is started. It starts systemd-networkd itself, unless masked."""
    if renderer == NETWORKMANAGER:
        return kept.starts("NetworkManager")
    return kept.text("unit:systemd-networkd").strip() != "masked"


DEEPEST = 30
"""netplan's own go seven deep. What PyYAML takes for a bracket grows with how many are open: a minute for 60 000."""


def _loaded(text: str) -> Any:
    """The document; None where it is none. Every scalar stays a word: 52:54:00:12:34:56 is no number here."""
    import yaml

    try:
        depth = 0
        for event in yaml.parse(text, yaml.SafeLoader):  # one after the other: deeper is not read at all
            if isinstance(event, yaml.AliasEvent):
                said = t("A file of netplan has aliases (`*name`), which are not read here.")
                raise CouldNotLook(said, f"ls {FOLDER}")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                return None
        return yaml.load(text, yaml.BaseLoader) or {}
    except (yaml.YAMLError, RecursionError):
        return None


def _sound(document: Mapping[str, Any]) -> bool:
    """Its devices have only keys that netplan knows, and addresses with a prefix."""
    network = _mapping(document.get("network"))
    devices = [_mapping(given) for kind in KINDS for given in _mapping(network.get(kind)).values()]
    addresses = [one for settings in devices for one in _addresses(settings)]
    return all(settings.keys() <= KEYS for settings in devices) and all("/" in one for one in addresses)


def _addresses(settings: Mapping[str, Any]) -> list[str]:
    return [str(next(iter(one), "")) if isinstance(one, dict) else str(one) for one in _list(settings, "addresses")]


def _merge(whole: dict[str, Any], more: Mapping[str, Any]) -> None:
    """A later file's values in place of an earlier one's; lists are put together."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            _merge(whole[key], value)
        elif isinstance(value, list) and isinstance(whole.get(key), list):
            whole[key] = whole[key] + [one for one in value if one not in whole[key]]
        else:
            whole[key] = value


def _settings(document: Mapping[str, Any], nic: Device) -> tuple[str, Mapping[str, Any] | None]:
    """The settings for the interface, and what they are called. Raises CouldNotLook where it cannot be told whether
    they are."""
    network = _mapping(document.get("network"))
    for kind in KINDS:
        for name, given in _mapping(network.get(kind)).items():
            settings = _mapping(given)
            if _meant(name, settings, nic):
                return str(name), settings
    return "", None


def _meant(name: str, settings: Mapping[str, Any], nic: Device) -> bool:
    match = _mapping(settings.get("match"))
    if not match:
        return name == nic.name
    if unknown := set(match) - {"macaddress", "name"}:
        said = t("Which interface netplan means by `{key}` cannot be told from here.", key=min(unknown))
        raise CouldNotLook(said, f"cat {FOLDER}*")
    if "name" in match and not fnmatchcase(nic.name, str(match["name"])) and settings.get("set-name") != nic.name:
        return False
    return "macaddress" not in match or str(match["macaddress"]).lower() == nic.mac


def _stored(config: str, settings: Mapping[str, Any]) -> NextBootConfig:
    stored = NextBootConfig(config, addresses=[one for one in _addresses(settings) if ":" not in one])
    dhcp = str(settings.get("dhcp4", "no")).lower() in TRUE
    stored.method = "dhcp" if dhcp else "static" if stored.addresses else "manual"
    stored.dns = [str(one) for one in _list(_mapping(settings.get("nameservers")), "addresses")]
    routes = (_mapping(one) for one in _list(settings, "routes"))
    gateways = [str(route["via"]) for route in routes if everywhere(str(route.get("to"))) and "via" in route]
    stored.gateway = str(settings["gateway4"]) if "gateway4" in settings else next(iter(gateways), None)
    return stored


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(settings: Mapping[str, Any], key: str) -> list[Any]:
    value = settings.get(key)
    return value if isinstance(value, list) else []
