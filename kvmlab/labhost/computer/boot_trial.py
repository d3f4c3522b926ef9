"""Trials in containers made as lab hosts are: whether qemu may open a device there, and whether a guest boots.

A trial ends at the line it waits for. How long one may be silent is measured, not guessed: the same guest boots
emulated beside it, so a computer ten times slower is given ten times as long.
"""

from __future__ import annotations

import os
import secrets
import selectors
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from time import monotonic

from kvmlab.labhost.podman import Podman, bound, failed

LINE = b"Linux version"
"""What a Linux kernel says first on its serial console."""
AS_QEMU = ("setpriv", "--reuid=root", "--regid=root", "--init-groups")
"""As libvirtd starts qemu (the user: images/recipes/host's qemu.conf): with that user's groups and no others."""
TIMES = 3
"""A guest that is silent for so many times as long as an emulated one took to speak will not speak."""
AT_LEAST_S = 5.0
UNMEASURED_S = 3600.0
"""How long one may be silent while nothing is known of how quick this computer is."""
_OPENS_S = 300
_PODMANS_OWN = (125, 126, 127)
"""podman-run(1): with these exit statuses the command was not run at all; above them, a signal has ended it."""


class TrialOutcome(Enum):
    """How the boot of a guest ended."""

    SPOKE = "spoke"
    ENDED = "ended"
    SILENT = "silent"


def opens(podman: Podman, image: str, options: Sequence[str], device: Path) -> bool:
    """Whether qemu may open `device` in a container with `options`; CannotRun where none starts."""
    script = '( : <>"$1" ) 2>/dev/null || exit 1'
    argv = [*podman.run_options, *options, image, *AS_QEMU, "sh", "-c", script, "sh", str(device)]
    done = podman.attempt("run", "--rm", "--pull=never", *argv, timeout_s=_OPENS_S)
    if done.returncode in _PODMANS_OWN:
        raise failed(("run",), done.stderr)
    return done.returncode == 0


class TrialBoot:
    """A guest that boots, and what has been heard of it. `process`: its console is its standard output."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        self.process, self.console = process, process.stdout
        self.began = self.heard = monotonic()
        self.said = b""
        self.ended = False

    @property
    def spoke(self) -> bool:
        """Whether its kernel has."""
        return LINE in self.said

    @property
    def took(self) -> float:
        """The seconds until it was last heard."""
        return self.heard - self.began

    def hear(self) -> None:
        """Take in what it says; to be called when there is something."""
        chunk = os.read(self.console.fileno(), 65536)
        self.ended = not chunk
        if chunk:
            self.heard = monotonic()
            self.said = (self.said + chunk)[-100_000:]


_BOOT = (
    'exec qemu-system-x86_64 -accel "$1" -m 128 -display none -monitor none -serial stdio -no-reboot '
    '-drive file="/guest/$2",format=qcow2,if=virtio,snapshot=on </dev/null 2>&1'
)


@contextmanager
def boot(podman: Podman, image: str, options: Sequence[str], disk: Path, accelerator: str) -> Iterator[TrialBoot]:
    """Boot `disk` under `accelerator` in a container of its own, which goes when the block ends."""
    name = f"kvmlab-trial-{secrets.token_hex(4)}"
    command = [*AS_QEMU, "sh", "-c", _BOOT, "sh", accelerator, disk.name]
    argv = ["run", "--rm", "--pull=never", "--http-proxy=false", f"--name={name}", *podman.run_options, *options]
    argv += [bound(disk.parent, "/guest", "ro"), image, *command]
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(podman.argv(*argv), stdin=nothing, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        with process:
            try:
                yield TrialBoot(process)
            finally:
                podman.attempt("rm", "--force", "--ignore", "--time=0", name)
                process.kill()
    finally:
        process.kill()


def first_to_speak(guest: TrialBoot, beside: TrialBoot) -> TrialOutcome:
    """How the boot of `guest` ends; `beside` is the emulated one that shows how quick this computer is."""
    with selectors.DefaultSelector() as selector:
        for each in (guest, beside):
            selector.register(each.console, selectors.EVENT_READ, each)
        while not guest.spoke:
            for key, _ in selector.select(timeout=0.2):
                key.data.hear()
                if key.data.ended or (key.data is beside and beside.spoke):
                    selector.unregister(key.fileobj)
            if guest.ended:
                return _ended(guest)
            if monotonic() - guest.heard > _patience(beside):
                return TrialOutcome.SILENT
    return TrialOutcome.SPOKE


def _ended(guest: TrialBoot) -> TrialOutcome:
    """ENDED; CannotRun where podman could not even start it, because then nothing is known of the guest."""
    _, stderr = guest.process.communicate()
    if guest.process.returncode in _PODMANS_OWN:
        raise failed(("run",), (stderr or b"").decode(errors="replace"))
    return TrialOutcome.ENDED


def _patience(beside: TrialBoot) -> float:
    return max(AT_LEAST_S, TIMES * beside.took) if beside.spoke else UNMEASURED_S
