"""Guests are booted once, on a lab host of their own, and saved: what restores them from then on."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.disk_space import no_space
from kvmlab.errors import CannotRun
from kvmlab.killpoints import killpoint
from kvmlab.labhost.container import LabHost, sweep
from kvmlab.labhost.holding import require_room
from kvmlab.labhost.podman import Podman, finish
from kvmlab.liveness import Silence
from kvmlab.paths import LOOK_S, State
from kvmlab.setup import saved_guests
from kvmlab.setup.files import SAVED, lay_ready
from kvmlab.setup.guest_wait import host_session, wait_for_guests
from kvmlab.setup.guests import PlacedGuest, bring_up, save_to
from kvmlab.setup.libvirtd import connected
from kvmlab.setup.memory import memory_of
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.images import BuildProgress

_SAVING, _LOCKS = "_saving", 64
_SAVE = "/var/lib/kvmlab/save"
_BOOT_S, _MOST, _HOST_BOOT_S = 900, 10, 30
_SETTLE_S = 1.5
_SETTLED = """
if [ -d /run/systemd/system ]; then exec timeout 300 systemctl is-system-running --wait; fi
exec timeout 300 sh -c 'while [ -e /run/booting ]; do sleep 0.2; done'
"""
"""Ends when the guest has booted to the end, which is later than its SSH server answers: a guest whose memory was
saved before it listens to its power button would not hear `virsh shutdown`. The small guest has /run/booting."""


def saved(
    state: State,
    host_image: str,
    podman: Podman,
    guests: Sequence[PlacedGuest],
    origins: Mapping[str, Path],
    progress: BuildProgress,
) -> dict[str, Path]:
    """The folder of each saved guest, those that are missing or damaged made first."""
    found = _find(state, guests)
    missing = [guest for guest in guests if guest.spec.name not in found]
    if missing:
        with _alone_with(state.shared, missing):
            found = _find(state, guests)  # another kvmlab may have made them while we waited
            missing = [guest for guest in guests if guest.spec.name not in found]
            if missing:
                _make(state, host_image, podman, missing, origins, progress)
                found = _find(state, guests)
                saved_guests.forget_others(state, [guest.key for guest in guests])
    return found


@contextlib.contextmanager
def _alone_with(state: State, guests: Sequence[PlacedGuest]) -> Iterator[None]:
    """While the block lasts no other kvmlab saves one of these guests. The locks are few, so some guests share one."""
    with contextlib.ExitStack() as stack:
        for number in sorted({int(guest.key, 16) % _LOCKS for guest in guests}):
            stack.enter_context(state.lock(f"saving-guest-{number}"))
        yield


@contextlib.contextmanager
def _turn_to_save(state: State, podman: Podman) -> Iterator[str]:
    """A label that is nobody else's while the block lasts: as many kvmlabs save guests at once as there are processors.

    What killed ones have left under labels that are free is removed.
    """
    labels = [f"{_SAVING}{number or ''}" for number in range(len(os.sched_getaffinity(0)))]
    while not (free := {label: lock for label in labels if (lock := _if_free(state, label))}):
        time.sleep(LOOK_S)
    mine, *others = free
    with free[mine]:
        try:
            sweep(podman, state, list(free))
        finally:
            for label in others:
                free[label].close()
        yield mine


@contextlib.contextmanager
def _host_to_save_on(state: State, podman: Podman) -> Iterator[LabHost]:
    """A lab host that is not there yet, and is gone afterwards."""
    with _turn_to_save(state, podman) as label:
        host = LabHost.fresh(label, state, podman)
        try:
            yield host
        finally:
            host.remove()


def _if_free(state: State, label: str) -> contextlib.ExitStack | None:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(state.lock(label.strip("_"), wait=False))
        except CannotRun:
            return None
        return stack.pop_all()


def _find(state: State, guests: Sequence[PlacedGuest]) -> dict[str, Path]:
    with ThreadPoolExecutor(max_workers=4) as pool:
        verified = pool.map(lambda guest: saved_guests.find(state, guest.key), guests)
        pairs = zip(guests, verified, strict=True)
        return {guest.spec.name: one.folder for guest, one in pairs if one is not None}


def _make(
    state: State,
    host_image: str,
    podman: Podman,
    guests: Sequence[PlacedGuest],
    origins: Mapping[str, Path],
    progress: BuildProgress,
) -> None:
    """Boot `guests` on a lab host of their own until they answer, and save them."""
    state = state.shared  # so that whoever saves next finds what one who was killed has left
    with _host_to_save_on(state, podman) as host:
        progress.step(t("booting {guests} once, to be restored from now on", guests=_names(guests)), None)
        seeds = [guest.spec.name for guest in guests if guest.image.seed]
        require_room(state, podman, memory_of(guest.spec for guest in guests))
        host.prepare_run_dir()
        lay_ready(state, host.start_dir, [guest.spec for guest in guests], (), seeds)
        folders = [(origins[guest.spec.name], f"{SAVED}/{guest.spec.name}") for guest in guests]
        finish(host.start(host_image, folders), ("run",))
        host.started()
        killpoint("saving.container")
        with connected(host.root, Silence(_HOST_BOOT_S, host.work)) as connection:
            bring_up(connection, guests, set())
            addresses = {guest.spec.name: guest.spec.address for guest in guests}
            silence = Silence(_BOOT_S, host.work, _BOOT_S * _MOST)
            session = host_session(host.root, state.key_pair("look_key"), silence)
            wait_for_guests(session, addresses, silence)
            session.close()
            for name in addresses:
                host.execute(["ssh", "-n", name, _SETTLED], timeout_s=_BOOT_S)
            time.sleep(_SETTLE_S)
            killpoint("saving.booted")
            for guest in guests:
                progress.step(t("saving {guest}", guest=guest.spec.name), None)
                _save(state, host, connection, guest)


def _save(state: State, host: LabHost, connection, guest: PlacedGuest) -> None:  # type: ignore[no-untyped-def]
    inside = f"{_SAVE}/{guest.spec.name}"
    host.execute(["mkdir", "-p", inside])
    save_to(connection, guest, f"{inside}/memory")
    disk = f"/var/lib/libvirt/images/{guest.spec.name}"
    seed = [f"{disk}-seed.iso", f"{inside}/seed.iso"]
    script = f'cp --sparse=always "$1" {inside}/disk.qcow2; [ ! -e "$2" ] || cp "$2" "$3"; chmod 644 {inside}/*'
    done = host.execute(["sh", "-euc", script, "sh", f"{disk}.qcow2", *seed])
    if done.returncode:
        said = done.stderr.strip()[-300:]
        failed = t("{guest} could not be saved: {said}", guest=guest.spec.name, said=said)
        raise no_space(done.stderr) or CannotRun(failed, "kvmlab doctor")
    killpoint("saving.saved")
    with tempfile.TemporaryDirectory(dir=state.saved, prefix=".new-") as folder:
        fresh = Path(folder) / "guest"
        with host.root.opened(inside) as source:
            shutil.copytree(f"/proc/self/fd/{source}", fresh)
        saved_guests.keep(state, guest.key, fresh)


def _names(guests: Sequence[PlacedGuest]) -> str:
    return ", ".join(guest.spec.name for guest in guests)
