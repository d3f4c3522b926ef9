"""What images are made from: hashes that change when they must, archives, and what is left of builds."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest

from kvmlab.errors import CannotRun, UsageError
from kvmlab.images import debian
from kvmlab.images.debian import Reckoning, installed
from kvmlab.images.guest import LOOK, OURS, authorized_keys, built_guest_disk, current_folder, ensure_guest_image
from kvmlab.images.iso import ISO, ISOS, current_iso_folder, ensure_iso
from kvmlab.images.recipe import RECIPES, files_of, pack, package_names, recipe_hash
from kvmlab.images.seed import user_data
from kvmlab.images.store import remove_image, stored_images
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State


class Heard:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.fractions: list[float | None] = []

    def step(self, text: str, fraction: float | None = None) -> None:
        self.fractions.append(fraction)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    folder = tmp_path / "recipe"
    (folder / "rootfs/etc").mkdir(parents=True)
    (folder / "packages").write_text("# a comment\nbusybox\n\ndropbear-bin\n")
    (folder / "rootfs/etc/motd").write_text("hello\n")
    return folder


def test_the_hash_changes_with_every_file(recipe: Path) -> None:
    seen = {recipe_hash([recipe])}
    for change in (
        lambda: (recipe / "packages").write_text("busybox\n"),
        lambda: (recipe / "rootfs/etc/motd").rename(recipe / "rootfs/etc/issue"),
        lambda: (recipe / "rootfs/etc/new").write_text(""),
        lambda: (recipe / "rootfs/etc/new").unlink(),
    ):
        before = recipe_hash([recipe])
        change()
        assert recipe_hash([recipe]) != before
        seen.add(recipe_hash([recipe]))
    assert recipe_hash([recipe], "key") not in seen
    assert len(recipe_hash([recipe])) == 12


def test_the_hash_is_the_same_after_another_installation(recipe: Path, tmp_path: Path) -> None:
    before = recipe_hash([recipe])
    copy = shutil.copytree(recipe, tmp_path / "elsewhere/copy")
    for path in files_of(copy):
        path.chmod(0o600)
        os.utime(path, (1, 1))
    (copy / "packages~").write_text("an editor's")
    (copy / "x.pyc").write_bytes(b"Python's")
    assert recipe_hash([copy]) == before


def test_a_name_and_a_content_cannot_stand_for_each_other(tmp_path: Path) -> None:
    for folder, name, content in (("a", "xy", "z"), ("b", "x", "yz")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(content)
    assert recipe_hash([tmp_path / "a"]) != recipe_hash([tmp_path / "b"])


def test_an_archive_is_roots_whoever_packs_it(recipe: Path, tmp_path: Path) -> None:
    (recipe / "rootfs/run").write_text("#!/bin/sh\n")
    (recipe / "rootfs/run").chmod(0o600)
    (recipe / "rootfs/etc/motd").chmod(0o777)
    pack(tmp_path / "x.tar", {"": recipe / "rootfs"}, {"finish": "true\n"})
    with tarfile.open(tmp_path / "x.tar") as archive:
        found = {entry.name: (entry.mode, entry.uid, entry.gid) for entry in archive}
    assert found == {"etc/motd": (0o644, 0, 0), "run": (0o755, 0, 0), "finish": (0o644, 0, 0)}


def test_every_recipe_is_whole() -> None:
    assert OURS == ("cloud", "full", "small")
    for name in OURS:
        assert package_names(RECIPES / name / "unpack")
        assert (RECIPES / name / "assemble").read_text().startswith("#!/bin/sh\n")
        assert int((RECIPES / name / "size-mib").read_text()) >= 256
    assert ISOS == ("installer",)
    assert package_names(RECIPES / "installer/unpack")
    names = package_names(RECIPES / "host/packages")
    assert len(names) == len(set(names)) and "libvirt-daemon-system" in names
    scripts = [path for path in files_of(RECIPES) if path.read_bytes().startswith(b"#!")]
    assert len(scripts) > 10
    assert not [path for path in files_of(RECIPES) if re.search(rb"https?://", path.read_bytes())], "names a mirror"


def test_the_guest_image_depends_on_the_keys_and_the_fact_server(state: State, tmp_path: Path) -> None:
    other = State(tmp_path / "other")
    assert current_folder(state, "small").name == current_folder(state, "small").name
    assert current_folder(state, "small").name != current_folder(other, "small").name
    look, student = authorized_keys(state).splitlines()
    assert look.startswith('command="/usr/lib/kvmlab/look",') and "command" not in student
    assert LOOK.read_text()[:2] == "#!"
    assert "#cloud-config" in user_data(state, "web1").splitlines()[0]


def test_what_a_build_left_half_is_no_image(state: State) -> None:
    half = state.images / ".new-small-xyz/image"
    half.mkdir(parents=True)
    (half / "disk.qcow2").write_bytes(b"half")
    folder = current_folder(state, "small")
    folder.mkdir()
    assert built_guest_disk(state, "small") is None
    assert list(stored_images(state)) == []
    (folder / "disk.qcow2").write_bytes(b"whole")
    (folder / "manifest.json").write_text('{"name": "small", "ha')
    assert list(stored_images(state)) == []


def test_images_are_listed_and_removed(state: State) -> None:
    for folder, name in ((current_folder(state, "small"), "small"), (state.images / "small-0123456789ab", "small")):
        folder.mkdir()
        (folder / "disk.qcow2").write_bytes(b"x")
        (folder / "manifest.json").write_text(f'{{"name": "{name}", "hash": "{folder.name[-12:]}"}}')
    assert sorted(image.state for image in stored_images(state)) == ["built", "old"]
    assert remove_image(state, "small") == 2
    assert list(stored_images(state)) == []
    with pytest.raises(UsageError):
        remove_image(state, "small")


def test_an_iso_is_listed_and_removed_like_an_image(state: State) -> None:
    folder = current_iso_folder(state, "installer")
    folder.mkdir()
    (folder / ISO).write_bytes(b"x")
    (folder / "manifest.json").write_text(f'{{"name": "installer", "hash": "{folder.name[-12:]}"}}')
    assert [(image.name, image.state) for image in stored_images(state)] == [("installer", "built")]
    assert ensure_iso(state, Podman(), "installer", Heard()) == folder / ISO
    with pytest.raises(UsageError):
        ensure_guest_image(state, Podman(), "installer", Heard())
    assert remove_image(state, "installer") == 1
    with pytest.raises(UsageError):
        ensure_iso(state, Podman(), "small", Heard())


@pytest.mark.parametrize("name", ["host", "disk", "../small", "nope", "", "a" * 300, "small\n", "<x/>"])
def test_a_guest_image_that_is_none_is_refused(state: State, name: str) -> None:
    with pytest.raises(UsageError):
        ensure_guest_image(state, Podman(), name, Heard())
    assert list(state.images.iterdir()) == []


def _fake_mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = tmp_path / "bin/mmdebstrap"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.setattr(debian, "PLACE", place)


def test_mmdebstraps_own_words_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "E: Unable to locate package nonsense"
    _fake_mmdebstrap(tmp_path, monkeypatch, f"touch $TMPDIR/left; echo '{said}' >&2; echo 'I: cleaning' >&2; exit 1")
    with pytest.raises(CannotRun) as error:
        installed(tmp_path / "x.tar", ["nonsense"], Heard(), "building", cwd=tmp_path)
    assert "Unable to locate package nonsense" in error.value.message
    assert list((tmp_path / "place").iterdir()) == []


def test_what_a_killed_build_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake_mmdebstrap(tmp_path, monkeypatch, "echo tar")
    left = tmp_path / f"place/kvmlab-{os.getuid()}-killed"
    (left / "root").mkdir(parents=True)
    foreign = tmp_path / "place/other"
    foreign.mkdir()
    installed(tmp_path / "x.tar", ["one"], Heard(), "building", cwd=tmp_path)
    assert (tmp_path / "x.tar").read_text() == "tar\n"
    assert list((tmp_path / "place").iterdir()) == [foreign]


def test_a_folder_that_another_build_has_just_removed_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_mmdebstrap(tmp_path, monkeypatch, "echo tar")
    made = tempfile.mkdtemp
    taken: list[str] = []

    def make(**where: Any) -> str:
        folder: str = made(**where)
        if not taken:
            taken.append(folder)
            debian._remove_if_free(Path(folder))
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", make)
    installed(tmp_path / "x.tar", ["one"], Heard(), "building", cwd=tmp_path)
    assert (tmp_path / "x.tar").read_text() == "tar\n"
    assert taken and list((tmp_path / "place").iterdir()) == []


def test_what_is_mounted_in_a_killed_build_is_never_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "build"
    (place / "root/dev/shm").mkdir(parents=True)
    (place / "root/dev/shm/dear").write_text("somebody else's")
    monkeypatch.setattr(debian, "mounts_below", lambda _: [place / "root/dev/shm"])
    debian._remove(place)
    assert (place / "root/dev/shm/dear").read_text() == "somebody else's"
    monkeypatch.undo()
    debian._remove(place)
    assert not place.exists()


def test_mounts_are_found_by_their_own_folder() -> None:
    mounted = [Path(line.split()[4]) for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    nested = next(point for point in mounted if len(point.parts) > 2)
    assert nested in debian.mounts_below(nested.parent)
    assert debian.mounts_below(Path(f"{nested.parent}"[:-1])) == []


def test_mounts_of_a_killed_build_are_undone_first(tmp_path: Path) -> None:
    if os.getuid():
        return  # only root can mount, and only root's builds mount anything where others see it
    dear = tmp_path / "dear"
    dear.mkdir()
    (dear / "file").write_text("somebody else's")
    place = tmp_path / "a build"
    (place / "root/dev/shm").mkdir(parents=True)
    subprocess.run(["mount", "--bind", str(dear), str(place / "root/dev/shm")], check=True)
    assert debian.mounts_below(place) == [place / "root/dev/shm"]
    debian._remove(place)
    assert not place.exists()
    assert (dear / "file").read_text() == "somebody else's"


def test_no_mmdebstrap_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotRun) as error:
        installed(tmp_path / "x.tar", ["one"], Heard(), "building", cwd=tmp_path)
    assert "apt install mmdebstrap" in error.value.todo


def test_how_far_it_is_never_goes_back() -> None:
    lines = ["I: running apt-get update...", "I: downloading packages with apt...", "2 upgraded, 2 newly installed, 0"]
    lines += ["Get:1 x", "Get:2 y", "I: extracting archives...", "I: installing essential packages..."]
    lines += ["Unpacking x (1)", "Setting up x (1)", "I: installing remaining packages inside the chroot..."]
    lines += ["0 upgraded, 1 newly installed, 0", "Get:1 z", "Unpacking z", "Setting up z", "I: creating tarball..."]
    for only_unpack in (False, True):
        reckoning = Reckoning(only_unpack)
        fractions = [reckoning.after(line) for line in lines]
        assert fractions == sorted(fractions)
        assert fractions[0] >= 0 and fractions[-1] <= 1
