"""Making a bundle: wheels, podman's images, packages, each whole in FILE.parts before the file is put together."""

from __future__ import annotations

import gzip
import platform
import shutil
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from kvmlab import __version__
from kvmlab.bundle import wheels
from kvmlab.bundle.archive import MANIFEST, OPEN, write
from kvmlab.bundle.contents import Contents
from kvmlab.errors import CannotRun, UsageError
from kvmlab.images import ensure_kind
from kvmlab.images.debian import mmdebstrap
from kvmlab.images.guest import OURS, guest_orders
from kvmlab.images.host import base_of
from kvmlab.images.iso import ISOS, iso_order
from kvmlab.images.kinds import BARE
from kvmlab.images.recipe import BuildProgress
from kvmlab.images.supply import Order, kept
from kvmlab.killpoints import killpoint
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State, is_no_file
from kvmlab.words import t

OLDEST_PODMAN = "4.3"
_OPEN_SH = Path(__file__).with_name("open.sh")
_LEVEL = 6  # of gzip: 9 takes three times as long for two per cent
_OF_THIS_COMPUTER = ("etc/hostname", "etc/resolv.conf", "etc/apt/sources.list", "etc/apt/apt.conf.d/99mmdebstrap")
_OF_THIS_DAY = ("var/lib/apt/lists/", "var/cache/apt/", "var/log/", "etc/apt/sources.list.d/")


def make_bundle(
    state: State, podman: Podman, file: Path, images: Sequence[str], kinds: Sequence[str], progress: BuildProgress
) -> Contents:
    """The bundle `file` of the guest images and ISOs `images` and of the host images of `kinds`; what it holds."""
    if is_no_file(file):
        raise UsageError(t("{path} is not a file.", path=file), f"ls -ld {file}")
    with _parts_of(file) as parts:
        hosts = _save_hosts(state, podman, parts / "hosts", kinds, progress)
        killpoint("bundle.hosts")
        for order in _orders(images):
            _put_packages(state, order, parts / "packages", progress)
            killpoint("bundle.packages")
        shutil.rmtree(parts / "wheels", ignore_errors=True)  # kvmlab's own files may have changed since
        (parts / "wheels").mkdir()
        pythons = wheels.collect(parts / "wheels", progress)
        glibc, libvirt = wheels.oldest_libraries(sorted((parts / "wheels").iterdir()))
        killpoint("bundle.wheels")
        machine = platform.machine()
        names = (*kinds_as_named(kinds), *images)
        found = Contents(__version__, machine, pythons, glibc, libvirt, OLDEST_PODMAN, names, hosts)
        progress.step(t("putting the bundle together"), None)
        _put_together(file, parts, found, [order.key for order in _orders(images)])
    return found


def kinds_as_named(kinds: Sequence[str]) -> list[str]:
    """As `kvmlab image build` calls them: `full` is the host."""
    return ["host" if kind == "full" else kind for kind in kinds]


@contextmanager
def _parts_of(file: Path) -> Iterator[Path]:
    """FILE.parts, for us alone; gone when the file is there, kept where we are stopped."""
    parts = file.with_name(f"{file.name}.parts")
    try:
        parts.mkdir(exist_ok=True)
    except OSError as error:
        message = t("{path} cannot be made: {error}.", path=parts, error=error.strerror or error)
        raise UsageError(message, f"ls -ld {file.parent}") from None
    with State(parts.resolve()).lock("making", wait=False):
        yield parts
        shutil.rmtree(parts)


def _part(target: Path, make: Callable[[Path], None]) -> Path:
    """The file `target`, made if it is not there, and never half."""
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        fresh = target.with_name(f"{target.name}.new")
        make(fresh)
        fresh.replace(target)
    return target


def _save_hosts(
    state: State, podman: Podman, folder: Path, kinds: Sequence[str], progress: BuildProgress
) -> dict[str, str]:
    """podman's images of `kinds` in one archive, so that layers they share are in it once; their ids by name."""
    tags = {kind: ensure_kind(state, podman, kind, progress) for kind in kinds}
    names = [tag if kind == BARE else base_of(tag) for kind, tag in tags.items()]
    hosts = {name: _id_of(podman, name) for name in names}
    key = sha256("".join(hosts.values()).encode()).hexdigest()[:12]
    for other in folder.glob("*.tar.gz"):
        if not other.name.startswith(key):
            other.unlink()

    def save(target: Path) -> None:
        plain = target.with_suffix(".tar")
        plain.unlink(missing_ok=True)
        progress.step(t("saving the host images"), None)
        podman.run("save", "--quiet", "--multi-image-archive", "--format=docker-archive", f"--output={plain}", *names)
        progress.step(t("compressing the host images"), None)
        with plain.open("rb") as source, _compressed(target) as out:
            shutil.copyfileobj(source, out, 1 << 20)
        plain.unlink()

    _part(folder / f"{key}.tar.gz", save)
    return hosts


def _id_of(podman: Podman, name: str) -> str:
    done = podman.attempt("image", "inspect", "--format={{.Id}}", name)
    if done.returncode:
        message = t("The host image is not there as it was built: {name}.", name=name)
        raise CannotRun(message, "kvmlab image rm host; kvmlab image build host")
    return done.stdout.strip()


def _orders(images: Sequence[str]) -> list[Order]:
    """The packages of all `images`, each once."""
    found: dict[str, Order] = {}
    for name in images:
        orders = [iso_order(name)] if name in ISOS else list(guest_orders(name).values())
        assert name in ISOS or name in OURS, name
        found |= {order.key: order for order in orders}
    return list(found.values())


def _put_packages(state: State, order: Order, folder: Path, progress: BuildProgress) -> None:
    def make(target: Path) -> None:
        brought = kept(state, order)
        if brought.exists():
            shutil.copyfile(brought, target)
            return
        plain = target.with_suffix(".tar")
        mmdebstrap(plain, order.options, order.packages, progress, t("fetching packages"))
        progress.step(t("compressing packages"), None)
        with tarfile.open(plain) as source, _compressed(target) as out:
            without_this_computer(source, out)
        plain.unlink()

    _part(folder / f"{order.key}.tar.gz", make)


def without_this_computer(source: tarfile.TarFile, out: gzip.GzipFile) -> None:
    """A tar of all of `source` but what mmdebstrap copies from the computer it runs on, and keeps of its own work."""
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as copy:
        for entry in source:
            name = entry.name.removeprefix("./")
            if name in _OF_THIS_COMPUTER or (name.startswith(_OF_THIS_DAY) and not entry.isdir()):
                continue
            copy.addfile(entry, source.extractfile(entry) if entry.isreg() else None)


@contextmanager
def _compressed(target: Path) -> Iterator[gzip.GzipFile]:
    """gzip(1)'s format without a name and a time: the same content gives the same bytes."""
    with target.open("wb") as raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as out:
        yield out


def open_script(wheel: str) -> str:
    """The first file of a bundle whose kvmlab is in `wheel`."""
    return _OPEN_SH.read_text(encoding="utf-8").replace("@WHEEL@", wheel)


def _put_together(file: Path, parts: Path, contents: Contents, keys: Sequence[str]) -> None:
    """All parts as one file, in one moment; kvmlab's wheel first, for open.sh."""
    collected = sorted((parts / "wheels").iterdir(), key=lambda path: (not path.name.startswith("kvmlab-"), path.name))
    paths = [*collected, *sorted((parts / "hosts").glob("*.tar.gz"))]
    paths += [parts / f"packages/{key}.tar.gz" for key in sorted(keys)]
    script = open_script(f"wheels/{collected[0].name}")
    files: dict[str, Path | bytes] = {OPEN: script.encode(), MANIFEST: contents.to_json()}
    files |= {f"{path.parent.name}/{path.name}": path for path in paths}
    fresh = parts / "bundle"
    write(fresh, files)
    killpoint("bundle.written")
    try:
        fresh.replace(file)
    except OSError as error:
        message = t("{path} cannot be written: {error}.", path=file, error=error.strerror or error)
        raise UsageError(message, f"ls -ld {file.parent}") from None
