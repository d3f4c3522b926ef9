"""Why a domain does not run, or has not got what it should have: memory, vCPUs, its agent."""

from __future__ import annotations

from kvmlab.checks.vocabulary.host import Host
from kvmlab.grading.mistakes.around import disks, domains, interfaces, off, parents, wanted_running
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words

LEAST_MIB = 8
"""Less memory than this was meant as something else: a bare number is KiB."""


def _disk_gone(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    for disk in disks(host, name) if wanted_running(failed) and off(name, host) else ():
        source = disk.value("source")
        if host.file(source).value("exists") is False:
            return {"name": name, "file": source}
    return None


def _base_gone(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    for disk in disks(host, name) if wanted_running(failed) and off(name, host) else ():
        base = host.image_file(disk.value("source")).value("backing")
        if base and host.file(base).value("exists") is False:
            return {"name": name, "file": disk.value("source"), "base": base}
    return None


def _disk_in_use(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    if not wanted_running(failed) or not off(name, host):
        return None
    own = {disk.value("source") for disk in disks(host, name) if not disk.value("shareable")}
    for other in domains(host):
        if other == name or host.domain(other).value("state") != "running":
            continue
        shared = own & {disk.value("source") for disk in disks(host, other)}
        if shared:
            return {"name": name, "other": other, "file": min(shared)}
    return None


def _unreadable(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    if not wanted_running(failed) or not off(name, host) or (user := _user_of_qemu(host)) == "root":
        return None
    for disk in disks(host, name):
        for path in parents(disk.value("source")):
            mode, owner = host.file(path).value("mode"), str(host.file(path).value("owner")).partition(":")[0]
            if mode is not None and owner != user and not int(mode, 8) & 0o001:
                return {"name": name, "user": user, "folder": path}
    return None


def _user_of_qemu(host: Host) -> str:
    for line in host.file("/etc/libvirt/qemu.conf").value("lines") or ():
        key, _, value = line.partition("=")
        if key.strip() == "user":
            return str(value.strip().strip('"').lstrip("+"))
    return "libvirt-qemu"


def _its_network(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    if not wanted_running(failed) or not off(name, host):
        return None
    networks = [one.value("source") for one in interfaces(host, name) if one.value("type") == "network"]
    dead = next((one for one in networks if one and not host.network(one).value("active")), None)
    return {"name": name, "network": dead} if dead else None


def _no_space(failed: FailedObject, host: Host) -> Words | None:
    domain = host.domain(failed.key[0])
    paused = domain.value("state") == "paused" and domain.value("reason") in ("I/O error", "ioerror")
    return {"name": failed.key[0]} if paused else None


def _paused(failed: FailedObject, host: Host) -> Words | None:
    domain = host.domain(failed.key[0])
    return {"name": failed.key[0]} if domain.value("state") == "paused" and domain.value("reason") == "user" else None


def _crashed(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    fits = wanted_running(failed) and off(name, host) and host.domain(name).value("reason") == "crashed"
    return {"name": name} if fits else None


def _never_started(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    fits = wanted_running(failed) and off(name, host) and host.domain(name).value("reason") in ("unknown", None)
    return {"name": name} if fits else None


def _kib(failed: FailedObject, host: Host) -> Words | None:
    found = host.domain(failed.key[0]).stored.value("max_memory_mib")
    memory = failed.lacks("memory_mib", "max_memory_mib")
    fits = memory and isinstance(found, int | float) and found < LEAST_MIB
    return {"name": failed.key[0], "kib": round(found * 1024)} if fits else None


def _only_the_maximum(failed: FailedObject, host: Host) -> Words | None:
    view = host.domain(failed.key[0])
    seen = view.stored if failed.view == "stored" else view
    want, now, most = failed.want.get("memory_mib"), seen.value("memory_mib"), seen.value("max_memory_mib")
    fits = failed.lacks("memory_mib") and isinstance(want, int) and now < want <= most
    return {"name": failed.key[0], "now": now, "most": most} if fits else None


def _over_the_maximum(failed: FailedObject, host: Host) -> Words | None:
    view = host.domain(failed.key[0])
    seen = view.stored if failed.view == "stored" else view
    for fact, limit in (("vcpus", "max_vcpus"), ("memory_mib", "max_memory_mib")):
        want, most = failed.want.get(fact), seen.value(limit)
        if failed.lacks(fact) and isinstance(want, int) and LEAST_MIB * (fact == "memory_mib") <= most < want:
            return {"name": failed.key[0], "most": most}
    return None


def _no_channel(failed: FailedObject, host: Host) -> Words | None:
    fits = failed.lacks("agent") and host.domain(failed.key[0]).value("agent_channel") is False
    return {"name": failed.key[0]} if fits else None


def _agent_silent(failed: FailedObject, host: Host) -> Words | None:
    domain = host.domain(failed.key[0])
    fits = failed.lacks("agent") and domain.value("agent_channel") and domain.value("state") == "running"
    return {"name": failed.key[0]} if fits else None


def _enabled_only(failed: FailedObject, host: Host) -> Words | None:
    fits = failed.lacks("active") and failed.want.get("active") is True and _service(failed, host, "enabled")
    return {"name": failed.key[-1]} if fits else None


def _active_only(failed: FailedObject, host: Host) -> Words | None:
    fits = failed.lacks("enabled") and failed.want.get("enabled") is True and _service(failed, host, "active")
    return {"name": failed.key[-1]} if fits and not failed.lacks("active") else None


def _service(failed: FailedObject, host: Host, fact: str) -> object:
    if failed.kind == "service":
        return host.service(failed.key[0]).value(fact)
    return host.guest(failed.key[0], failed.key[1]).service(failed.key[2]).value(fact)


RUNNING = (
    Pattern(
        "disk-gone",
        ("domain",),
        _disk_gone,
        "`{name}` cannot start: its disk {file} is not there (moved, renamed, or never made).",
        "virsh domblklist --inactive {name}",
    ),
    Pattern(
        "base-gone",
        ("domain",),
        _base_gone,
        "`{name}` cannot start: its disk {file} is an overlay, and its base {base} is not there.",
        "qemu-img info -U --backing-chain {file}",
    ),
    Pattern(
        "disk-in-use",
        ("domain",),
        _disk_in_use,
        "`{name}` cannot start: its disk {file} is that of `{other}`, which runs.",
        "virsh domblklist {other}",
    ),
    Pattern(
        "unreadable",
        ("domain",),
        _unreadable,
        "`{name}` cannot start: qemu runs as the user {user}, who may not pass through {folder}, where the disk lies.",
        "namei -l {folder}",
    ),
    Pattern(
        "its-network-is-off",
        ("domain",),
        _its_network,
        "`{name}` cannot start: its network `{network}` is not active.",
        "virsh net-list --all",
    ),
    Pattern(
        "no-space",
        ("domain", "guest-*", "reach"),
        _no_space,
        "`{name}` has paused by itself because a write to its disk failed: most often the host's filesystem is full.",
        "virsh domblkerror {name}; df -h",
    ),
    Pattern(
        "paused",
        ("domain",),
        _paused,
        "`{name}` is paused: `virsh resume` lets it go on.",
        "virsh domstate --reason {name}",
    ),
    Pattern(
        "crashed",
        ("domain",),
        _crashed,
        "`{name}` has not shut down: its qemu was ended. Its log says when, and the kernel's whether memory ran out.",
        "tail /var/log/libvirt/qemu/$(basename {name}).log; dmesg | grep -i oom",
    ),
    Pattern(
        "never-started",
        ("domain",),
        _never_started,
        "`{name}` is defined, which does not start it.",
        "virsh list --all",
    ),
    Pattern(
        "kib",
        ("domain",),
        _kib,
        "`{name}` was given {kib} KiB: a number without a unit is KiB to virsh (256M is 256 MiB).",
        "virsh dumpxml --inactive {name} | grep -i memory",
    ),
    Pattern(
        "only-the-maximum",
        ("domain",),
        _only_the_maximum,
        "`{name}` may have {most} MiB and has {now}: the maximum (setmaxmem) and the current memory (setmem) are two.",
        "virsh dominfo {name}",
    ),
    Pattern(
        "over-the-maximum",
        ("domain",),
        _over_the_maximum,
        "`{name}` cannot have more than {most}: the maximum is stored (--maximum --config) and fixed at its start.",
        "virsh vcpucount {name}; virsh dominfo {name}",
    ),
    Pattern(
        "no-channel",
        ("domain",),
        _no_channel,
        "`{name}` has no channel org.qemu.guest_agent.0: without it the host cannot speak with the agent in the guest.",
        "virsh dumpxml {name} | grep -A 3 '<channel'",
    ),
    Pattern(
        "agent-silent",
        ("domain",),
        _agent_silent,
        "`{name}` has the agent's channel, but nothing answers at its other end: the service in the guest is missing "
        "or not started.",
        "virsh dumpxml {name} | grep guest_agent",
    ),
    Pattern(
        "enabled-only",
        ("service", "guest-service"),
        _enabled_only,
        "`{name}` is enabled, which counts at the next boot; it has not been started (systemctl enable --now).",
    ),
    Pattern(
        "active-only",
        ("service", "guest-service"),
        _active_only,
        "`{name}` runs now, but nothing starts it at the next boot (systemctl enable).",
    ),
)
