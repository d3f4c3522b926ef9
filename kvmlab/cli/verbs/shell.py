"""kvmlab shell LAB: a shell on the lab host, in which `kvmlab check|hint|show|status` work as well."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from kvmlab.cli.context import Context
from kvmlab.cli.lab import RunningLab, lab_argument
from kvmlab.words import t


def arguments(parser: argparse.ArgumentParser) -> None:
    """LAB."""
    lab_argument(parser)


def run(args: argparse.Namespace, ctx: Context) -> int:
    """The shell's own exit status; CannotRun where the lab host has ended below it (`reboot`)."""
    from kvmlab.cli.inside_server import answering

    running = RunningLab.of(ctx, args.lab)
    running.must_run()
    tty = sys.stdin.isatty()
    if tty:
        print(t("A shell on {lab}'s lab host. `kvmlab show` says what to do, `exit` leaves.", lab=running.lab_id))
    env = [f"{name}={os.environ[name]}" for name in ("TERM", "COLORTERM") if name in os.environ]
    env += [f"LANG={'zh_CN.UTF-8' if ctx.lang == 'zh' else 'en_US.UTF-8'}", f"KVMLAB_LANG={ctx.lang}"]
    with answering(running):
        argv = running.host.exec_argv(["bash", "--login"], tty=tty, env=env)
        status = subprocess.run(argv).returncode
    if status:
        running.must_run()
    return status
