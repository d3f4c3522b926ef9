"""A small bundle that is made up: a kvmlab that writes down how it was called, an image, packages."""

from __future__ import annotations

import gzip
import platform
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kvmlab.bundle import archive
from kvmlab.bundle.contents import Contents
from kvmlab.bundle.wheels import _write_wheel

HOST = "localhost/kvmlab-host:0123456789ab-base"
PACKAGES = "packages/00112233aabb.tar.gz"
_MODULE = """
import os, sys
def main():
    with open(os.environ.get("CALLED", os.devnull), "a") as out:
        print(*sys.argv[1:], file=out)
"""


def wheel(folder: Path, name: str, files: dict[str, bytes], entry: str = "") -> Path:
    """A pure wheel `name` 1.0 of `files`."""
    info = f"{name}-1.0.dist-info"
    files |= {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()}
    files |= {f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    if entry:
        files |= {f"{info}/entry_points.txt": f"[console_scripts]\n{entry}\n".encode()}
    target = folder / f"{name}-1.0-py3-none-any.whl"
    _write_wheel(target, info, files)
    return target


def wheels(folder: Path) -> dict[str, Path | bytes]:
    """kvmlab 1.0 with stand-ins for its libraries in it, and the pip that Python itself brings."""
    import ensurepip

    modules = ("libvirt", "paramiko", "jinja2", "markdown_it", "yaml", "rich")
    files = {f"{module}.py": b"" for module in modules} | {"made_up.py": _MODULE.encode()}
    own = wheel(folder, "kvmlab", files, "kvmlab = made_up:main")
    bundled = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    pip = next(path for place in bundled for path in place.glob("pip-*.whl"))
    return {f"wheels/{own.name}": own, f"wheels/{pip.name}": pip}


CONTENTS = Contents(
    version="1.0",
    machine=platform.machine(),
    pythons=(f"3.{sys.version_info.minor}",),
    glibc="2.17",
    libvirt="0.9.11",
    podman="4.3",
    images=("host", "small"),
    hosts={HOST: "a" * 64},
)


def write_bundle(path: Path, files: dict[str, Path | bytes], contents: Contents = CONTENTS) -> Path:
    """The bundle `path` of `files` and of that manifest."""
    archive.write(path, {archive.OPEN: b"#!/bin/sh\n", archive.MANIFEST: contents.to_json(), **files})
    return path


SMALL: dict[str, Path | bytes] = {
    "wheels/kvmlab-1.0-py3-none-any.whl": b"wheel" * 40,
    "hosts/00.tar.gz": b"",
    PACKAGES: b"packages" * 64,
}


@pytest.fixture
def small_bundle(tmp_path: Path) -> Path:
    """A bundle of a few kilobytes, that can be read and not used."""
    return write_bundle(tmp_path / "small.bundle", SMALL)


_PODMAN = """#!/bin/sh
# Images are files in $STORE: name and id.
case "$*" in
--version) echo podman version 4.3.1 ;;
*"image inspect"*) for name; do :; done; cat "$STORE/$(echo "$name" | tr /: __)" ;;
*load*) for input; do :; done; sh -eu "${input#--input=}" ;;
esac
"""


@dataclass(frozen=True)
class MadeUp:
    """A bundle that can be opened on a computer whose podman is made up, too."""

    file: Path
    place: Path
    called: Path

    @property
    def calls(self) -> list[str]:
        """How the installed kvmlab was called, but for --version."""
        lines = self.called.read_text().splitlines() if self.called.exists() else []
        return [line for line in lines if line != "--version"]


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    """It, and $PATH with the podman."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/podman").write_text(_PODMAN)
    (tmp_path / "bin/podman").chmod(0o755)
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CALLED", str(tmp_path / "called"))
    image = f"echo {'a' * 64} >$STORE/{HOST.replace('/', '_').replace(':', '_')}\n".encode()
    files = {**wheels(tmp_path), "hosts/00.tar.gz": gzip.compress(image), PACKAGES: b"packages"}
    file = write_bundle(tmp_path / "made-up.bundle", files)
    return MadeUp(file, tmp_path / "place", tmp_path / "called")


__all__ = ["CONTENTS", "HOST", "PACKAGES", "SMALL", "MadeUp", "replace", "wheel", "write_bundle", "zipfile"]
