"""A guest's system: kernel, processors, memory, drivers, modules, services, processes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kvmlab.checks.reader import Key, MissingObject
from kvmlab.guest.connection import GuestConnection
from kvmlab.remote.parsing.readings import AT_BOOT, MASKED_FOR_NOW, masked_for_now, pattern

Facts = Mapping[str, object]


def system(guest: GuestConnection) -> dict[str, str]:
    """Single facts of its kernel and system."""
    pairs = (line.partition(" ") for line in guest.lines("system"))
    return {name: value.strip() for name, _, value in pairs}


def whole(guest: GuestConnection, key: Key) -> Facts:
    """GuestFacts."""
    said = system(guest)
    return {
        "hostname": guest.snapshot("hostname").text("hostname").strip() or None,
        "kernel": said.get("osrelease"),
        "cmdline": guest.snapshot("cmdline").text("cmdline").strip() or None,
        "uptime_s": float(said.get("uptime", "0").split()[0]),
        "machine_id": said.get("machine-id") or None,
        "hypervisor": _hypervisor(said),
    }


def _hypervisor(said: Mapping[str, str]) -> str | None:
    if said.get("virt") not in (None, "none"):
        return said["virt"]
    if "kvm-clock" in said.get("clocks", ""):
        return "kvm"
    return "qemu" if "QEMU" in said.get("vendor", "") or "QEMU" in said.get("model", "") else None


def processes(guest: GuestConnection) -> list[str]:
    """The command lines of its processes, our own left out."""
    rows = (line.split(None, 1) for line in guest.lines("ps")[1:])
    found = [row[1] for row in rows if len(row) > 1]
    return [args for args in found if "/usr/lib/kvmlab/look" not in args and not args.endswith("ps -eo pid,args")]


def process(guest: GuestConnection, key: Key) -> Facts:
    """GuestProcessFacts."""
    wanted = pattern(key[2])
    return {"count": sum(1 for args in processes(guest) if wanted.search(args))}


def module(guest: GuestConnection, key: Key) -> Facts:
    """GuestModuleFacts."""
    wanted = key[2].replace("-", "_")
    loaded = {line.split()[0] for line in guest.snapshot("modules").lines("modules")}
    if wanted in loaded:
        return {"loaded": True}
    return {"loaded": guest.ask("file", f"/sys/module/{wanted}").texts.get("stat") is not None}


def drivers(guest: GuestConnection) -> dict[str, list[str]]:
    """NIC or disk to its drivers, the nearest first."""
    return _chains(guest, "links") | block_drivers(guest)


def block_drivers(guest: GuestConnection) -> dict[str, list[str]]:
    """The same of disks alone, which is a question less."""
    return _chains(guest, "block")


def _chains(guest: GuestConnection, section: str) -> dict[str, list[str]]:
    rows = (line.split() for line in guest.snapshot(section).lines(section))
    return {row[0]: row[2:] for row in rows if len(row) > 1}


_UPPER = ("sd", "sr")  # the kernel's disk and CD drivers sit on that of the controller


def driver(guest: GuestConnection, key: Key) -> Facts | MissingObject:
    """DriverFacts."""
    found = drivers(guest)
    if key[2] not in found:
        return MissingObject("no such device", tuple(found))
    return {"driver": chosen_driver(found[key[2]])}


def chosen_driver(chain: Sequence[str]) -> str | None:
    return next((one for one in chain if one not in _UPPER), next(iter(chain), None))


def cpus(guest: GuestConnection, key: Key) -> Facts:
    """CpusFacts."""
    said = system(guest)
    online, present = (_count(said.get(name, "")) for name in ("online", "present"))
    return {"online": online, "present": present, "model": said.get("model")}


def _count(ranges: str) -> int:
    """How many CPUs "0-2,5" are."""
    parts = (part.partition("-") for part in ranges.split(",") if part)
    return sum(int(last or first) - int(first) + 1 for first, _, last in parts)


def memory(guest: GuestConnection, key: Key) -> Facts:
    """MemoryFacts."""
    rows = (line.split() for line in guest.lines("meminfo"))
    kib = {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
    return {"total_mib": kib.get("MemTotal", 0) // 1024, "available_mib": kib.get("MemAvailable", 0) // 1024}


def service(guest: GuestConnection, key: Key) -> Facts | MissingObject:
    """ServiceFacts, by systemd or by busybox's inittab and /etc/init.d."""
    answer = guest.ask("service", key[2])
    if "enabled" in answer.texts:
        enabled = answer.text("enabled").strip()
        if enabled in ("", "not-found"):
            return MissingObject("no such unit")
        if enabled == MASKED_FOR_NOW:
            raise masked_for_now(key[2])
        return {"active": answer.text("active").strip() == "active", "enabled": enabled in AT_BOOT}
    lines = [line for line in answer.lines("inittab") if not line.startswith("#")]
    started = any(re.search(rf"(^|[/:\s]){re.escape(key[2])}(\s|$)", line) for line in lines)
    return {"active": bool(answer.text("active").strip()), "enabled": started or bool(answer.text("links").strip())}
