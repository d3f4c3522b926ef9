"""The full guest and an imported cloud image, from their packages to a graded lab; and images that are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.images import built_guest_disk
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from tests.conftest import Kvmlab

COURSE = Path(__file__).parent / "course"
pytestmark = pytest.mark.guest


@pytest.fixture
def lab(kvmlab: Kvmlab) -> Kvmlab:
    # Emulated, a full Debian takes its time to greet: ten times what a small guest is given.
    kvmlab.env.update(KVMLAB_COURSE=str(COURSE), KVMLAB_PATIENCE="10")
    return kvmlab


def started(lab: Kvmlab, name: str) -> None:
    done = lab("start", name, timeout_s=1500)
    assert done.returncode == 0, done.stderr


def test_nmcli_in_the_full_guest(lab: Kvmlab) -> None:
    started(lab, "image-full")
    done = lab("check", "image-full")
    assert done.returncode == 1, done.stdout
    done = lab("solve", "image-full")
    assert done.returncode == 0, done.stderr
    done = lab("check", "image-full", "--wait", "60")
    assert done.returncode == 0, done.stdout
    assert lab("reset", "image-full").returncode == 0
    assert lab("check", "image-full").returncode == 1


SWAP = """
mac=$(virsh domiflist web1 | awk '/default/ { print $5 }')
for round in 1 2 3; do
    virsh detach-interface web1 network --mac "$mac" --live
    timeout 60 sh -c 'while virsh domiflist web1 | grep -q default; do :; done'
    virsh attach-interface web1 network default --mac "$mac" --model virtio --live
    timeout 120 sh -c 'until ssh -o ConnectTimeout=5 web1 true 2>/dev/null; do sleep 0.2; done'
done
"""


def test_a_card_that_is_swapped_at_once_gets_its_address(kvmlab: Kvmlab) -> None:
    """What takes the old card's address away runs beside what gives the new one its own."""
    kvmlab.env["KVMLAB_COURSE"] = str(COURSE.parents[1] / "promises" / "course")
    started(kvmlab, "try-trouble")
    done = kvmlab("exec", "try-trouble", "--", "sh", "-euc", SWAP)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_cloud_image_is_imported_and_started(lab: Kvmlab, shared_state: State) -> None:
    done = lab("image", "build", "cloud", timeout_s=1500)
    assert done.returncode == 0, done.stderr
    disk = built_guest_disk(shared_state, "cloud")
    assert disk is not None
    done = lab("image", "import", str(disk), "--name", "someos9", timeout_s=600)
    assert done.returncode == 0, done.stderr
    found = json.loads(lab("image", "list", "--json").stdout)["images"]
    assert ("someos9", "imported") in {(image["name"], image["state"]) for image in found}
    started(lab, "image-imported")
    done = lab("check", "image-imported", "--wait", "60")
    assert done.returncode == 0, done.stdout
    assert lab("finish", "image-imported").returncode == 0
    assert lab("image", "rm", "someos9").returncode == 0


@pytest.mark.parametrize("name", ["../x", "a b", "; rm -rf /", "host", "small", "x" * 100, "", "-x"])
def test_a_hostile_name_is_refused(lab: Kvmlab, tmp_path: Path, name: str) -> None:
    file = tmp_path / "disk.qcow2"
    file.write_bytes(b"\0" * 1024)
    done = lab("image", "import", str(file), f"--name={name}")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["text", "zeros", "cut", "overlay", "folder", "none"])
def test_what_is_no_whole_disk_image_is_refused(lab: Kvmlab, shared_state: State, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "disk.qcow2"
    disk = built_guest_disk(shared_state, "small")
    assert disk is not None
    match kind:
        case "text":
            file.write_text("no image\n" * 1000)
        case "zeros":
            file.write_bytes(b"\0" * 2**20)
        case "cut":
            file.write_bytes(disk.read_bytes()[:1000])
        case "overlay":
            _overlay(lab, file)
        case "folder":
            file.mkdir()
    done = lab("image", "import", str(file), "--name", "odd")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "→" in done.stderr
    assert not list(shared_state.images.glob("odd*"))


def _overlay(lab: Kvmlab, file: Path) -> None:
    """A qcow2 whose header names /etc/shadow as its backing file, made by hand: magic, version 2, the name."""
    name = b"/etc/shadow"
    header = b"QFI\xfb" + (2).to_bytes(4) + (72).to_bytes(8) + len(name).to_bytes(4) + (16).to_bytes(4)
    header += (2**20).to_bytes(8) + bytes(4) + (1).to_bytes(4) + (65536).to_bytes(8) + (131072).to_bytes(8)
    header += (1).to_bytes(4) + bytes(4) + bytes(8)
    blocks = header.ljust(72, b"\0") + name
    table = (196608).to_bytes(8)
    refcounts = b"\0\1" * 4
    clusters = (blocks, b"", table, refcounts)
    file.write_bytes(b"".join(cluster.ljust(65536, b"\0") for cluster in clusters))


def test_a_second_build_builds_nothing(lab: Kvmlab) -> None:
    import time

    assert lab("image", "build").returncode == 0
    began = time.monotonic()
    assert lab("image", "build").returncode == 0
    assert time.monotonic() - began < 10


def test_the_manual_pages_and_completion_are_there(lab: Kvmlab) -> None:
    tag = json.loads(lab("image", "list", "--json").stdout)["host"]
    script = "man -w virsh virt-install qemu-img brctl ip-netns && ls /usr/share/bash-completion/completions/virsh"
    podman = _podman(lab)
    done = podman.attempt("run", "--rm", "--network=none", *podman.run_options, tag, "sh", "-c", script)
    assert done.returncode == 0, done.stderr


def _podman(lab: Kvmlab) -> Podman:
    from kvmlab.images.host import host_image_tag
    from kvmlab.labhost.computer.podman_options import find_podman

    return find_podman(lab.state, host_image_tag())
