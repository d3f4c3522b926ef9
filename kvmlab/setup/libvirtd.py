"""A lab host's libvirtd with the right to change things: only set-up uses it, checks never do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.liveness import Silence
from kvmlab.remote.host_root import LIBVIRT, HostRoot
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt


@contextlib.contextmanager
def connected(root: HostRoot, silence: Silence) -> Iterator[libvirt.virConnect]:
    """A read-write connection, as soon as libvirtd answers; CannotRun when the silence is over."""
    import libvirt

    libvirt.registerErrorHandler(lambda _ctx, _error: None, None)
    connection = _open(libvirt, root, silence)
    try:
        yield connection
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            connection.close()


def _open(libvirt, root: HostRoot, silence: Silence) -> libvirt.virConnect:  # type: ignore[no-untyped-def]
    while True:
        try:
            with root.socket_name(LIBVIRT) as path:
                return libvirt.open(f"qemu+unix:///system?socket={path}")
        except (OSError, libvirt.libvirtError) as error:
            if silence.over:
                raise CannotRun(
                    t("libvirtd of the lab host does not answer: {error}", error=error), "kvmlab doctor"
                ) from None
            time.sleep(0.02)
