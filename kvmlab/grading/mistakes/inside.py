"""Mistakes in a guest: its fstab, its network's files, its processors."""

from __future__ import annotations

from kvmlab.checks.vocabulary.guest_network import GuestAddress, StoredGuestNetwork
from kvmlab.checks.vocabulary.host import Host
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words


def _default(failed: FailedObject, host: Host) -> Words | None:
    guest, address, path = failed.key
    options = host.guest(guest, address).fstab(path).value("options") or ()
    return {"path": path} if "default" in options else None


def _not_mounted(failed: FailedObject, host: Host) -> Words | None:
    guest, address, path = failed.key
    fits = failed.missing and host.guest(guest, address).fstab(path).value("exists")
    return {"path": path} if fits else None


def _not_in_fstab(failed: FailedObject, host: Host) -> Words | None:
    guest, address, path = failed.key
    fits = failed.missing and host.guest(guest, address).mount(path).value("exists")
    return {"path": path} if fits else None


def _not_up(failed: FailedObject, host: Host) -> Words | None:
    """The files have one of the wanted addresses, the NIC has none of them."""
    guest, address, *nic = failed.key
    want, dev = failed.want.get("addresses"), nic[0] if nic else "eth0"
    stored = StoredGuestNetwork(host.reader, (guest, address, dev)).value("address")
    fits = failed.lacks("addresses") and isinstance(want, list | tuple) and stored in want
    return {"dev": dev, "address": stored} if fits else None


def _only_now(failed: FailedObject, host: Host) -> Words | None:
    want = failed.want.get("address")
    now = GuestAddress(host.reader, failed.key).value("addresses") or ()
    return {"dev": failed.key[2], "address": want} if failed.lacks("address") and want in now else None


def _offline(failed: FailedObject, host: Host) -> Words | None:
    cpus = host.guest(*failed.key).cpus()
    online, there = cpus.value("online"), cpus.value("present")
    return {"online": online, "there": there} if failed.lacks("online") and online and online < there else None


INSIDE = (
    Pattern(
        "default-for-defaults",
        ("guest-fstab", "guest-mount"),
        _default,
        "`default` is no option that mount knows: the line for {path} must say `defaults`.",
    ),
    Pattern(
        "not-mounted",
        ("guest-mount",),
        _not_mounted,
        "{path} stands in fstab, which mounts it at the next boot; now nobody has (mount {path}).",
    ),
    Pattern(
        "not-in-fstab",
        ("guest-fstab",),
        _not_in_fstab,
        "{path} is mounted now, but without a line in fstab it is not after the next boot.",
    ),
    Pattern(
        "network-not-brought-up",
        ("guest-address", "guest-addresses"),
        _not_up,
        "{address} stands in the guest's files, but {dev} was not brought up by them (ifdown, ifup; or a reboot).",
    ),
    Pattern(
        "network-only-now",
        ("guest-network",),
        _only_now,
        "{dev} has {address} now, but the guest's files do not say so: after its next boot it is gone.",
    ),
    Pattern(
        "cpus-offline",
        ("guest-cpus",),
        _offline,
        "The guest has {there} processors and uses {online}: one that was plugged in must be switched on "
        "(/sys/devices/system/cpu/cpu*/online).",
    ),
)
