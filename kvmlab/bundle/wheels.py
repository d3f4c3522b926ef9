"""The wheels of a bundle: kvmlab's own, and those of its libraries for each Python they are to be had for."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.images.recipe import BuildProgress
from kvmlab.words import t

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The minor versions of Python that wheels are sought for; the oldest is the one pyproject.toml names."""
_STABLE_SINCE = (9, 8)
"""libvirt-python is compiled against Python's stable interface since this version: one binary for all Pythons."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def own_distribution() -> Distribution:
    """kvmlab as it is installed here."""
    try:
        return distribution("kvmlab")
    except PackageNotFoundError:
        message = t("kvmlab is not installed as a package here, so no wheel can be made of it.")
        raise CannotRun(message, "./script/setup") from None


def libraries(own: Distribution) -> dict[str, str]:
    """Name and version of all that kvmlab needs, as installed here, and pip, which installs them elsewhere."""
    found: dict[str, str] = {}
    wanted = list(_requirements(own))
    while wanted:
        name = wanted.pop()
        if name not in found:
            there = distribution(name)
            found[name] = there.version
            wanted += _requirements(there)
    return found


def _requirements(of: Distribution) -> Iterator[str]:
    """The names it requires always: those for an extra, or for another Python or system, are left out."""
    for line in of.requires or ():
        requirement, _, condition = line.partition(";")
        name = re.split(r"[\s\[<>=!~(]", requirement.strip(), maxsplit=1)[0].lower()
        if "extra" not in condition and (not condition or _is_installed(name)):
            yield name


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def collect(folder: Path, progress: BuildProgress) -> tuple[str, ...]:
    """All wheels, into the empty `folder`; the Pythons they are for."""
    own = own_distribution()
    progress.step(t("making kvmlab's own wheel"), None)
    source = checkout(own)
    if source:
        _pip("wheel", "--no-deps", f"--wheel-dir={folder}", str(source))
    else:
        pack_installed(own, folder)
    pins = [f"{name}=={version}" for name, version in sorted(libraries(own).items())]
    progress.step(t("collecting the wheels of its libraries"), None)
    _pip("wheel", "--no-deps", f"--wheel-dir={folder}", *pins, "pip")
    for wheel in folder.glob("libvirt_python-*.whl"):
        widen(wheel)
    bound = [wheel.name for wheel in folder.iterdir() if not fits(wheel.name, "3.99")]
    here = f"3.{sys.version_info.minor}"
    return tuple(python for python in PYTHONS if python == here or _fetch(folder, bound, python, progress))


def checkout(own: Distribution) -> Path | None:
    """The checkout kvmlab runs from (direct_url.json, PEP 610), or None where its files are installed."""
    try:
        recorded = json.loads(own.read_text("direct_url.json") or "{}")
        editable = recorded.get("dir_info", {}).get("editable", False)
    except (ValueError, AttributeError):
        return None
    return Path(__file__).parents[2] if editable else None


def pack_installed(own: Distribution, folder: Path) -> Path:
    """The wheel that kvmlab was installed from, made again of its files; what the installer added is left out."""
    target = folder / f"kvmlab-{own.version}-py3-none-any.whl"
    info = f"kvmlab-{own.version}.dist-info"
    added = {f"{info}/{name}" for name in ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")}
    files = {str(path): Path(str(path.locate())) for path in own.files or ()}
    kept = {name: path for name, path in files.items() if not name.startswith("..") and name not in added}
    _write_wheel(target, info, {name: path for name, path in kept.items() if "__pycache__" not in name})
    return target


def widen(wheel: Path) -> Path:
    """libvirt-python's wheel under the name that lets every later Python have it (abi3, PEP 384); it is compiled so."""
    name, version, python, abi, system = wheel.stem.split("-")
    if abi == "abi3" or tuple(int(part) for part in version.split(".")[:2]) < _STABLE_SINCE:
        return wheel
    with zipfile.ZipFile(wheel) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    info = f"{name}-{version}.dist-info"
    tag = f"Tag: {python}-{abi}-{system}".encode()
    files[f"{info}/WHEEL"] = files[f"{info}/WHEEL"].replace(tag, f"Tag: {python}-abi3-{system}".encode())
    files = {re.sub(r"\.cpython-[^/]*\.so$", ".abi3.so", one): content for one, content in files.items()}
    del files[f"{info}/RECORD"]
    target = wheel.with_name(f"{name}-{version}-{python}-abi3-{system}.whl")
    _write_wheel(target, info, files)
    wheel.unlink()
    return target


def fits(wheel: str, python: str) -> bool:
    """Whether a wheel of this name can be installed under that minor version of CPython."""
    pythons, abi = wheel.removesuffix(".whl").split("-")[-3:-1]
    minor = int(python.partition(".")[2])
    if "py3" in pythons.split("."):
        return True
    oldest = int(pythons.removeprefix("cp3") or 0)
    return oldest <= minor if abi == "abi3" else oldest == minor


def oldest_libraries(wheels: Iterable[Path]) -> tuple[str, str]:
    """The oldest glibc and libvirt that the compiled files in `wheels` can run with, by the symbols they ask for."""
    found: dict[bytes, list[list[int]]] = {b"GLIBC": [[2, 17]], b"LIBVIRT": [[0, 9, 11]]}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith(".so"):
                    for kind, version in re.findall(rb"(GLIBC|LIBVIRT)_(\d+(?:\.\d+)+)\0", archive.read(name)):
                        found[kind].append([int(part) for part in version.split(b".")])
    glibc, libvirt = (".".join(str(part) for part in max(found[kind])) for kind in (b"GLIBC", b"LIBVIRT"))
    return glibc, libvirt


def _fetch(folder: Path, bound: list[str], python: str, progress: BuildProgress) -> bool:
    """The wheels that are bound to one Python, for another as well; False where one of them is not to be had."""
    progress.step(t("collecting wheels for Python {python}", python=python), None)
    pins = ["{}=={}".format(*name.split("-")[:2]) for name in bound]
    options = [f"--python-version={python}", "--implementation=cp", f"--abi=cp{python.replace('.', '')}"]
    platforms = [f"--platform=manylinux{age}_{platform.machine()}" for age in ("2014", "_2_17", "_2_28", "_2_34")]
    try:
        _pip("download", "--no-deps", "--only-binary=:all:", f"--dest={folder}", *options, *platforms, *pins)
    except CannotRun:
        return False
    return True


def _pip(*args: str) -> None:
    argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", args[0], "--quiet", *args[1:]]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("ERROR")] or lines or ["?"]
        said = errors[-1].removeprefix("ERROR: ")[:300].rstrip(".")
        raise CannotRun(t("pip {verb} failed: {said}.", verb=args[0], said=said), f"{sys.executable} -m pip --version")


def _write_wheel(target: Path, info: str, files: Mapping[str, Path | bytes]) -> None:
    """A wheel of `files` with its RECORD (the binary distribution format); the same files give the same bytes."""
    record = f"{info}/RECORD"
    lines = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            data = content.read_bytes() if isinstance(content, Path) else content
            mode = 0o755 if isinstance(content, Path) and os.access(content, os.X_OK) else 0o644
            _add(archive, name, data, mode)
            digest = urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(data)}\n")
        _add(archive, record, "".join([*lines, f"{record},,\n"]).encode(), 0o644)


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.external_attr, entry.compress_type = (0o100000 | mode) << 16, zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)
