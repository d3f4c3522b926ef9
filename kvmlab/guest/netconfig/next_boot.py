"""What a guest's next boot does with its network, by the program that will read what is stored.

Of ifupdown, netplan, NetworkManager, systemd-networkd and ifcfg files only those count that will run in this guest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kvmlab.guest.netconfig.ifupdown import ifupdown
from kvmlab.guest.netconfig.ini_files import ifcfg, networkd, networkmanager
from kvmlab.guest.netconfig.model import Device, Kept, NextBootConfig
from kvmlab.guest.netconfig.netplan import netplan

Reader = Callable[[Kept, Device], NextBootConfig | None]


def stored_network(kept: Kept, nic: Device) -> NextBootConfig | None:
    """What the next boot does with the interface; None where nothing brings it up. Raises CouldNotLook."""
    for reader in _readers(kept):
        if (stored := reader(kept, nic)) is not None:
            return stored
    return None


def _readers(kept: Kept) -> Iterator[Reader]:
    """Those that will run. netplan writes for one of the two below it, and comes first: it says what they will get."""
    if not kept.systemd:
        yield ifupdown
        return
    managed = kept.starts("NetworkManager")
    yield netplan
    if managed:
        yield networkmanager
    if kept.starts("systemd-networkd"):
        yield networkd
    if managed:
        yield ifcfg
    if kept.starts("networking"):
        yield ifupdown
