"""Saved guests: booted once, saved with memory and disk, restored at every start of a lab.

A saved guest is good for exactly what it was made from: its key is a hash over the domain's XML, the
guest image, the host image (so qemu and libvirt), the accelerator, the processor and the keys it trusts;
under KVM over the kernel and the microcode, too, whose part of a guest is saved with it.
Every file's SHA-256 is held against the manifest before use; what does not match is removed and made anew.
A file found whole is not summed again until its inode's change time moves (inode(7): no program can set it),
which every write moves: 0.2 s less at every start.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from kvmlab.labhost.computer.fingerprint import processor
from kvmlab.paths import State
from kvmlab.state import cache, record

FORMAT = 1
MANIFEST = "manifest.json"
_WHOLE = "found-whole.json"
IN_USE_S = 24 * 3600


@dataclass(frozen=True)
class SavedGuest:
    """A folder of state.saved/ that has been verified; mounted read-only into lab hosts."""

    folder: Path
    has_memory: bool


def key_of(*parts: str) -> str:
    """The name of the folder: whatever a saved guest depends on, hashed."""
    text = "\0".join([str(FORMAT), processor(), *parts])
    return sha256(text.encode()).hexdigest()[:24]


def find(state: State, key: str) -> SavedGuest | None:
    """The saved guest under `key`, if it is whole; a damaged one is removed."""
    folder = state.saved / key
    if not folder.is_dir():
        return None
    if is_whole(folder):
        os.utime(folder)  # when it was used last, for forget_others
        return SavedGuest(folder, (folder / "memory").exists())
    shutil.rmtree(folder, ignore_errors=True)
    return None


def is_whole(folder: Path) -> bool:
    """Whether every file is there, of the content that was saved."""
    try:
        manifest: dict[str, str] = record.load(folder / MANIFEST)
        if not manifest:
            return False
        stamps = {name: _stamp(folder / name) for name in (*manifest, MANIFEST)}
        if cache.load(folder / _WHOLE, lambda stamp: bool(stamp == stamps)):
            return True
        if any(digest(folder / name) != wanted for name, wanted in manifest.items()):
            return False
        cache.save(folder / _WHOLE, stamps, True)
        return True
    except (OSError, ValueError, AttributeError):
        return False


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def keep(state: State, key: str, fresh: Path) -> SavedGuest:
    """Take the folder `fresh` in under `key`: manifest last, then one rename."""
    manifest = {path.name: digest(path) for path in sorted(fresh.iterdir())}
    record.write(fresh / MANIFEST, manifest)
    target = state.saved / key
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return SavedGuest(target, "memory" in manifest)


def forget_others(state: State, keys: Sequence[str], most: int = 20) -> None:
    """Keep `most` saved guests beside `keys`, those used last (each is some 200 MB).

    One that was used within a day stays whatever their number: a lab host may still have it mounted.
    """
    kept, lately = set(keys), time.time() - IN_USE_S
    found = [(path.stat().st_mtime, path) for path in state.saved.iterdir() if path.name not in kept]
    for used, folder in sorted(found)[: max(0, len(found) - most)]:
        if used < lately:
            shutil.rmtree(folder, ignore_errors=True)
