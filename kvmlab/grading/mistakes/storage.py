"""Mistakes with disks, images, pools and volumes."""

from __future__ import annotations

from kvmlab.checks.vocabulary.host import Host
from kvmlab.grading.mistakes.around import disks
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words

_UNITS = {"G": (10**9, 2**30), "M": (10**6, 2**20)}
_SIZES = {"capacity_bytes": 1, "virtual_size_bytes": 1, "capacity_mib": 2**20, "virtual_size_mib": 2**20}


def _wrong_format(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    for disk in disks(host, name):
        told, path = disk.value("format"), disk.value("source")
        true = host.image_file(path).value("format")
        if told and true and told != true and "qcow2" in (told, true):
            return {"target": disk.value("target"), "name": name, "told": told, "true": true, "file": path}
    return None


def _snapshot_on_top(failed: FailedObject, host: Host) -> Words | None:
    want = failed.want.get("source")
    if not failed.lacks("source") or not isinstance(want, str):
        return None
    for disk in disks(host, failed.key[0]):
        path = disk.value("source")
        if path != want and host.image_file(path).value("backing") == want:
            return {"name": failed.key[0], "file": path, "base": want}
    return None


def _pool_not_started(failed: FailedObject, host: Host) -> Words | None:
    off = host.pool(failed.key[0]).value("active") is False
    return {"name": failed.key[0]} if off and (failed.kind == "volume" or failed.lacks("active")) else None


def _not_refreshed(failed: FailedObject, host: Host) -> Words | None:
    pool, name = failed.key
    target = host.pool(pool).value("target") if failed.missing and host.pool(pool).value("active") else None
    fits = target and host.file(f"{target}/{name}").value("exists")
    return {"name": name, "pool": pool, "file": f"{target}/{name}"} if fits else None


def _thousands(failed: FailedObject, host: Host) -> Words | None:
    """A size in powers of ten where powers of two were wanted, or the other way round."""
    noun = host.image_file(failed.key[0]) if failed.kind == "image" else host.volume(*failed.key)
    for fact in failed.unmet & _SIZES.keys():
        want, found = failed.want[fact], noun.value(fact)
        for unit, (ten, two) in _UNITS.items():
            if isinstance(want, int) and isinstance(found, int | float):
                number = want * _SIZES[fact] / two
                if number >= 1 and number.is_integer() and abs(found * _SIZES[fact] - number * ten) < 2**20:
                    return {"ten": f"{int(number)} {unit}B", "two": f"{int(number)} {unit}iB", "unit": unit}
    return None


def _preallocated(failed: FailedObject, host: Host) -> Words | None:
    volume = host.volume(*failed.key)
    room, size = volume.value("allocation_bytes"), volume.value("capacity_bytes")
    fits = failed.lacks("allocation_bytes", "allocation_mib", "format") and volume.value("format") == "raw"
    return {"pool": failed.key[0], "name": failed.key[1]} if fits and size and room >= size else None


STORAGE = (
    Pattern(
        "wrong-format",
        ("disk", "guest-block", "guest-filesystem", "domain"),
        _wrong_format,
        "The disk {target} of `{name}` is given as {told}, its file is {true}: the guest sees what is not its disk.",
        "qemu-img info -U {file}",
    ),
    Pattern(
        "snapshot-on-top",
        ("disk",),
        _snapshot_on_top,
        "`{name}` writes into {file}, an overlay over {base}: an external snapshot was made (virsh blockcommit).",
        "qemu-img info -U --backing-chain {file}",
    ),
    Pattern(
        "pool-not-started",
        ("pool", "volume"),
        _pool_not_started,
        "The pool `{name}` is defined, which does not start it (pool-start; pool-autostart for every boot).",
        "virsh pool-list --all",
    ),
    Pattern(
        "not-refreshed",
        ("volume",),
        _not_refreshed,
        "{file} is there, but the pool `{pool}` has not looked since it is (pool-refresh).",
        "virsh vol-list {pool}",
    ),
    Pattern(
        "thousands",
        ("volume", "image"),
        _thousands,
        "It has {ten}, and {two} was wanted: to virsh `{unit}B` is a power of ten, `{unit}` and `{unit}iB` of two.",
    ),
    Pattern(
        "preallocated",
        ("volume",),
        _preallocated,
        "`{name}` takes all its room at once: without --format it is raw, and without --allocation 0 written in full.",
        "virsh vol-info {name} --pool {pool}",
    ),
)
