"""The virtual environment a bundle is installed into, `DIR/bin/kvmlab`: whole, or made again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from kvmlab.bundle.archive import Bundle
from kvmlab.bundle.wheels import fits
from kvmlab.errors import CannotRun, UsageError
from kvmlab.images.recipe import BuildProgress
from kvmlab.killpoints import killpoint
from kvmlab.state import record
from kvmlab.words import t

_OURS = "kvmlab-bundle.json"
"""The first file in DIR and the last to be changed: which bundle it was made of, or "" while it is being made."""


def default_place() -> Path:
    """$XDG_DATA_HOME/kvmlab, else ~/.local/share/kvmlab."""
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    return Path(base).absolute() / "kvmlab"


def made_of(place: Path) -> str | None:
    """The identity of the bundle the environment was made of; "": half-made; None: there is none of ours."""
    try:
        return str(record.load(place / _OURS)["bundle"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def install(bundle: Bundle, version: str, place: Path, progress: BuildProgress) -> Path:
    """`place`/bin/kvmlab of that bundle; made if it is of another one, or was never finished."""
    command = place / "bin/kvmlab"
    if made_of(place) == bundle.identity and command.exists():
        return command
    _refuse_to_harm(place)
    place.mkdir(parents=True, exist_ok=True)
    record.write(place / _OURS, {"bundle": ""}, 0o644)
    killpoint("bundle.environment.begun")
    for old in place.iterdir():
        if old.name != _OURS:
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
    progress.step(t("installing kvmlab in {place}", place=place), None)
    _run([sys.executable, "-m", "venv", "--without-pip", str(place)])
    killpoint("bundle.environment.empty")
    with tempfile.TemporaryDirectory(prefix="kvmlab-") as temporary:
        _pip_install(bundle, version, place / "bin/python", Path(temporary))
    _run([str(command), "--version"])
    _run([str(place / "bin/python"), "-c", "import libvirt, paramiko, jinja2, markdown_it, yaml, rich"])
    killpoint("bundle.environment.installed")
    record.write(place / _OURS, {"bundle": bundle.identity}, 0o644)
    return command


def _refuse_to_harm(place: Path) -> None:
    """UsageError where `place` has what is not ours; and where it is what we run from."""
    if place.exists() and made_of(place) is None and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(t("{place} is there, and not of kvmlab.", place=place), "kvmlab bundle open FILE --to DIR")
    if Path(sys.prefix).resolve() == place.resolve():
        message = t("This kvmlab runs from {place}, and cannot replace itself.", place=place)
        raise UsageError(message, "tar -xf FILE open && ./open FILE")


def _pip_install(bundle: Bundle, version: str, python: Path, folder: Path) -> None:
    """With the bundle's own pip, from its wheels alone: no settings of this computer's, no index, no network."""
    minor = f"3.{sys.version_info.minor}"
    for name in bundle.names("wheels"):
        if fits(name, minor):
            bundle.extract(name, folder / Path(name).name)
    pip = next(folder.glob("pip-*.whl"), None)
    if pip is None:
        bundle.refuse(t("pip is not in it"))
    options = ["--isolated", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    argv = [str(python), f"{pip}/pip", "install", *options, "--no-index", f"--find-links={folder}"]
    _run([*argv, f"kvmlab=={version}"])


def _run(argv: list[str]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    environ = {**kept, "PIP_CONFIG_FILE": os.devnull}
    nothing = subprocess.DEVNULL
    done = subprocess.run(argv, env=environ, stdin=nothing, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = (done.stderr.strip().splitlines() or done.stdout.strip().splitlines() or ["?"])[-1][:300].rstrip(".")
        raise CannotRun(t("kvmlab could not be installed: {said}.", said=said), "df -h")
