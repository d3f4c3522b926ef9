"""Recipes: what an image is made from, and the hash over it."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Protocol

RECIPES = Path(__file__).parent / "recipes"
SUITE = "trixie"
"""Debian stable; mmdebstrap knows its mirror and its keys."""


class BuildProgress(Protocol):
    """Told what is being done; `fraction` of it from 0 to 1, where that is known."""

    def step(self, text: str, fraction: float | None = None) -> None:
        """`text` is being done now."""


class Quiet:
    """Progress that nobody is told of."""

    def step(self, text: str, fraction: float | None = None) -> None:
        """Nothing."""


def recipe_hash(folders: Iterable[Path], *further: str) -> str:
    """Twelve hex digits over names and contents of all files of `folders`, and `further` text.

    Modes are left out: they are decided by the contents, as a wheel does not keep them.
    """
    digest = sha256(SUITE.encode())
    for folder in folders:
        for path in files_of(folder):
            content = path.read_bytes()
            digest.update(f"\0{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    for text in further:
        digest.update(b"\0" + text.encode())
    return digest.hexdigest()[:12]


def files_of(folder: Path) -> Iterator[Path]:
    """The files of a recipe, in a fixed order; what an editor or Python left beside them is none of it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(("~", ".pyc", ".swp")):
            yield path


def package_names(file: Path) -> list[str]:
    """The packages a list has, one a line, comments left out."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def pack(target: Path, folders: dict[str, Path], texts: dict[str, str] | None = None) -> None:
    """A tar of `folders` and `texts` under the names they are to have, all root's, scripts (#!) executable.

    Their own owners and modes do not count: they depend on umask, and on how kvmlab was installed.
    """
    with tarfile.open(target, "w") as archive:
        for there, folder in folders.items():
            for path in files_of(folder):
                _add(archive, str(Path(there) / path.relative_to(folder)), path.read_bytes())
        for there, text in (texts or {}).items():
            _add(archive, there, text.encode())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o755 if content.startswith(b"#!") else 0o644
    archive.addfile(entry, BytesIO(content))
