"""The guest images and ISOs there are: listed, imported from a file, removed."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from kvmlab.errors import UsageError
from kvmlab.images.guest import IMPORTED, NAME, OURS, current_folder
from kvmlab.images.iso import ISO, ISOS, current_iso_folder
from kvmlab.images.recipe import BuildProgress
from kvmlab.labhost.podman import OFFLINE, Podman, bound
from kvmlab.paths import State
from kvmlab.state import record
from kvmlab.words import t


@dataclass(frozen=True)
class StoredImage:
    """A guest image on disk. `state`: "built", "imported", or "old" where the recipe has changed since."""

    name: str
    hash: str
    state: str
    size_mib: int
    folder: Path


def stored_images(state: State) -> Iterator[StoredImage]:
    """All of them, by name."""
    for folder in sorted(state.images.iterdir()):
        try:
            manifest = record.load(folder / "manifest.json")
            name, found = str(manifest["name"]), str(manifest["hash"])
            file = folder / (ISO if name in ISOS else "disk.qcow2")
            size = file.stat().st_blocks * 512 // 2**20
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a build under way
        kind = "imported" if folder.name.endswith(IMPORTED) else "built"
        if kind == "built" and folder != _current(state, name):
            kind = "old"
        yield StoredImage(name, found, kind, size, folder)


def _current(state: State, name: str) -> Path | None:
    if name in ISOS:
        return current_iso_folder(state, name)
    return current_folder(state, name) if name in OURS else None


def remove_image(state: State, name: str) -> int:
    """Remove every image called `name`, old ones too; how many there were. None: UsageError."""
    found = [image for image in stored_images(state) if image.name == name]
    if not found:
        raise UsageError(t("There is no guest image `{name}`.", name=name[:60]), "kvmlab image list")
    with state.shared.lock(f"image-{name}"):
        for image in found:
            shutil.rmtree(image.folder)
    return len(found)


# qemu-img check: 2 is corrupt, 3 only wastes space, 63 knows no such check for this format.
_CONVERT = """
status=0
qemu-img check -q /in/image || status=$?
case $status in 0 | 3 | 63) ;; *) exit 1 ;; esac
qemu-img convert -O qcow2 /in/image /out/disk.qcow2
qemu-img dd -f qcow2 -O raw bs=512 count=1 if=/out/disk.qcow2 of=/out/first
chmod a+r /out/disk.qcow2
"""


def import_image(state: State, podman: Podman, host_image: str, file: Path, name: str, progress: BuildProgress) -> None:
    """Take in a disk image that has cloud-init as the guest image `name`.

    A copy of it is read by qemu-img(1) in a container that sees nothing else and has no network: an image's header
    may name other files, and whoever made it may not wish us well.
    """
    if not NAME.fullmatch(name) or name in (*OURS, *ISOS, "host", "bare", "desk", "disk"):
        rule = "`{name}` cannot be an image's name: small letters, digits and dots, and none of ours."
        said = t(rule, name=name[:60])
        raise UsageError(said, "kvmlab image import FILE --name centos9")
    if not file.is_file():
        raise UsageError(t("{file} is not a file.", file=file), "kvmlab image import FILE --name centos9")
    with state.shared.lock(f"image-{name}"), tempfile.TemporaryDirectory(dir=state.images, prefix=".new-") as temporary:
        work, copy = Path(temporary) / "image", Path(temporary) / "in"
        work.mkdir()
        copy.mkdir()
        progress.step(t("reading {file}", file=file.name), None)
        _copy(file, copy / "image")
        _refuse(_info(podman, host_image, copy, file), file)
        options = [*_closed_in(podman, copy), bound(work, "/out")]
        done = podman.attempt("run", *options, host_image, "sh", "-euc", _CONVERT)
        if done.returncode:
            raise _unreadable(file, done.stderr)
        if not _boots(work / "first"):
            raise _unreadable(file, t("no boot sector"))
        (work / "first").unlink()
        with (work / "disk.qcow2").open("rb") as stream:
            found = file_digest(stream, "sha256").hexdigest()[:12]
        record.write(work / "manifest.json", {"name": name, "hash": found, "from": file.name})
        folder = state.images / f"{name}{IMPORTED}"
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)


def _copy(file: Path, target: Path) -> None:
    """With its holes, or not at all where the space it needs is not there (cp(1))."""
    from kvmlab.labhost.computer.podman_options import require_space

    require_space(target.parent, 2 * file.stat().st_blocks * 512 // 2**20)
    argv = ["cp", "--sparse=always", "--reflink=auto", "--", str(file), str(target)]
    done = subprocess.run(argv, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise UsageError(
            t("{file} cannot be read: {said}", file=file, said=done.stderr.strip()[-200:]), f"ls -l {file}"
        )


def _closed_in(podman: Podman, folder: Path) -> list[str]:
    options = ["--rm", *OFFLINE, "--security-opt=label=disable"]
    return [*podman.run_options, *options, bound(folder, "/in", "ro")]


def _info(podman: Podman, host_image: str, folder: Path, file: Path) -> dict[str, object]:
    argv = ["run", *_closed_in(podman, folder), host_image, "qemu-img", "info", "--output=json", "/in/image"]
    done = podman.attempt(*argv)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise _unreadable(file, done.stderr) from None
    return found if isinstance(found, dict) else {}


def _refuse(info: dict[str, object], file: Path) -> None:
    if info.get("format") not in ("qcow2", "raw", "vmdk", "vdi", "vpc", "vhdx"):
        raise _unreadable(file, str(info.get("format")))
    special = info.get("format-specific")
    data = special.get("data", {}) if isinstance(special, dict) else {}
    if info.get("backing-filename") or (isinstance(data, dict) and data.get("data-file")):
        message = t("{file} is an overlay: it needs another file to be whole.", file=file.name)
        raise UsageError(message, f"qemu-img convert -O qcow2 {file.name} whole.qcow2")


def _boots(first: Path) -> bool:
    """Whether the disk's first sector ends as a boot sector does, 55 AA: anything at all can be called a raw image."""
    return first.read_bytes()[510:] == b"\x55\xaa"


def _unreadable(file: Path, said: str) -> UsageError:
    last = (said.strip().splitlines() or ["?"])[-1][-200:]
    return UsageError(t("{file} is not a disk image: {said}", file=file.name, said=last), f"file {file.name}")
