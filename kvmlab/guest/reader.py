"""The facts of the vocabulary about a guest, from what its fact server says: which function reads which kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kvmlab.checks.reader import Key, MissingObject
from kvmlab.guest import network, storage, system
from kvmlab.guest.connection import GuestConnection

READERS: Mapping[str, Callable[..., Any]] = {
    "guest": system.whole,
    "guest-addresses": network.addresses,
    "guest-address": network.address,
    "guest-route": network.route,
    "guest-mount": storage.mount,
    "guest-filesystem": storage.filesystem,
    "guest-file": storage.file,
    "guest-network": network.stored,
    "guest-fstab": storage.fstab,
    "guest-service": system.service,
    "guest-resolver": network.resolver,
    "guest-name": network.name,
    "guest-module": system.module,
    "guest-driver": system.driver,
    "guest-cpus": system.cpus,
    "guest-memory": system.memory,
    "guest-block": storage.block,
    "guest-process": system.process,
    "guest-reach": network.reach,
}
_WITH_NAMES = ("guest-address", "guest-mount", "guest-filesystem", "guest-file", "guest-fstab")

# The sections of look.sh each kind needs, to be asked for together…
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "guest": ("hostname", "cmdline", "system"),
    "guest-addresses": ("addr",),
    "guest-address": ("addr",),
    "guest-route": ("route",),
    "guest-mount": ("mounts",),
    "guest-filesystem": ("block",),
    "guest-network": ("addr", "config", "resolv"),
    "guest-fstab": ("fstab",),
    "guest-resolver": ("resolv",),
    "guest-module": ("modules",),
    "guest-driver": ("links", "block"),
    "guest-cpus": ("system",),
    "guest-memory": ("meminfo",),
    "guest-block": ("block",),
    "guest-process": ("ps",),
}
# … and those that only some facts need: they cost more.
_COSTLY = {"dynamic": "ps", "size_mib": "df", "used_mib": "df", "disk_mib": "block", "disk": "block",
           "mount": "mounts"}  # fmt: skip


def sections(kind: str, names: Sequence[str]) -> list[str]:
    """The sections of look.sh that these facts need."""
    costly = {_COSTLY[name] for name in names if name in _COSTLY} if kind != "guest-block" else set()
    return [*_SECTIONS.get(kind, ()), *sorted(costly)]


def read(guest: GuestConnection, kind: str, key: Key, names: Sequence[str]) -> Mapping[str, object] | MissingObject:
    """The facts of one object in `guest`. Raises CouldNotLook."""
    work = READERS[kind]
    found: Mapping[str, object] | MissingObject = work(guest, key, names) if kind in _WITH_NAMES else work(guest, key)
    return found
