"""What is remembered of images."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from kvmlab.images.memory import forget_host_images, identity
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State


@dataclass(frozen=True)
class Images(Podman):
    """podman with these images (name to id)."""

    ids: dict[str, str] = field(default_factory=dict)

    def attempt(self, *args: str, timeout_s: float | None = 120, stdin: str = "") -> subprocess.CompletedProcess[str]:
        found = self.ids.get(args[-1])
        return subprocess.CompletedProcess(args, 0 if found else 125, f"{found}\n", "")


def test_a_host_image_that_was_built_anew_from_the_same_recipe_is_another(tmp_path: Path) -> None:
    """Debian may have another QEMU by then; what is asked of it later, on top of the base, changes nothing."""
    state, images = State(tmp_path), Images()
    images.ids.update({"host:1-base": "b1", "host:1": "t1"})
    assert identity(state, images, "host:1") == "b1"
    images.ids["host:1"] = "t2"
    assert identity(state, images, "host:1") == "b1"
    images.ids["host:1-base"] = "b2"
    forget_host_images(state)  # as image rm and image build do
    assert identity(state, images, "host:1") == "b2"


def test_without_its_base_an_image_is_told_by_itself(tmp_path: Path) -> None:
    images = Images()
    images.ids["host:1"] = "t1"
    assert identity(State(tmp_path), images, "host:1") == "t1"
