"""What a guest's next boot does with its network, by the program that will read what is stored.

Of ifupdown, netplan, NetworkManager, systemd-networkd and ifcfg files only those count that will run in this guest.
"""

from __future__ import annotations

from collections.abc import Iterator

from kvmlab.errors import CouldNotLook
from kvmlab.guest.netconfig.ifupdown import ifupdown
from kvmlab.guest.netconfig.ini_files import ifcfg, networkd, networkmanager
from kvmlab.guest.netconfig.model import Device, Kept, NextBootConfig
from kvmlab.guest.netconfig.netplan import NETWORKD, netplan
from kvmlab.words import t


def stored_network(kept: Kept, nic: Device) -> NextBootConfig | None:
    """What the next boot does with the interface; None where nothing brings it up. Raises CouldNotLook.

    So it does, too, where two programs would each make something else of it: which of them is last nobody knows.
    """
    found = [stored for stored in _by_each(kept, nic) if stored is not None]
    for other in found[1:]:
        if not other.does_as(found[0]):
            files = {"first": found[0].config, "second": other.config}
            said = t("Two programs will configure {nic} at the next boot, by {first} and by {second}.",
                     nic=nic.name, **files)  # fmt: skip
            raise CouldNotLook(said, "systemctl list-unit-files --state=enabled")
    return found[0] if found else None


def _by_each(kept: Kept, nic: Device) -> Iterator[NextBootConfig | None]:
    """What each program that will run makes of it. What netplan gives to networkd it tells NetworkManager to leave."""
    if not kept.systemd:
        yield ifupdown(kept, nic)
        return
    written = netplan(kept, nic)
    if written is not None and written.renderer == NETWORKD:
        yield networkd(kept, nic, written)
        return
    if kept.starts("NetworkManager"):
        yield networkmanager(kept, nic, written) or ifcfg(kept, nic)
    if kept.starts("systemd-networkd"):
        yield networkd(kept, nic)
    if kept.starts("networking"):
        yield ifupdown(kept, nic)
