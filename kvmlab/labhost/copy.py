"""A copy of a lab host as it is now, from power-on: what has changed on the first is packed there, and unpacked by the
first process of the second (inside/pack, inside/wake).

Everything is read and written inside the two containers, so user ids are right whatever range each has, and what a
student made there leads nowhere outside. Rejected: `podman commit`, which makes an image of a gigabyte to be found and
removed again and fails on a file that grows; sharing the first one's files through overlayfs, which is undefined as
long as it is written to; libvirt's backup job, which leaves its traces with the student's guest.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kvmlab.errors import CannotRun
from kvmlab.killpoints import killpoint
from kvmlab.labhost.container import INSIDE, LabHost
from kvmlab.labhost.podman import finish
from kvmlab.safe_text import clean
from kvmlab.words import t

PACK_S = 300
BESIDES = ("etc/hosts", "etc/hostname")
"""podman mounts these, and so does not tell whether they have changed."""
WAKE = ("/usr/lib/kvmlab/wake",)


@dataclass(frozen=True, slots=True)
class Packed:
    """What the packing has told. `unsynced`: guests that could not be asked to write out what they hold in memory;
    `restless`: disks that were written to each time they were read; `links`: addresses and routes, as `ip -j` has them.
    """

    unsynced: tuple[str, ...]
    restless: tuple[str, ...]
    links: dict[str, Any]

    def notes(self) -> tuple[str, ...]:
        """What copying could not hold still, a sentence each."""
        memory, disks = _few(self.unsynced), _few(self.restless)
        held = t(
            "It could not be asked to write out its memory, and its copy may lack the latest: {names}", names=memory
        )
        moved = t("It was written to all the while, and its copy is as after a power cut: {names}", names=disks)
        return tuple(said for said, names in ((held, memory), (moved, disks)) if names)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(clean(name)[:100] for name in names[:3])


def wake_copy(host: LabHost, fresh: LabHost) -> Packed:
    """Start `fresh` as `host` would be after a boot; its run directory is there already. CannotRun where it cannot."""
    folder = fresh.start_dir / "copy"
    told = _pack(host, folder)
    killpoint("rehearsal.packed")
    finish(fresh.start(_image_of(host), host.volumes, WAKE), ("run",))
    fresh.started()
    killpoint("rehearsal.container")
    return told


def _pack(host: LabHost, folder: Path) -> Packed:
    """What has changed on `host` since its image, as files in `folder` for inside/wake."""
    changes = json.loads(host.podman.run("diff", "--format=json", host.container) or "{}")
    gone = [name.encode() for name in changes.get("deleted") or ()]
    names = [name.encode() for kind in ("changed", "added") for name in changes.get(kind) or ()]
    folder.mkdir()
    (folder / "gone").write_bytes(b"\0".join(gone))
    wanted = b"\0".join([*names, *gone, *(name.encode() for name in BESIDES)])  # what was removed may be there anew
    # Our own text of it: the lab host may have been started by an earlier kvmlab.
    argv = host.exec_argv(["/usr/bin/python3", "-IS", "-c", (INSIDE / "pack").read_text(encoding="utf-8")])
    with (folder / "packed").open("wb") as stream:
        done = subprocess.run(argv, input=wanted, stdout=stream, stderr=subprocess.PIPE, timeout=PACK_S)
    try:
        told = json.loads(done.stderr.splitlines()[-1])
        trouble = str(told["trouble"])
        packed = Packed(tuple(map(str, told["unsynced"])), tuple(map(str, told["restless"])), dict(told["links"]))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):  # whoever is root there may have been at it
        trouble = done.stderr.decode(errors="replace").strip()[-300:] or "?"
    if trouble:
        raise not_copied(trouble)
    return packed


def not_copied(said: str) -> CannotRun:
    """The error where there can be no copy: the last words of what was to make it."""
    return CannotRun(t("The lab host could not be copied: {said}", said=said.strip()[-300:] or "?"), "kvmlab doctor")


def _image_of(host: LabHost) -> str:
    """The image of its container: what has changed has changed since that."""
    return host.podman.run("container", "inspect", "--format={{.Image}}", host.container).strip()
