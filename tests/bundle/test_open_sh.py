"""The script that a bundle begins with, on a computer that has no kvmlab."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kvmlab.bundle.making import open_script
from tests.bundle.conftest import wheel, write_bundle

_MAIN = b"import os, sys; print(*sys.argv[1:]); print(os.path.dirname(__file__)); sys.exit(7)\n"
NAME = "kvmlab-1.0-py3-none-any.whl"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle whose kvmlab says how it was called; its script lies beside it."""
    own = wheel(tmp_path, "kvmlab", {"kvmlab/__init__.py": b"", "kvmlab/__main__.py": _MAIN})
    (tmp_path / "open").write_text(open_script(f"wheels/{NAME}"), encoding="utf-8")
    return write_bundle(tmp_path / "my file.bundle", {f"wheels/{NAME}": own})


def run(cwd: Path, *argv: str, path: str = "/usr/bin:/bin", lang: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    """`sh open ARGV…` there."""
    environ = {"PATH": path, "LANG": lang, "TMPDIR": str(cwd / "tmp")}
    (cwd / "tmp").mkdir(exist_ok=True)
    return subprocess.run(["/bin/sh", "open", *argv], cwd=cwd, env=environ, capture_output=True, text=True)


def test_the_kvmlab_in_it_does_the_work(bundle: Path, tmp_path: Path) -> None:
    """With its own arguments and status; what was unpacked for that is gone afterwards."""
    done = run(tmp_path, bundle.name, "--to", "a place")
    called, where = done.stdout.splitlines()
    assert (done.returncode, called) == (7, "bundle open ./my file.bundle --to a place")
    assert where.startswith(str(tmp_path / "tmp")) and list((tmp_path / "tmp").iterdir()) == []
    assert run(tmp_path, str(bundle)).stdout.startswith(f"bundle open {bundle}\n")


@pytest.mark.parametrize("size", [0, 500, 1200, 3000])
def test_torn_or_foreign(bundle: Path, tmp_path: Path, size: int) -> None:
    bundle.write_bytes(bundle.read_bytes()[:size])
    done = run(tmp_path, bundle.name)
    assert done.returncode == 2
    assert done.stderr == "kvmlab: ./my file.bundle is not a whole bundle of kvmlab.\n  → sha256sum ./my file.bundle\n"


def test_a_changed_wheel(bundle: Path, tmp_path: Path) -> None:
    data = bundle.read_bytes()
    at = data.index(b"PK\3\4") + 60
    bundle.write_bytes(data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :])
    assert run(tmp_path, bundle.name).returncode == 2


def test_no_python(bundle: Path, tmp_path: Path) -> None:
    """Or one that is too old."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin/python3").chmod(0o755)
    done = run(tmp_path, bundle.name, path=str(tmp_path / "bin"))
    assert (done.returncode, done.stderr.splitlines()[0]) == (3, "kvmlab: no Python 3.11 or newer was found.")
    done = run(tmp_path, bundle.name, path=str(tmp_path / "bin"), lang="zh_CN.UTF-8")
    assert "没有找到 Python" in done.stderr


@pytest.mark.usefixtures("bundle")
@pytest.mark.parametrize("argv", [[], [""], ["--help"]])
def test_wrong_use(tmp_path: Path, argv: list[str]) -> None:
    done = run(tmp_path, *argv)
    assert (done.returncode, done.stderr) == (2, "kvmlab: usage: ./open BUNDLE [--to DIR]\n")
