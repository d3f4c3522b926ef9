"""kvmlab brought to computers: once, whole, going on where it was cut; a row for each, whatever becomes of others."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from kvmlab.bundle import archive
from tests.bundle.conftest import CONTENTS
from tests.classroom.conftest import Told
from tests.classroom.machines.computers import Computers, children, until

OPEN = b"""#!/bin/sh
[ "$2" = --to ] || exit 2
echo opened >>"$HOME/opened"
[ ! -e "$HOME/lacks-podman" ] || { printf 'kvmlab: podman is not installed.\n  podman\n' >&2; exit 3; }
mkdir -p "$3/bin"
printf '#!/bin/sh\necho kvmlab 1.0\n' >"$3/bin/kvmlab"
chmod +x "$3/bin/kvmlab"
"""
PLACE = Path(".local/share/kvmlab")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Some megabytes, opened by a script."""
    path = tmp_path / "kvmlab.bundle"
    images = os.urandom(3_000_000)
    archive.write(path, {archive.OPEN: OPEN, archive.MANIFEST: CONTENTS.to_json(), "hosts/00.tar.gz": images})
    return path


@pytest.fixture
def install(
    tmp_path: Path, computers: Computers, bundle: Path, told: Callable[..., Told]
) -> Callable[..., dict[str, str]]:
    """`kvmlab class install` on computers that work so; what each row says. `status` is the last exit status."""

    def run(works: dict[str, str], *argv: str, status: int = 0) -> dict[str, str]:
        options = "-oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null"
        lines = ["[all:vars]", f"ansible_ssh_private_key_file={computers.user_key}",
                 f"ansible_ssh_common_args='{options}'", "[pcs]"]  # fmt: skip
        for number, (name, work) in enumerate(works.items(), 1):
            port = computers.add(f"127.7.1.{number}", "", work)
            lines.append(f"{name} ansible_host=127.7.1.{number} ansible_port={port}")
        if works:
            (tmp_path / "hosts").write_text("\n".join(lines) + "\n")
        done = told("class", "install", "--inventory", str(tmp_path / "hosts"), "--bundle", str(bundle), *argv)
        assert done.status == status, done
        return {line[2:].split()[0]: line for line in done.out.splitlines()}

    return run


def home(computers: Computers, number: int) -> Path:
    return computers.folder / f"127.7.1.{number}"


def test_the_second_time_it_is_done(install: Callable[..., dict[str, str]], computers: Computers) -> None:
    assert "would get 4 MB, and kvmlab 1.0" in install({"pc1": "sh", "pc2": "sh"}, "--dry-run")["pc1"]
    assert not (home(computers, 1) / "opened").exists()
    assert [said[0] for said in install({}).values()] == ["✓", "✓"]
    assert all("has kvmlab 1.0 of this bundle" in said for said in install({}).values())
    assert (home(computers, 1) / "opened").read_text() == "opened\n"
    assert list((home(computers, 1) / f"{PLACE}.bundle").glob("*.part")) == []
    (home(computers, 2) / PLACE / "bin/kvmlab").unlink()
    again = install({})
    assert "has kvmlab" in again["pc1"] and "is set up" in again["pc2"]


def test_what_was_cut_goes_on_and_what_is_torn_is_sent_again(
    install: Callable[..., dict[str, str]], computers: Computers, bundle: Path
) -> None:
    raw = bundle.read_bytes()
    install({"cut": "sh", "torn": "sh"}, "--dry-run")
    for number, held in ((1, raw[:2_500_000]), (2, b"x" * 2_500_000)):
        folder = home(computers, number) / f"{PLACE}.bundle"
        folder.mkdir(parents=True)
        (folder / f"{sha256(raw).hexdigest()}.part").write_bytes(held)
    assert "would get 1 MB" in install({}, "--dry-run")["cut"]
    done = install({}, status=3)
    assert "is set up" in done["cut"] and "is not what was sent" in done["torn"]
    assert "is set up" in install({})["torn"]


def test_one_that_lacks_something_or_hangs_is_a_row(
    install: Callable[..., dict[str, str]], computers: Computers
) -> None:
    works = {"well": "sh", "poor": "sh", "silent": "silent", "endless": "endless", "rubbish": "rubbish"}
    before = set(children())
    install(works, "--dry-run", "--deadline", "10", status=3)
    (home(computers, 2) / "lacks-podman").touch()
    began = time.monotonic()
    done = install({}, "--deadline", "20", status=3)
    assert time.monotonic() - began < 25
    assert done["well"].startswith("✓") and "podman is not installed" in done["poor"]
    assert "timed out" in done["silent"] and "no answer within" in done["endless"] and done["rubbish"][0] == "!"
    assert until(lambda: set(children()) <= before), children()


def test_a_torn_bundle_goes_nowhere(
    install: Callable[..., dict[str, str]], bundle: Path, told: Callable[..., Told]
) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-5000])
    assert install({"pc1": "sh"}, status=2) == {}
    assert told("class", "install", "--bundle", str(bundle)).status == 2
