"""What a guest's next boot does with its network, from the files that ifupdown, NetworkManager, systemd-networkd,
netplan and ifcfg keep. `{path: text}` in, one Stored per interface out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from kvmlab.guest.stored_files import Stored, ifcfg, netplan, networkd, networkmanager, with_prefix


def stored_network(files: Mapping[str, str], dev: str, mac: str | None, *, managed: bool = True) -> Stored | None:
    """What the next boot does with `dev`; None where no file mentions it. `managed`: NetworkManager runs."""
    readers = [networkmanager, networkd, netplan, ifcfg, _ifupdown] if managed else [_ifupdown, networkd, netplan]
    for reader in readers:
        for name, stored in reader(files):
            if name == dev or (stored.by_mac and mac and stored.by_mac.lower() == mac.lower()):
                return stored
    anyone = [stored for name, stored in networkmanager(files) if name == "" and not stored.by_mac]
    return anyone[0] if anyone and managed else None


def _ifupdown(files: Mapping[str, str]) -> Iterator[tuple[str, Stored]]:
    """interfaces(5): only what `auto` or `allow-hotplug` names comes up at boot."""
    folder = "/etc/network/interfaces"
    texts = [(path, text) for path, text in sorted(files.items()) if path.startswith(folder)]
    lines = [(path, line) for path, text in texts for line in _logical(text)]
    starting = ("auto", "allow-hotplug", "allow-auto")
    automatic = {name for _, words in lines if words[0] in starting for name in words[1:]}
    stanzas: dict[str, Stored] = {}
    current: Stored | None = None
    for path, words in lines:
        if words[0] == "iface" and len(words) > 3:
            family = words[2] == "inet"
            current = stanzas.setdefault(words[1], Stored(path)) if family else None
            if current:
                current.method = {"dhcp": "dhcp", "static": "static"}.get(words[3], words[3])
        elif words[0] in ("auto", "mapping", "source", "source-directory") or words[0].startswith("allow-"):
            current = None
        elif current:
            _option(current, words)
    yield from ((name, stored) for name, stored in stanzas.items() if name in automatic)


def _logical(text: str) -> Iterator[list[str]]:
    for line in re.sub(r"\\\n", " ", text).splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            yield words


def _option(stored: Stored, words: list[str]) -> None:
    name, values = words[0], words[1:]
    if not values:
        return
    if name == "address":
        stored.addresses.append(values[0])
    elif name == "netmask" and stored.addresses and "/" not in stored.addresses[-1]:
        stored.addresses[-1] = with_prefix(stored.addresses[-1], values[0])
    elif name == "gateway":
        stored.gateway = values[0]
    elif name in ("dns-nameservers", "dns-nameserver"):
        stored.dns += values
    elif name in ("up", "post-up"):
        stored.gateway = stored.gateway or _default_route(values)


def _default_route(words: list[str]) -> str | None:
    """The gateway in `ip route add default via ADDRESS` or `route add default gw ADDRESS`."""
    words = " ".join(words).split("||")[0].split("&&")[0].split(";")[0].split()
    pairs = pairwise(words)
    return next((then for word, then in pairs if word in ("via", "gw") and "default" in words), None)
