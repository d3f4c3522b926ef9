"""What a bundle's manifest says of it, and whether this computer is one it can be opened on."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from kvmlab.bundle.archive import MANIFEST, Bundle
from kvmlab.errors import CannotRun
from kvmlab.install_command import install
from kvmlab.json_text import json_text
from kvmlab.labhost.podman import program
from kvmlab.words import t

SCHEMA = "kvmlab.bundle/1"
_VERSION = r"\d{1,5}(\.\d{1,5}){1,3}"
_IMAGE = re.compile(r"localhost/kvmlab-(host|bare|desk):[0-9a-f]{12}(-base)?")
_PACKAGES = re.compile(r"packages/([0-9a-f]{12})\.tar\.gz")


@dataclass(frozen=True)
class Contents:
    """The manifest. `pythons`: the minor versions ("3.11") it has compiled libraries for.

    `glibc`, `libvirt`, `podman`: the oldest they work with. `images`: what `kvmlab image build` is to make of it.
    `hosts`: podman's images in hosts/, by name, and each one's id.
    """

    version: str
    machine: str
    pythons: tuple[str, ...]
    glibc: str
    libvirt: str
    podman: str
    images: tuple[str, ...]
    hosts: dict[str, str]

    def to_json(self) -> bytes:
        """As it stands in the bundle."""
        return json_text({"schema": SCHEMA, **asdict(self)}).encode()


def read_contents(bundle: Bundle) -> Contents:
    """The manifest of a bundle; refused where it is none that this kvmlab understands."""
    try:
        data = json.loads(bundle.content(MANIFEST))
        if not isinstance(data, dict) or data.pop("schema", None) != SCHEMA:
            bundle.refuse(t("it is of another kind of bundle than {schema}", schema=SCHEMA))
        found = _contents(data)
    except (ValueError, TypeError, AttributeError, RecursionError):
        bundle.refuse(t("{name} in it is not as it was written", name=MANIFEST))
    if any(not _PACKAGES.fullmatch(name) for name in bundle.names("packages")):
        bundle.refuse(t("a file in it is not of a bundle: {name}", name="packages/"))
    return found


def _contents(data: dict[str, Any]) -> Contents:
    found = Contents(**data)
    texts = {
        r"\d+[0-9A-Za-z.+]{0,40}": [found.version],
        r"[a-z0-9_]{1,20}": [found.machine],
        r"3\.\d{1,3}": found.pythons,
        _VERSION: [found.glibc, found.libvirt, found.podman],
        r"[a-z][a-z0-9.]{0,39}": found.images,
        _IMAGE.pattern: list(found.hosts),
        r"[0-9a-f]{64}": list(found.hosts.values()),
    }
    if not all(re.fullmatch(pattern, text) for pattern, values in texts.items() for text in values):
        raise ValueError("a word that is none")
    return Contents(**{**data, "pythons": tuple(found.pythons), "images": tuple(found.images)})


def require_suitable(contents: Contents) -> None:
    """CannotRun that names all at once what this computer lacks to open it."""
    lacks = list(_lacking(contents))
    if lacks:
        sentences, commands = zip(*lacks, strict=True)
        raise CannotRun(" ".join(sentences), "; ".join(dict.fromkeys(filter(None, commands))))


def _lacking(contents: Contents) -> Iterator[tuple[str, str]]:
    """Sentence and command for each."""
    machine, python = platform.machine(), f"{sys.version_info.major}.{sys.version_info.minor}"
    if machine != contents.machine:
        yield t("The bundle is for {wanted}; this computer is {found}.", wanted=contents.machine, found=machine), ""
    if python not in contents.pythons:
        known = ", ".join(contents.pythons)
        yield t("The bundle is for Python {wanted}; this is {found}.", wanted=known, found=python), ""
    for what, found, wanted, command in (
        ("glibc", glibc_version(), contents.glibc, ""),
        ("libvirt", libvirt_version(), contents.libvirt, install("libvirt0")),
        ("podman", podman_version(), contents.podman, install("podman", "uidmap")),
    ):
        if not found:
            yield t("{what} is not installed; {wanted} or newer is needed.", what=what, wanted=wanted), command
        elif _numbers(found) < _numbers(wanted):
            yield t("{what} is {found}; {wanted} or newer is needed.", what=what, found=found, wanted=wanted), command
    if not _has_ssh_keygen():
        yield t("ssh-keygen is not installed."), install("openssh-client")


def _has_ssh_keygen() -> bool:
    import shutil

    return shutil.which("ssh-keygen") is not None


def glibc_version() -> str:
    """Of this computer, or "" where its C library is another (confstr(3))."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").rpartition(" ")[2]
    except (ValueError, OSError):
        return ""


def libvirt_version() -> str:
    """Of libvirt's client library here, or "" (virGetVersion: 9000000 is 9.0.0)."""
    import ctypes

    try:
        library = ctypes.CDLL("libvirt.so.0")
        number = ctypes.c_ulong()
        if library.virGetVersion(ctypes.byref(number), None, None):
            return ""
    except (OSError, AttributeError):
        return ""
    return f"{number.value // 1_000_000}.{number.value // 1000 % 1000}.{number.value % 1000}"


def podman_version() -> str:
    """Of podman here, or ""."""
    try:
        done = subprocess.run([program(), "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except (CannotRun, OSError):
        return ""
    found = re.search(_VERSION, done.stdout)
    return found[0] if found else ""


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]
