"""The facts of the vocabulary about a guest, from what its fact server says. One function per kind of object."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from kvmlab.checks.reading import Key, Missing, Reading
from kvmlab.errors import CouldNotLook
from kvmlab.guest.addresses import Nic, parse_routes
from kvmlab.guest.inside import Inside
from kvmlab.guest.readings import AT_BOOT, chosen_route, pattern, resolv_conf, text_facts
from kvmlab.guest.stored import stored_network
from kvmlab.guest.superblock import Filesystem, identify
from kvmlab.words import t

Facts = Mapping[str, object]

# The sections of look.sh each kind needs, to be asked for together…
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "guest": ("hostname", "cmdline", "system"),
    "guest-addresses": ("addr",),
    "guest-address": ("addr",),
    "guest-route": ("route",),
    "guest-mount": ("mounts",),
    "guest-filesystem": ("block",),
    "guest-network": ("addr", "config", "resolv"),
    "guest-fstab": ("fstab",),
    "guest-resolver": ("resolv",),
    "guest-module": ("modules",),
    "guest-driver": ("links", "block"),
    "guest-cpus": ("system",),
    "guest-memory": ("meminfo",),
    "guest-block": ("block",),
    "guest-process": ("ps",),
}
# … and those that only some facts need: they cost more.
_COSTLY = {"dynamic": "ps", "size_mib": "df", "used_mib": "df", "disk_mib": "block"}


def sections(kind: str, names: Sequence[str]) -> list[str]:
    """The sections of look.sh that these facts need."""
    costly = {_COSTLY[name] for name in names if name in _COSTLY} if kind != "guest-block" else set()
    return [*_SECTIONS.get(kind, ()), *sorted(costly)]


def system(guest: Inside) -> dict[str, str]:
    """Single facts of its kernel and system."""
    pairs = (line.partition(" ") for line in guest.lines("system"))
    return {name: value.strip() for name, _, value in pairs}


def whole(guest: Inside, key: Key) -> Facts:
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


def addresses(guest: Inside, key: Key) -> Facts:
    """GuestAddressesFacts."""
    nics = [nic for nic in guest.nics().values() if not nic.loopback]
    return {"addresses": [one for nic in nics for one in nic.addresses], "links": [nic.name for nic in nics]}


def address(guest: Inside, key: Key, names: Sequence[str]) -> Facts | Missing:
    """GuestAddressFacts."""
    nics = guest.nics()
    nic = nics.get(key[2])
    if nic is None:
        return Missing("no such link", tuple(nics))
    dynamic = _dynamic(guest, nic) if "dynamic" in names else False
    return {"addresses": nic.addresses, "mac": nic.mac, "up": nic.up, "dynamic": dynamic, "mtu": nic.mtu}


_CLIENTS = re.compile(r"\b(udhcpc|dhclient|dhcpcd)\b")


def _dynamic(guest: Inside, nic: Nic) -> bool:
    clients = [args for args in processes(guest) if _CLIENTS.search(args)]
    own = any(nic.name in args.split() for args in clients)
    return bool(nic.addresses) and (nic.dynamic or own)


def processes(guest: Inside) -> list[str]:
    """The command lines of its processes, our own left out."""
    rows = (line.split(None, 1) for line in guest.lines("ps")[1:])
    found = [row[1] for row in rows if len(row) > 1]
    return [args for args in found if "/usr/lib/kvmlab/look" not in args and not args.endswith("ps -eo pid,args")]


def process(guest: Inside, key: Key) -> Facts:
    """GuestProcessFacts."""
    wanted = pattern(key[2])
    return {"count": sum(1 for args in processes(guest) if wanted.search(args))}


def route(guest: Inside, key: Key) -> Facts | Missing:
    """RouteFacts."""
    return chosen_route(parse_routes(guest.snapshot("route").text("route")), key[2])


def _mounts(guest: Inside) -> list[list[str]]:
    rows = (line.split() for line in guest.lines("mounts"))
    return [[_unescaped(word) for word in row] for row in rows if len(row) > 3]


def _unescaped(word: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), word)


def mount(guest: Inside, key: Key, names: Sequence[str]) -> Facts | Missing:
    """MountFacts: the last mount at that path is the one that is seen."""
    rows = _mounts(guest)
    path = key[2].rstrip("/") or "/"
    fitting = [row for row in rows if row[1] == path]
    if not fitting:
        return Missing("nothing is mounted there", tuple(row[1] for row in rows if row[0].startswith("/dev/")))
    source, _, fstype, options = fitting[-1][:4]
    disk_mib = _whole_disk_mib(guest, _short(source)) if "disk_mib" in names else None
    return {"source": source, "fstype": fstype, "options": options.split(","), "disk_mib": disk_mib}


def _whole_disk_mib(guest: Inside, name: str) -> int | float | None:
    """The size of a disk, or of the one that a partition ("vdb1", "nvme0n1p2") is on; None where it is gone."""
    disks = _disks(guest)
    wholes = [one for one in disks if re.fullmatch(rf"{re.escape(one)}p?\d+", name) and one != name]
    size = disks.get(wholes[0] if wholes else name)
    return None if size is None else _mib(size)


def _mib(sectors: int) -> int | float:
    """Sectors of 512 bytes as MiB; whole where it is whole."""
    return sectors >> 11 if sectors % 2048 == 0 else round(sectors / 2048, 2)


def _disks(guest: Inside) -> dict[str, int]:
    """Its block devices that have a size, partitions too, in sectors of 512 bytes."""
    rows = (line.split() for line in guest.snapshot("block").lines("partitions"))
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit() and row[1] != "0"}


def _short(device: str) -> str:
    return device.removeprefix("/dev/")


def filesystem_on(guest: Inside, device: str) -> Filesystem | None:
    """What a block device holds."""
    raw = guest.ask("disk", _short(device)).raw
    return identify(raw) if raw is not None else None


def filesystem(guest: Inside, key: Key, names: Sequence[str]) -> Facts | Missing:
    """FilesystemFacts."""
    disks = _disks(guest)
    if _short(key[2]) not in disks:
        return Missing("no such device", tuple(f"/dev/{name}" for name in disks))
    found = filesystem_on(guest, key[2])
    rows = (line.split() for line in guest.lines("df")) if {"size_mib", "used_mib"} & set(names) else ()
    sizes = next((row for row in rows if row[0] == key[2] and len(row) > 5), None)
    return {
        "fstype": found.fstype if found else None, "label": found.label if found else None,
        "uuid": found.uuid if found else None,
        "size_mib": round(int(sizes[1]) / 1024) if sizes else None,
        "used_mib": round(int(sizes[2]) / 1024) if sizes else None,
    }  # fmt: skip


def fstab(guest: Inside, key: Key, names: Sequence[str]) -> Facts | Missing:
    """FstabFacts."""
    rows = [line.split() for line in guest.snapshot("fstab").lines("fstab") if not line.lstrip().startswith("#")]
    rows = [[_unescaped(word) for word in row] for row in rows if len(row) > 2]
    path = key[2].rstrip("/") or "/"
    fitting = [row for row in rows if (row[1].rstrip("/") or "/") == path]
    if not fitting:
        return Missing("no line for it", tuple(row[1] for row in rows))
    row = fitting[-1]
    device = _device(guest, row[0]) if "device" in names else None
    return {"source": row[0], "device": device, "fstype": row[2], "options": row[3].split(",") if len(row) > 3 else []}


def _device(guest: Inside, source: str) -> str | None:
    """The device that a source of fstab(5) means now."""
    tag, equals, value = source.partition("=")
    value = value.strip('"')
    if not equals:
        known = _short(source) in _disks(guest)
        return source if known or not source.startswith("/dev/") else None
    if tag not in ("UUID", "LABEL"):
        return None
    for name in _disks(guest):
        if name.startswith(("loop", "sr", "fd")):
            continue
        found = filesystem_on(guest, name)
        if found and value == (found.uuid if tag == "UUID" else found.label):
            return f"/dev/{name}"
    return None


def stored(guest: Inside, key: Key) -> Facts | Missing:
    """StoredNetworkFacts. Each reading names the file it is from."""
    nic = guest.nics().get(key[2])
    config = guest.snapshot("config")
    parts = ((name.partition(":"), text or "") for name, text in config.texts.items())
    files = {path: text for (kind, _, path), text in parts if kind == "config" and path}
    managed = config.text("networkmanager") == "yes"
    found = stored_network(files, key[2], nic.mac if nic else None, managed=managed)
    if found is None:
        offers = tuple(nic.name for nic in guest.nics().values() if not nic.loopback)
        return Missing("nothing is stored for it", offers if nic is None else ())
    dns = found.dns or (_kept_dns(guest) if found.method == "static" else [])
    address = next(iter(found.addresses), None)
    facts = {"method": found.method, "address": address, "gateway": found.gateway, "dns": dns}
    see = shlex.join(("ssh", guest.name, shlex.join(("cat", found.config))))
    return {name: Reading(value, see) for name, value in facts.items()}


def _kept_dns(guest: Inside) -> list[str]:
    """Where nothing says otherwise, a static interface leaves resolv.conf as it is; a link into /run is lost."""
    answer = guest.snapshot("resolv")
    if answer.text("resolv-link").startswith(("/run", "../run")):
        return []
    return resolv_conf(answer.text("resolv"))["servers"]


def resolver(guest: Inside, key: Key) -> Facts:
    """ResolverFacts."""
    return resolv_conf(guest.snapshot("resolv").text("resolv"))


def name(guest: Inside, key: Key) -> Facts:
    """NameFacts, as getent or nslookup in the guest says."""
    answer = guest.ask("resolve", key[2])
    if answer.texts.get("hosts") is not None:
        found = [line.split()[0] for line in answer.lines("hosts")]
    else:
        _, _, text = answer.text("nslookup").partition("Name:")
        found = re.findall(r"^Address(?: \d+)?:\s*(\S+)", text, re.MULTILINE)
    found = list(dict.fromkeys(found))
    return {"address": next((one for one in found if ":" not in one), None), "addresses": found}


def module(guest: Inside, key: Key) -> Facts:
    """GuestModuleFacts."""
    wanted = key[2].replace("-", "_")
    loaded = {line.split()[0] for line in guest.snapshot("modules").lines("modules")}
    if wanted in loaded:
        return {"loaded": True}
    return {"loaded": guest.ask("file", f"/sys/module/{wanted}").texts.get("stat") is not None}


def _drivers(guest: Inside) -> dict[str, list[str]]:
    """NIC or disk to its drivers, the nearest first."""
    lines = guest.snapshot("links").lines("links") + guest.snapshot("block").lines("block")
    return {row[0]: row[2:] for row in (line.split() for line in lines) if len(row) > 1}


_UPPER = ("sd", "sr")  # the kernel's disk and CD drivers sit on that of the controller


def driver(guest: Inside, key: Key) -> Facts | Missing:
    """DriverFacts."""
    drivers = _drivers(guest)
    if key[2] not in drivers:
        return Missing("no such device", tuple(drivers))
    return {"driver": _chosen(drivers[key[2]])}


def _chosen(chain: Sequence[str]) -> str | None:
    return next((one for one in chain if one not in _UPPER), next(iter(chain), None))


def cpus(guest: Inside, key: Key) -> Facts:
    """CpusFacts."""
    said = system(guest)
    online, present = (_count(said.get(name, "")) for name in ("online", "present"))
    return {"online": online, "present": present, "model": said.get("model")}


def _count(ranges: str) -> int:
    """How many CPUs "0-2,5" are."""
    parts = (part.partition("-") for part in ranges.split(",") if part)
    return sum(int(last or first) - int(first) + 1 for first, _, last in parts)


def memory(guest: Inside, key: Key) -> Facts:
    """MemoryFacts."""
    rows = (line.split() for line in guest.lines("meminfo"))
    kib = {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
    return {"total_mib": kib.get("MemTotal", 0) // 1024, "available_mib": kib.get("MemAvailable", 0) // 1024}


def block(guest: Inside, key: Key) -> Facts | Missing:
    """BlockFacts."""
    disks = _disks(guest)
    if key[2] not in disks:
        return Missing("no such device", tuple(disks))
    chain = _drivers(guest).get(key[2], [])
    parts = [name for name in disks if re.fullmatch(rf"{re.escape(key[2])}p?\d+", name)]
    return {"size_mib": _mib(disks[key[2]]), "driver": _chosen(chain), "partitions": parts}


def service(guest: Inside, key: Key) -> Facts | Missing:
    """ServiceFacts, by systemd or by busybox's inittab and /etc/init.d."""
    answer = guest.ask("service", key[2])
    if "enabled" in answer.texts:
        enabled = answer.text("enabled").strip()
        if enabled in ("", "not-found"):
            return Missing("no such unit")
        return {"active": answer.text("active").strip() == "active", "enabled": enabled in AT_BOOT}
    lines = [line for line in answer.lines("inittab") if not line.startswith("#")]
    started = any(re.search(rf"(^|[/:\s]){re.escape(key[2])}(\s|$)", line) for line in lines)
    return {"active": bool(answer.text("active").strip()), "enabled": started or bool(answer.text("links").strip())}


def reach(guest: Inside, key: Key) -> Facts:
    """ReachFacts."""
    if key[3]:
        return {"answers": guest.ask("connect", key[2], key[3]).text("status") == "0"}
    return {"answers": re.search(r"\b1 (packets )?received", guest.ask("reach", key[2]).text("ping")) is not None}


def file(guest: Inside, key: Key, names: Sequence[str]) -> Facts | Missing:
    """FileFacts."""
    answer = guest.ask("file", key[2])
    if answer.texts.get("stat") is None:
        return Missing("no such file")
    size, mode, user, group, *kind = answer.text("stat").split(None, 4)
    raw = answer.raw
    summed = guest.ask("checksum", key[2]) if raw is not None and {"sha256", "blank"} & set(names) else None
    if summed is not None and len(summed.text("sha256").split()) < 1:
        raise CouldNotLook(t("Guest {guest} could not read all of {path}.", guest=guest.name, path=key[2]))
    return {
        "kind": _kind(" ".join(kind)), "size_bytes": int(size), "mode": f"{int(mode, 8):04o}",
        "owner": f"{user}:{group}",
        "target": answer.texts.get("target"), "sha256": summed.text("sha256").split()[0] if summed else None,
        "blank": summed is not None and summed.text("other").strip() == "0",
        **text_facts(raw.decode("utf-8", "replace") if raw is not None else None),
    }  # fmt: skip


def _kind(said: str) -> str:
    kinds = {"regular": "file", "directory": "directory", "symbolic": "link", "socket": "socket", "fifo": "fifo"}
    return kinds.get(said.split(" ")[0], "device")
