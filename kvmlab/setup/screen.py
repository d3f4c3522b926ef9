"""A guest's screen as bytes: what libvirt hands out of its display (virDomainOpenGraphicsFD), by no port of anybody."""

from __future__ import annotations

import socket

from kvmlab.errors import CannotRun
from kvmlab.liveness import Silence
from kvmlab.remote.host_root import HostRoot
from kvmlab.setup.libvirtd import connected
from kvmlab.words import t


def open_screen(root: HostRoot, guest: str, silence: Silence) -> socket.socket:
    """A stream connected to the guest's VNC server, without its password. CannotRun where the guest does not run or has
    no screen."""
    import libvirt

    with connected(root, silence) as connection:
        try:
            display = connection.lookupByName(guest).openGraphicsFD(0, libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)
        except libvirt.libvirtError as error:
            said = t("{guest} shows no screen: {error}.", guest=guest, error=str(error).rstrip("."))
            raise CannotRun(said, "virsh domdisplay GUEST") from None
    return socket.socket(fileno=display)
