"""kvmlab exec LAB [--guest G] -- CMD: one command on the lab host or in a guest, stdin and status passed on."""

from __future__ import annotations

import argparse
import os
import shlex
from typing import NoReturn

from kvmlab.cli.context import Context
from kvmlab.cli.lab import RunningLab, lab_argument
from kvmlab.errors import UsageError
from kvmlab.words import t

SCREEN_S = 10.0
"""How long libvirtd may say nothing."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB, --guest, and the command after `--`."""
    lab_argument(parser)
    parser.add_argument("--guest", metavar="G", help=t("in this guest, over SSH"))
    screen = t("this guest's VNC screen on standard input and output (for programs)")
    parser.add_argument("--screen", metavar="G", help=screen)
    parser.usage = "kvmlab exec LAB [--guest G] -- CMD …"


def run(args: argparse.Namespace, ctx: Context) -> int:
    """The command's own exit status; 0 when a screen is looked at no more."""
    return _screen(args, ctx) if args.screen else _command(args, ctx)


def _command(args: argparse.Namespace, ctx: Context) -> NoReturn:
    """Become podman exec: signals, streams and the exit status are the command's own."""
    command: list[str] = args.command
    if not command:
        raise UsageError(t("There is no command to run."), f"kvmlab exec {args.lab} -- virsh list --all")
    running = RunningLab.of(ctx, args.lab)
    running.must_run()
    if args.guest:
        command = _in_guest(running, args.guest, command)
    argv = running.host.student_argv(command)
    os.execvp(argv[0], argv)


def _screen(args: argparse.Namespace, ctx: Context) -> int:
    """Until one side has nothing more to say."""
    from kvmlab.cli.pumping import pump
    from kvmlab.liveness import Silence
    from kvmlab.setup.screen import open_screen

    running = RunningLab.of(ctx, args.lab)
    running.must_run()
    with open_screen(running.root, args.screen, Silence(SCREEN_S)) as screen:
        pump(screen)
    return 0


def _in_guest(running: RunningLab, guest: str, command: list[str]) -> list[str]:
    """ssh joins its arguments with spaces for the guest's shell: quote them, so that they stay apart."""
    from kvmlab.labhost.steps import guest_command

    if not guest.replace("-", "").replace("_", "").replace(".", "").isalnum() or guest.startswith("-"):
        raise UsageError(t("`{guest}` is not a guest's name.", guest=guest), f"kvmlab show {running.lab_id}")
    return list(guest_command(guest, shlex.join(command)))
