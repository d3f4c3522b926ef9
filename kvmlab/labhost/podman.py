"""The podman command (podman(1)): one place that builds its argv and reads its errors."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.install_command import install
from kvmlab.labhost.output import printed, start
from kvmlab.words import t

SILENT_S = 120.0
"""How long podman and what it runs may do nothing at all before they are taken to hang."""


@dataclass(frozen=True)
class Podman:
    """podman with the global and run options that this computer was found to need."""

    global_options: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()

    def argv(self, *args: str) -> list[str]:
        """`podman`, the global options, then `args`."""
        return [program(), *storage_options(), *self.global_options, *args]

    def run(self, *args: str, timeout_s: float = SILENT_S, stdin: str = "") -> str:
        """Run it to its end and give its standard output; CannotRun with podman's own words if it fails."""
        done = self.attempt(*args, timeout_s=timeout_s, stdin=stdin)
        if done.returncode:
            raise failed(args, done.stderr)
        return done.stdout

    def attempt(self, *args: str, timeout_s: float = SILENT_S, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run it to its end, whatever its exit status. CannotRun where neither it nor what it runs in a container has
        done anything for `timeout_s` seconds; while they work, they may take as long as they need."""
        argv = self.argv(*args)
        process = start(argv)
        try:
            out, err = printed(process, stdin=stdin, silent_s=timeout_s)
        except subprocess.TimeoutExpired:
            raise _silent(args, timeout_s) from None
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """Begin it and go on; the caller waits with `finish`."""
        return start(self.argv(*args), stdin=subprocess.DEVNULL)


def finish(process: subprocess.Popen[bytes], what: Sequence[str]) -> str:
    """Wait for what `Podman.start` began; its standard output."""
    try:
        out, err = printed(process, silent_s=SILENT_S)
    except subprocess.TimeoutExpired:
        raise _silent(what, SILENT_S) from None
    if process.returncode:
        raise failed(what, err)
    return out


def _silent(args: Sequence[str], silent_s: float) -> CannotRun:
    said = t("podman {verb} has done nothing for {seconds} s.", verb=args[0], seconds=round(silent_s))
    return CannotRun(said, "kvmlab doctor")


def failed(args: Sequence[str], stderr: str) -> CannotRun:
    """podman's failure as an error of ours: its last line, without the warnings before it."""
    lines = [line for line in stderr.splitlines() if line.strip() and "level=warning" not in line]
    said = lines[-1].removeprefix("Error: ") if lines else "?"
    if "no space left" in stderr.lower():
        return CannotRun(t("No space is left for containers: {said}", said=said), "df -h; podman system prune")
    if "image not known" in stderr or "no such image" in stderr.lower():
        return CannotRun(t("The host image is gone: {said}", said=said), "kvmlab image build")
    return CannotRun(t("podman {verb} failed: {said}", verb=args[0], said=said), "kvmlab doctor")


def bound(here: Path, there: str, *options: str) -> str:
    """The option that mounts `here` at `there` (podman-run(1), --mount, which is read as CSV): a path may have colons
    in it, which --volume takes for its own, and commas and quotes."""
    return f"--mount=type=bind,{in_csv(f'source={here}')},destination={there}" + "".join(f",{one}" for one in options)


def in_csv(text: str) -> str:
    """One field of an option that podman reads as CSV, as it does wherever an option may have several values."""
    return '"' + text.replace('"', '""') + '"'


OFFLINE = ("--pull=never", "--network=none", "--http-proxy=false")
"""For a container that is to know nothing of the network outside, its proxies included."""


def program() -> str:
    """Where podman is; CannotRun where it is not."""
    path = shutil.which("podman")
    if path is None:
        raise CannotRun(t("podman is not installed."), install("podman", "uidmap"))
    return path


STORAGE_CONFS = (
    "~/.config/containers/storage.conf",
    "/etc/containers/storage.conf",
    "/usr/share/containers/storage.conf",
)


def storage_options() -> tuple[str, ...]:
    """Overlay for an ordinary user for whom nobody has chosen a storage driver (containers-storage.conf(5)).

    HACK: podman 4.3 (Debian 12 without the package containers-storage) then takes vfs, which copies the whole
    image for each lab host. Can go with Debian 12. A vfs store that is there already stays what it is: podman
    refuses another driver for it.
    """
    if os.getuid() == 0 or any(Path(name).expanduser().exists() for name in STORAGE_CONFS):
        return ()
    data = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
    store = data / "containers/storage"
    in_use = (store / "libpod").is_dir() and not (store / "overlay").is_dir()
    return () if in_use else ("--storage-driver=overlay",)
