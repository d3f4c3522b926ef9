"""The wheels of a bundle: which Python has which, and what is made of kvmlab as it is installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from kvmlab.bundle.wheels import fits, libraries, oldest_libraries, pack_installed, widen
from tests.bundle.conftest import wheel

PLATFORM = "cp311-cp311-linux_x86_64"


@pytest.mark.parametrize(
    ("name", "python", "wanted"),
    [
        ("rich-15.0.0-py3-none-any.whl", "3.13", True),
        ("six-1.0-py2.py3-none-any.whl", "3.11", True),
        ("cffi-2.1.1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", "3.11", True),
        ("cffi-2.1.1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", "3.12", False),
        ("bcrypt-5.0.0-cp39-abi3-manylinux_2_34_x86_64.whl", "3.11", True),
        ("bcrypt-5.0.0-cp39-abi3-manylinux_2_34_x86_64.whl", "3.8", False),
        ("libvirt_python-12.8.0-cp311-abi3-linux_x86_64.whl", "3.14", True),
    ],
)
def test_which_wheel_fits_which_python(name: str, python: str, wanted: bool) -> None:
    assert fits(name, python) is wanted


def compiled(folder: Path, version: str) -> Path:
    """A wheel of libvirt-python as pip compiles it."""
    info = f"libvirt_python-{version}.dist-info"
    target = folder / f"libvirt_python-{version}-{PLATFORM}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {PLATFORM}\n")
        archive.writestr(f"{info}/RECORD", "")
        archive.writestr("libvirtmod.cpython-311-x86_64-linux-gnu.so", b"\0GLIBC_2.4\0LIBVIRT_0.1.0\0LIBVIRT_8.10.0\0")
    return target


def test_libvirts_wheel_is_for_later_pythons_too(tmp_path: Path) -> None:
    found = widen(compiled(tmp_path, "12.8.0"))
    assert [path.name for path in tmp_path.iterdir()] == ["libvirt_python-12.8.0-cp311-abi3-linux_x86_64.whl"]
    with zipfile.ZipFile(found) as archive:
        assert "libvirtmod.abi3.so" in archive.namelist()
        assert b"Tag: cp311-abi3-linux_x86_64\n" in archive.read("libvirt_python-12.8.0.dist-info/WHEEL")
        assert archive.read("libvirt_python-12.8.0.dist-info/RECORD").count(b"sha256=") == 2


def test_one_compiled_for_one_python_stays_so(tmp_path: Path) -> None:
    old = compiled(tmp_path, "9.7.0")
    assert widen(old) == old and old.exists()


def test_the_oldest_libraries_are_read_from_the_symbols(tmp_path: Path) -> None:
    assert oldest_libraries([compiled(tmp_path, "12.8.0")]) == ("2.17", "8.10.0")


def test_kvmlabs_libraries_and_theirs() -> None:
    """What an extra brings, or another Python, is none of it."""
    found = libraries(distribution("kvmlab"))
    assert {"libvirt-python", "paramiko", "cryptography", "rich", "jinja2", "markupsafe"} <= set(found)
    assert not {"pytest", "mypy", "ruff"} & set(found)


def test_an_installed_wheel_is_made_again(tmp_path: Path) -> None:
    """pip installs it as it did the first; what pip had added is not in it, nor where it came from."""
    first = wheel(tmp_path, "kvmlab", {"made_up.py": b"def main(): print('here')\n"}, "made-up = made_up:main")
    place, again = tmp_path / "env", tmp_path / "again"
    again.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    _pip(place, first)
    (site,) = place.glob("lib/python3*/site-packages")
    found = pack_installed(_installed(site), again)
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(found) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
        for name in one.namelist():
            assert one.read(name) == other.read(name), name


def _pip(place: Path, one: Path) -> None:
    argv: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        place / "bin/python",
        "install",
        "--quiet",
        "--no-index",
        one,
    ]
    subprocess.run(argv, check=True)


def _installed(site: Path):  # type: ignore[no-untyped-def]
    from importlib.metadata import distributions

    return next(one for one in distributions(path=[str(site)]) if one.name == "kvmlab")
