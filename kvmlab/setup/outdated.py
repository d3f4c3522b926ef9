"""What was kept from an earlier start and does not hold any more: dropped, and found out or made anew, once.

What is kept names all that it is known to hang on. Where a guest cannot be started from it all the same, it was
something else: then nothing that was kept is believed, and the start begins again.
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
    """A guest could not be started from what was kept. `keys`: the saved guests it would have come from."""

    def __init__(self, message: str, keys: Iterable[str] = ()) -> None:
        super().__init__(message, "kvmlab doctor")
        self.keys = tuple(keys)


def twice(state: State, begin: Callable[[], Result]) -> Result:
    """`begin`; and if that fails for something Outdated, once more without anything that was kept."""
    try:
        return begin()
    except Outdated as outdated:
        drop(state, outdated.keys)
        return begin()


def drop(state: State, keys: Iterable[str] = ()) -> None:
    """Believe no more what was found out about KVM and about images, and set the saved guests under `keys` aside.

    They are renamed, not removed: another lab host may have them mounted. They go with saved.forget_others.
    """
    forget_kvm(state)
    forget_host_images(state)
    for key in keys:
        folder = state.saved / key
        if folder.is_dir():
            folder.rename(state.saved / f"{key}.outdated-{secrets.token_hex(4)}")
