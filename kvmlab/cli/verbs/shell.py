"""kvmlab shell LAB: a shell on the lab host, in which `kvmlab check|hint|show|status` work as well."""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from kvmlab.cli.context import Context
from kvmlab.cli.lab import RunningLab, lab_argument
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.container import LabHost

_HANG_UP = 'grep -lsz "^$0$" /proc/[0-9]*/environ | cut -d/ -f3 | xargs -r kill -HUP'


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB, --console."""
    lab_argument(parser)
    parser.add_argument("--console", metavar="G", help=t("the serial console of this guest; Ctrl-] leaves it"))


def run(args: argparse.Namespace, ctx: Context) -> int:
    """The shell's own exit status; CannotRun where the lab host has ended below it (`reboot`)."""
    from kvmlab.cli.inside_server import answering

    running = RunningLab.of(ctx, args.lab)
    running.must_run()
    tty = sys.stdin.isatty()
    command = ["virsh", "console", "--force", "--", args.console] if args.console else ["bash", "--login"]
    if tty and not args.console:
        print(t("A shell on {lab}'s lab host. `kvmlab show` says what to do, `exit` leaves.", lab=running.lab_id))
    env = [f"{name}={os.environ[name]}" for name in ("TERM", "COLORTERM") if name in os.environ]
    env += [f"LANG={'zh_CN.UTF-8' if ctx.lang == 'zh' else 'en_US.UTF-8'}", f"KVMLAB_LANG={ctx.lang}"]
    mark = f"KVMLAB_SHELL={secrets.token_hex(8)}"
    with answering(running), _leaving_nothing(running.host, mark):
        argv = running.host.student_argv(command, tty=tty, env=[*env, mark])
        status = subprocess.run(argv).returncode
    if status:
        running.must_run()
    return status


class _HungUp(Exception):
    """The terminal was closed, or we were asked to end."""


@contextlib.contextmanager
def _leaving_nothing(host: LabHost, mark: str) -> Iterator[None]:
    """Where the terminal goes away, what was begun in it is told so (SIGHUP): podman tells nobody on the lab host."""

    def hung_up(number: int, frame: FrameType | None) -> NoReturn:
        for one in numbers:
            signal.signal(one, signal.SIG_IGN)
        raise _HungUp

    numbers = (signal.SIGHUP, signal.SIGTERM)
    before = [signal.signal(one, hung_up) for one in numbers]
    try:
        yield
    except _HungUp:
        host.execute(["sh", "-c", _HANG_UP, mark])
        raise SystemExit(129) from None
    finally:
        for number, was in zip(numbers, before, strict=True):
            signal.signal(number, was)
