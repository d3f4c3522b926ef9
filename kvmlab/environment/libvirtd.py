"""A lab host's libvirtd with the right to change things: only set-up uses it, checks never do."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.host.sockets import short
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt


@contextlib.contextmanager
def connected(run_dir: Path, timeout_s: float = 30) -> Iterator[libvirt.virConnect]:
    """A read-write connection, as soon as libvirtd answers."""
    import libvirt

    libvirt.registerErrorHandler(lambda _ctx, _error: None, None)
    with short(run_dir / "libvirt/libvirt-sock") as path:
        connection = _open(libvirt, path, time.monotonic() + timeout_s)
    try:
        yield connection
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            connection.close()


def _open(libvirt, path: str, deadline: float) -> libvirt.virConnect:  # type: ignore[no-untyped-def]
    while True:
        try:
            return libvirt.open(f"qemu+unix:///system?socket={path}")
        except libvirt.libvirtError as error:
            if time.monotonic() > deadline:
                raise CannotRun(
                    t("libvirtd of the lab host does not answer: {error}", error=error), "kvmlab doctor"
                ) from None
            time.sleep(0.02)
