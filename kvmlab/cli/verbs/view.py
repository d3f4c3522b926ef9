"""kvmlab view LAB GUEST: a guest's screen in virt-viewer, or the URI by which any libvirt client gets to it."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import time

from kvmlab.cli.context import Context
from kvmlab.cli.lab import RunningLab, lab_argument
from kvmlab.errors import CannotRun
from kvmlab.words import t

VIEWER = "virt-viewer"
SILENT_S = 10.0
"""How long libvirtd may say nothing."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB and GUEST."""
    lab_argument(parser)
    parser.add_argument("guest", metavar="GUEST", help=t("a guest that runs, as `virsh list` names it"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """0 when the viewer was closed, after Ctrl-C, or when the lab host has ended. CannotRun where the guest shows no
    screen, or the viewer does not work here."""
    from kvmlab.liveness import Silence
    from kvmlab.setup.lending import lent
    from kvmlab.setup.screen import open_screen

    running = RunningLab.of(ctx, args.lab)
    running.must_run()
    open_screen(running.root, args.guest, Silence(SILENT_S)).close()
    with lent(running.root, ctx.state.run) as uri, contextlib.suppress(KeyboardInterrupt):
        if shutil.which(VIEWER) and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            _view(uri, args.guest)
        else:
            _tell(running, uri, args.guest)
    return 0


def _view(uri: str, guest: str) -> None:
    """Until it is closed. libvirt hands it the screen (--attach, virt-viewer(1))."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))  # the viewer does not outlive us
    process = subprocess.Popen(_viewer(uri, guest), stderr=subprocess.PIPE, text=True, errors="replace")
    try:
        _, said = process.communicate()
    finally:
        process.kill()
    if process.returncode:
        last = " ".join(said.split("\n")[-2:]).strip()[-200:]
        raise CannotRun(t("virt-viewer has ended with status {status}: {said}", status=process.returncode, said=last))


def _tell(running: RunningLab, uri: str, guest: str) -> None:
    """Say how to get to it, for as long as its lab host runs."""
    from kvmlab.process import has_ended

    if not shutil.which(VIEWER):
        print(t("virt-viewer is not installed here (`sudo apt-get install virt-viewer`)."))
    else:
        print(t("There is no graphical session here for virt-viewer."))
    print(t("For as long as this runs, programs of yours get to the lab host's libvirt. Ctrl-C ends it."))
    print(f"  → virt-manager --connect {shlex.quote(uri)} --show-domain-console {shlex.quote(guest)}")
    print(f"  → {shlex.join(_viewer(uri, guest))}", flush=True)
    while has_ended(running.run.init) is False:
        time.sleep(1)


def _viewer(uri: str, guest: str) -> list[str]:
    return [VIEWER, "--attach", "--connect", uri, "--", guest]
