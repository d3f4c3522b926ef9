"""A bundle is opened step by step; killed at any of them, the same command finishes."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kvmlab.bundle import contents as of
from kvmlab.bundle.archive import opened
from kvmlab.bundle.contents import require_suitable
from kvmlab.bundle.environment import install, made_of
from kvmlab.errors import CannotRun, UsageError
from tests.bundle.conftest import CONTENTS, HOST, PACKAGES, MadeUp, wheels, write_bundle
from tests.bundle.test_archive import Silent

STEPS = (
    "bundle.environment.begun",
    "bundle.environment.empty",
    "bundle.environment.installed",
    "bundle.environment",
    "bundle.loaded",
    "bundle.laid",
)


@pytest.fixture(autouse=True)
def _has_libvirt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here needs libvirt's library."""
    monkeypatch.setattr(of, "libvirt_version", lambda: "9.0.0")


def kvmlab(made_up: MadeUp, state: Path, die_at: str = "") -> subprocess.CompletedProcess[str]:
    """`kvmlab bundle open FILE --to PLACE`; it kills itself at that step."""
    environ = {**os.environ, "KVMLAB_STATE": str(state), "LANG": "C.UTF-8", "KVMLAB_DIE_AT": die_at}
    argv = [sys.executable, "-m", "kvmlab", "bundle", "open", str(made_up.file), "--to", str(made_up.place)]
    return subprocess.run(argv, env=environ, capture_output=True, text=True)


def test_killed_at_each_step_the_same_command_finishes(made_up: MadeUp, tmp_path: Path) -> None:
    """One after another, each on what the one before has left; then it is opened once more, and nothing is done."""
    state = tmp_path / "state"
    for at in STEPS:
        assert kvmlab(made_up, state, at).returncode == -9, at
        assert made_up.calls == []
    done = kvmlab(made_up, state)
    assert done.returncode == 0, done.stderr
    assert f"→ {made_up.place}/bin/kvmlab list" in done.stdout
    assert made_up.calls == ["--lang=en image build host small"]
    assert (state / "images" / PACKAGES).read_bytes() == b"packages"
    made = (made_up.place / "bin/kvmlab").stat()
    assert kvmlab(made_up, state).returncode == 0
    assert (made_up.place / "bin/kvmlab").stat() == made


def test_a_torn_bundle_changes_nothing(made_up: MadeUp, tmp_path: Path) -> None:
    made_up.file.write_bytes(made_up.file.read_bytes()[:-700])
    done = kvmlab(made_up, tmp_path / "state")
    assert done.returncode == 2
    assert "is not a whole bundle" in done.stderr and "Traceback" not in done.stderr
    assert not made_up.place.exists() and not (tmp_path / "state/images").exists()


def test_an_image_that_podman_does_not_load_is_said(made_up: MadeUp, tmp_path: Path) -> None:
    write_bundle(made_up.file, {**wheels(tmp_path), "hosts/00.tar.gz": gzip.compress(b"true"), PACKAGES: b"packages"})
    done = kvmlab(made_up, tmp_path / "state")
    assert done.returncode == 3
    assert f"{HOST} is not among them" in done.stderr


def test_images_that_are_not_compressed_are_refused(made_up: MadeUp, tmp_path: Path) -> None:
    write_bundle(made_up.file, {**wheels(tmp_path), "hosts/00.tar.gz": b"no gzip", PACKAGES: b"packages"})
    done = kvmlab(made_up, tmp_path / "state")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "hosts/00.tar.gz in it is not as it was written" in done.stderr


def test_what_is_there_and_not_ours_is_left_alone(made_up: MadeUp) -> None:
    made_up.place.mkdir()
    (made_up.place / "dear").write_text("mine")
    with opened(made_up.file) as bundle, pytest.raises(UsageError) as error:
        install(bundle, "1.0", made_up.place, Silent())
    assert "not of kvmlab" in error.value.message
    assert (made_up.place / "dear").read_text() == "mine"


def test_another_bundle_replaces_it_whole(made_up: MadeUp, tmp_path: Path) -> None:
    with opened(made_up.file) as bundle:
        install(bundle, "1.0", made_up.place, Silent())
    (made_up.place / "bin/old").write_text("of the old one")
    write_bundle(tmp_path / "newer", {**wheels(tmp_path), PACKAGES: b"newer"})
    with opened(tmp_path / "newer") as bundle:
        install(bundle, "1.0", made_up.place, Silent())
        assert made_of(made_up.place) == bundle.identity
    assert not (made_up.place / "bin/old").exists()


def test_it_does_not_replace_itself(made_up: MadeUp, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up.place.mkdir()
    (made_up.place / "kvmlab-bundle.json").write_text(json.dumps({"bundle": "another"}))
    monkeypatch.setattr(sys, "prefix", str(made_up.place))
    with opened(made_up.file) as bundle, pytest.raises(UsageError) as error:
        install(bundle, "1.0", made_up.place, Silent())
    assert "cannot replace itself" in error.value.message


UNSUITABLE = {
    "machine": (replace(CONTENTS, machine="s390x"), "The bundle is for s390x; this computer is "),
    "python": (replace(CONTENTS, pythons=("3.99",)), "The bundle is for Python 3.99; this is 3."),
    "glibc": (replace(CONTENTS, glibc="9.1"), "; 9.1 or newer is needed."),
    "libvirt": (replace(CONTENTS, libvirt="99.0.0"), "libvirt is 9.0.0; 99.0.0 or newer is needed."),
    "podman": (replace(CONTENTS, podman="99.0"), "podman is 4.3.1; 99.0 or newer is needed."),
}


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(("contents", "said"), UNSUITABLE.values(), ids=UNSUITABLE.keys())
def test_a_computer_it_is_not_for(contents: of.Contents, said: str) -> None:
    require_suitable(CONTENTS)
    with pytest.raises(CannotRun) as error:
        require_suitable(contents)
    assert said in error.value.message


def test_all_that_lacks_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(of, "libvirt_version", lambda: "")
    with pytest.raises(CannotRun) as error:
        require_suitable(CONTENTS)
    for word in ("podman is not installed", "libvirt is not installed", "ssh-keygen"):
        assert word in error.value.message
    assert (
        error.value.todo == "sudo apt install libvirt0; sudo apt install podman uidmap; sudo apt install openssh-client"
    )
