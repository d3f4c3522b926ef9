"""What each lab host had at the end of its start, kept in the state directory: nobody on the lab host can reach it.

Checks compare with it. It belongs to the lab host (label and instance), as its run directory does, and goes with it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun, CouldNotLook
from kvmlab.host.connection import TIMEOUT_S, Libvirt
from kvmlab.host.start.picture import Picture, parameters_that_are_paths, take_again, take_whole
from kvmlab.labhost.known_host import KnownLabHost
from kvmlab.remote.host_connection import HostConnection
from kvmlab.slowness import given_patience, slowness
from kvmlab.state import record
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.course import Lab
    from kvmlab.remote.ssh import Session

PATIENCE = 6.0
"""Every deadline times this, and times how slow the computer is: many lab hosts may be starting at once."""
TRIES = 3


class PictureConnections:
    """The connections that the picture of a start needs, begun while guests are still waited for."""

    def __init__(self, host: KnownLabHost, session: Session | None = None, *, has_libvirt: bool) -> None:
        """`session`: an SSH connection to the lab host that stands already; hung up with the others."""
        self._host, self._has_libvirt = host, has_libvirt
        self._connect(session)

    def remember(self, lab: Lab, *, solved: bool = False) -> None:
        """Take the picture and keep it. CannotRun where the lab host does not tell. `solved`: it is that of the lab's
        solved state, from which a repair begins."""
        paths = [*parameters_that_are_paths(lab.values), *(file.path for file in lab.files)]
        tries = TRIES
        while (picture := self._picture(paths, last=tries == 1)) is None:
            tries -= 1
            self._connect()
        record.write(self._host.start_record, {**picture, "solved": True} if solved else picture)

    def _connect(self, session: Session | None = None) -> None:
        patience = PATIENCE * slowness()
        libvirt = Libvirt(self._host.root, timeout_s=TIMEOUT_S * patience)
        self._libvirt = libvirt if self._has_libvirt else None
        look_key = self._host.state.key_pair("look_key")
        self._way = HostConnection(self._host.root, look_key, patience=patience, session=session)
        self._way.begin("hello")

    def _picture(self, paths: list[str], *, last: bool) -> Picture | None:
        """None where nobody answers: beside guests that boot it may have come too late, and need only be asked anew."""
        try:
            return take_whole(self._libvirt, self._way, paths, os.urandom(8).hex())
        except CouldNotLook as trouble:
            if last:
                raise CannotRun(trouble.message, "kvmlab doctor") from None
            return None
        finally:
            self._way.close()


def pictures(host: KnownLabHost) -> tuple[Picture, Picture]:
    """What `host` had at its start, and what it has now. CannotRun where either cannot be told."""
    start = recall(host)
    if start is None:
        said = t("Nobody remembers how this lab was at its start; after a reset it is known again.")
        raise CannotRun(said, "kvmlab status")
    patience = given_patience()
    libvirt = Libvirt(host.root, timeout_s=TIMEOUT_S * patience)
    way = HostConnection(host.root, host.state.key_pair("look_key"), patience=patience)
    way.begin("hello")
    try:
        return start, take_again(start, libvirt, way)
    except CouldNotLook as trouble:
        raise CannotRun(trouble.message, trouble.todo) from None
    finally:
        way.close()


def note_boot(host: KnownLabHost) -> None:
    """The lab host has been booted since: what ran at its start ran no further than that, whoever did what."""
    if (picture := recall(host)) is not None:
        record.write(host.start_record, {**picture, "booted since": True})


def recall(host: KnownLabHost) -> Picture | None:
    """What this lab host had at its start; None where that is not known (any more)."""
    try:
        found = record.load(host.start_record)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
