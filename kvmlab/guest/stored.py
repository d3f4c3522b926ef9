"""What a guest's next boot does with its network, from the files that ifupdown, NetworkManager, systemd-networkd,
netplan and ifcfg keep. `{path: text}` in, one Stored per interface out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from kvmlab.guest.ifupdown import ifupdown
from kvmlab.guest.stored_files import Stored, ifcfg, netplan, networkd, networkmanager

Reader = Callable[[Mapping[str, str]], Iterable[tuple[str, Stored]]]


def stored_network(
    files: Mapping[str, str], dev: str, mac: str | None, *, managed: bool = True, udev: bool = True
) -> Stored | None:
    """What the next boot does with `dev`; None where no file brings it up. `managed`: NetworkManager runs; `udev`
    does, so that what is plugged in is told to ifupdown.
    """
    brought_up: Reader = partial(ifupdown, udev=udev)
    others: list[Reader] = [networkmanager, networkd, netplan, ifcfg]
    readers = [*others, brought_up] if managed else [brought_up, networkd, netplan]
    for reader in readers:
        for name, stored in reader(files):
            if name == dev or (stored.by_mac and mac and stored.by_mac.lower() == mac.lower()):
                return stored
    anyone = [stored for name, stored in networkmanager(files) if name == "" and not stored.by_mac]
    return anyone[0] if anyone and managed else None
