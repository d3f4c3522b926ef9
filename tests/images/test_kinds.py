"""Kinds of lab host: a real bare host from its start to a guest on it, and what the kinds are made from."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from kvmlab.course.lab.model import HOST_KINDS
from kvmlab.errors import AuthorError
from kvmlab.images import KINDS, Quiet, ensure_kind, kinds, memory
from kvmlab.images.kinds import built_kind, kind_tag
from kvmlab.images.recipe import RECIPES, files_of, package_names
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from tests.conftest import Kvmlab

COURSE = Path(__file__).parent / "hosts"
LAB = "host-bare"
LINE = "qemu-kvm libvirt-daemon-system libvirt-clients bridge-utils virtinst virt-manager virt-viewer"


def test_a_lab_may_name_every_kind_there_is() -> None:
    assert HOST_KINDS == KINDS
    tags = [kind_tag(kind) for kind in KINDS]
    assert len({tag.partition(":")[0] for tag in tags}) == len(KINDS)


def test_the_recipes_fit_together() -> None:
    offered = package_names(RECIPES / "apt/packages")
    assert set(LINE.split()) <= set(offered)
    assert set(package_names(RECIPES / "desk/packages")) <= set(offered)
    for name in ("bare", "apt", "desk"):
        scripts = [path for path in files_of(RECIPES / name) if path.name in ("layer", "index", "download")]
        assert scripts
        for path in scripts:
            assert path.read_text().startswith("#!/bin/sh\n") and "\nset -eu\n" in path.read_text()
            subprocess.run(["sh", "-n", str(path)], check=True)


def test_of_what_was_fetched_only_packages_are_kept(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "root.tar", "w") as archive:
        for name in ("./srv/apt/a_1_all.deb", "./etc/passwd", "../../b_1_all.deb", "./srv/apt/lock"):
            entry = tarfile.TarInfo(name)
            entry.size = 1
            archive.addfile(entry, io.BytesIO(b"x"))
    kinds._keep_packages(tmp_path / "root.tar", tmp_path / "packages")
    assert sorted(path.name for path in (tmp_path / "packages").iterdir()) == ["a_1_all.deb", "b_1_all.deb"]
    assert not (tmp_path / "root.tar").exists()


def test_what_is_there_is_remembered_until_a_recipe_changes(tmp_path: Path) -> None:
    state, recipe = State(tmp_path / "state"), tmp_path / "recipe"
    recipe.mkdir()
    (recipe / "layer").write_text("true\n")
    before = memory.stamp([recipe])
    assert memory.remembered(state, "bare", before) is None
    memory.remember(state, "bare", before, "localhost/x:1")
    assert memory.remembered(state, "bare", before) == "localhost/x:1"
    assert memory.remembered(state, "desk", before) is None
    os.utime(recipe / "layer", (1, 1))
    assert memory.remembered(state, "bare", memory.stamp([recipe])) is None
    memory.forget_host_images(state)
    assert memory.remembered(state, "bare", before) is None


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ('host = "bear"', "`host` is one of: full, bare, desk"),
        ('host = "bare"\n[[guests]]\nname = "web1"', "no `guests` either"),
    ],
)
def test_a_header_that_cannot_be(tmp_path: Path, header: str, said: str) -> None:
    from kvmlab.course.lab.compiler import compile_lab

    folder = tmp_path / "labs/host/odd"
    folder.mkdir(parents=True)
    (folder / "lab.md").write_text(f'+++\ntitle = "x"\nminutes = 5\n{header}\n+++\nx\n\n## x {{#x points=1}}\n\nx\n')
    with pytest.raises(AuthorError, match=said) as caught:
        compile_lab(tmp_path, "host", "odd", "en", None)
    assert "labs/host/odd/lab.md:4" in str(caught.value)


@pytest.fixture
def lab(kvmlab: Kvmlab, shared_state: State) -> Kvmlab:
    ensure_kind(shared_state, Podman(), "bare", Quiet())
    kvmlab.env.update(KVMLAB_COURSE=str(COURSE))
    return kvmlab


def on_host(lab: Kvmlab, script: str) -> str:
    done = lab("exec", LAB, "--", "sh", "-euc", script)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


@pytest.mark.guest
def test_a_bare_host_from_start_to_finish(lab: Kvmlab) -> None:
    done = lab("start", LAB)
    assert done.returncode == 0, done.stderr
    assert on_host(lab, "systemctl --failed --no-legend --plain") == ""
    assert on_host(lab, "command -v virsh qemu-img qemu-system-x86_64 libvirtd brctl || true") == ""
    assert on_host(lab, "ls -d /etc/libvirt /var/lib/libvirt 2>/dev/null || true") == ""
    assert on_host(lab, "systemctl list-unit-files --no-legend 'libvirt*' 'virt*' | cat") == ""
    on_host(lab, "ping -qc1 -W2 10.0.0.50 && getent hosts www.lan.test && man -w ip")
    done = lab("check", LAB, "--json")
    assert done.returncode == 1, done.stderr  # told what is missing, not that nobody could look
    tasks = {task["id"]: task["verdict"] for task in json.loads(done.stdout)["tasks"]}
    assert tasks == {"install": "failed", "start": "blocked"}
    assert lab("status").returncode == 0
    done = lab("solve", LAB)
    assert done.returncode == 0, done.stdout + done.stderr
    done = lab("check", LAB, "--wait", "10")
    assert done.returncode == 0, done.stdout + done.stderr
    assert on_host(lab, "systemctl --failed --no-legend --plain") == ""
    # dommemstat waits until libvirtd has taken the guest up again; a destroy in between ends it, and says it was off.
    on_host(lab, "systemctl restart libvirtd && virsh dommemstat tiny && virsh destroy tiny")
    assert lab("reset", LAB).returncode == 0
    assert lab("check", LAB).returncode == 1
    assert lab("finish", LAB).returncode == 0
    assert lab.containers() == []


@pytest.mark.guest
def test_the_course_line_installs_offline_and_every_package_is_whole(lab: Kvmlab) -> None:
    assert lab("start", LAB).returncode == 0
    began = time.monotonic()
    on_host(lab, "apt update 2>&1 | grep -v WARNING >&2; test -s /var/lib/apt/lists/*_Packages")
    said = on_host(lab, f"apt-get install -y --simulate {LINE}")
    assert "qemu-system-x86" in said and time.monotonic() - began < 30
    told = on_host(lab, "sed -n 's/^SHA256: //p' /srv/apt/Packages | sort")
    assert told and told == on_host(lab, "sha256sum /srv/apt/*.deb | cut -c1-64 | sort")
    assert lab("finish", LAB).returncode == 0


@pytest.mark.guest
def test_the_kinds_are_listed_and_not_built_again(lab: Kvmlab) -> None:
    listed = json.loads(lab("image", "list", "--json").stdout)
    assert listed["hosts"]["bare"] == kind_tag("bare") == built_kind(Podman(), "bare")
    assert set(listed["hosts"]) == {"host", "bare", "desk"} and listed["host"] == listed["hosts"]["host"]
    began = time.monotonic()
    done = lab("image", "build")  # what this course needs: bare among it
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 10
    assert lab("image", "build", "bear").returncode == 2
