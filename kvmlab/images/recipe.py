"""Recipes: what an image is made from, the hash over it, and mmdebstrap(1), which every build begins with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from kvmlab.errors import CannotRun
from kvmlab.words import t

RECIPES = Path(__file__).parent / "recipes"
SUITE = "trixie"
"""Debian stable; mmdebstrap knows its mirror and its keys."""


class Progress(Protocol):
    """Told what is being done; `fraction` of it from 0 to 1, where that is known."""

    def step(self, text: str, fraction: float | None = None) -> None:
        """`text` is being done now."""


def recipe_hash(folders: Iterable[Path], *further: str) -> str:
    """Twelve hex digits over names, modes' x bit and contents of all files, and `further` text."""
    digest = sha256(SUITE.encode())
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            executable = bool(path.stat().st_mode & 0o100)
            digest.update(f"\0{path.relative_to(folder)}\0{executable}\0".encode() + path.read_bytes())
    for text in further:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()[:12]


def package_names(recipe: Path) -> list[str]:
    """The packages a recipe lists, comments left out."""
    lines = (recipe / "packages").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def mmdebstrap(
    target: Path, packages: Sequence[str], variant: str, hooks: Sequence[str], progress: Progress, text: str
) -> None:
    """A root of Debian packages as the tar `target`; CannotRun with mmdebstrap's own words if it fails."""
    program = shutil.which("mmdebstrap")
    if program is None:
        raise CannotRun(t("mmdebstrap is not installed."), "sudo apt install mmdebstrap")
    argv = [program, f"--variant={variant}", f"--include={','.join(packages)}", "--format=tar"]
    argv += ['--aptopt=APT::Install-Recommends "false"', "--skip=check/empty", *hooks, SUITE, str(target)]
    said: list[str] = []
    # Not /tmp, which is kept in memory on Debian 13; and a place that an ordinary user's subordinate ids may reach.
    env = {**os.environ, "TMPDIR": "/var/tmp"}
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(
        argv, env=env, stdin=nothing, stdout=pipe, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        done = 0.0
        for line in process.stdout:
            said = [*said[-40:], line.rstrip()]
            done = max(done, _how_far(line))
            progress.step(text, done)
    if process.returncode:
        errors = [line for line in said if line.startswith(("E:", "Err:"))] or said
        raise CannotRun(t("mmdebstrap failed: {said}", said=errors[-1] if errors else "?"), "kvmlab doctor")


_MILESTONES = (
    (re.compile(r"^Get:\d+"), 0.1),
    (re.compile(r"^I: downloading"), 0.15),
    (re.compile(r"^I: extracting"), 0.3),
    (re.compile(r"^I: installing remaining"), 0.45),
    (re.compile(r"^Setting up "), 0.6),
    (re.compile(r"^I: running --customize-hook"), 0.85),
    (re.compile(r"^I: cleaning"), 0.9),
    (re.compile(r"^I: creating tarball"), 0.95),
)


def _how_far(line: str) -> float:
    """mmdebstrap's and dpkg's lines as a fraction of the whole."""
    return next((fraction for pattern, fraction in _MILESTONES if pattern.match(line)), 0.0)
