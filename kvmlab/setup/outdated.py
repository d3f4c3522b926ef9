"""Cached findings and saved guests that no longer hold: dropped once, and found out or made anew.

What is cached is stamped with everything it is known to depend on. If a guest still cannot be started from it, it
depended on something else: then nothing cached is believed, and the start begins again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import TypeVar

from kvmlab.errors import CannotRun
from kvmlab.images.memory import forget_host_images
from kvmlab.labhost.computer.accelerator import forget_kvm
from kvmlab.paths import State

Result = TypeVar("Result")


class Outdated(CannotRun):
    """A guest could not be started from what was cached. `keys`: the saved guests that were used."""

    def __init__(self, message: str, keys: Iterable[str] = ()) -> None:
        super().__init__(message, "kvmlab doctor")
        self.keys = tuple(keys)


def twice(state: State, begin: Callable[[], Result]) -> Result:
    """`begin`; and if that fails with Outdated, once more without anything cached."""
    try:
        return begin()
    except Outdated as outdated:
        drop(state, outdated.keys)
        return begin()


def drop(state: State, keys: Iterable[str] = ()) -> None:
    """Forget what was found out about KVM and about images, and set the saved guests under `keys` aside.

    They are renamed, not removed: another lab host may have them mounted. They go with saved.forget_others.
    """
    forget_kvm(state)
    forget_host_images(state)
    for key in keys:
        folder = state.saved / key
        if folder.is_dir():
            folder.rename(state.saved / f"{key}.outdated-{secrets.token_hex(4)}")
