"""Mistakes with what is stored and what runs: libvirt has two definitions of each object, and files of its own."""

from __future__ import annotations

from kvmlab.checks.vocabulary.domain import DomainFile
from kvmlab.checks.vocabulary.host import Host
from kvmlab.grading.mistakes.around import DEVICES, as_in, met_by
from kvmlab.grading.mistakes.pattern import FailedObject, Pattern, Words

_OF_DOMAINS = ("domain", *DEVICES)
_OF_LIBVIRT = ("domain", "network", "pool")
_SESSION = {"domain": "qemu/{}.xml", "network": "qemu/networks/{}.xml", "pool": "storage/{}.xml"}


def _not_restarted(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    running = host.domain(name).value("state") == "running"
    fits = failed.view in ("now", "live") and running and as_in("stored", failed, host)
    return {"name": name} if fits and host.domain(name).value("persistent") else None


def _live_only(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    fits = failed.view == "stored" and host.domain(name).value("persistent") and as_in("live", failed, host)
    return {"name": name} if fits and not host.domain(name).value("managed_save") else None


def _network_not_restarted(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    fits = failed.view == "now" and host.network(name).value("active") and as_in("stored", failed, host)
    return {"name": name} if fits else None


def _network_live_only(failed: FailedObject, host: Host) -> Words | None:
    network = host.network(failed.key[0])
    fits = failed.view == "stored" and network.value("active") and network.value("persistent")
    return {"name": failed.key[0]} if fits and as_in("now", failed, host) else None


def _transient(failed: FailedObject, host: Host) -> Words | None:
    nouns = {"domain": host.domain, "network": host.network, "pool": host.pool}
    name = failed.key[0]
    concerned = failed.view == "stored" or failed.lacks("persistent", "autostart")
    return {"name": name} if concerned and nouns[failed.kind](name).value("persistent") is False else None


def _user_session(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    nouns = {"domain": host.domain, "network": host.network, "pool": host.pool}
    if not failed.missing or nouns[failed.kind](name).value("exists"):
        return None
    path = f"/root/.config/libvirt/{_SESSION[failed.kind].format(name)}"
    return {"name": name} if host.file(path).value("exists") else None


def _file_of(name: str) -> str:
    return f"/etc/libvirt/qemu/{name}.xml"


def _edited_by_hand(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    if failed.missing or not host.domain(name).value("persistent"):
        return None
    fits = met_by(DomainFile, host, (_file_of(name),), failed) and not as_in("stored", failed, host)
    return {"name": name, "file": _file_of(name)} if fits else None


def _not_loaded(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    fits = failed.missing and not host.domain(name).value("exists") and host.file(_file_of(name)).value("exists")
    return {"name": name, "file": _file_of(name)} if fits else None


def _saved_state(failed: FailedObject, host: Host) -> Words | None:
    name = failed.key[0]
    return {"name": name} if failed.view != "live" and host.domain(name).value("managed_save") else None


_DIFF = "diff <(virsh dumpxml {name}) <(virsh dumpxml --inactive {name})"

DEFINITIONS = (
    Pattern(
        "user-session",
        _OF_LIBVIRT,
        _user_session,
        "`{name}` is defined, but in qemu:///session, which is a world of its own: the lab is about qemu:///system.",
        "virsh -c qemu:///session list --all",
    ),
    Pattern(
        "file-not-loaded",
        ("domain",),
        _not_loaded,
        "The file {file} is there, and libvirt does not know `{name}`: it reads these files only when it starts, and "
        "passes over one that is broken; `virsh define` says what is wrong with it.",
        "virt-xml-validate {file} domain",
    ),
    Pattern(
        "saved-state",
        _OF_DOMAINS,
        _saved_state,
        "A saved state of `{name}` waits: the next start goes on from it, with the definition that is in there.",
        "virsh dominfo {name}",
    ),
    Pattern(
        "transient",
        _OF_LIBVIRT,
        _transient,
        "`{name}` runs, but nothing of it is stored: it was only created, or undefined while it ran.",
        "virsh dominfo {name}",
    ),
    Pattern(
        "not-restarted",
        _OF_DOMAINS,
        _not_restarted,
        "It is stored as wanted, but `{name}` runs on with what it was started with: it must be shut down and started; "
        "a reboot from within is not enough.",
        _DIFF,
    ),
    Pattern(
        "live-only",
        _OF_DOMAINS,
        _live_only,
        "`{name}` has it now, while it runs, but it is not stored: the next start forgets it (--config, --persistent).",
        _DIFF,
    ),
    Pattern(
        "network-not-restarted",
        ("network",),
        _network_not_restarted,
        "It is stored as wanted, but the network `{name}` runs on with what it was started with.",
        "diff <(virsh net-dumpxml {name}) <(virsh net-dumpxml --inactive {name})",
    ),
    Pattern(
        "network-live-only",
        ("network",),
        _network_live_only,
        "The network `{name}` has it now, but it is not stored: the next start forgets it (net-update with --config).",
        "diff <(virsh net-dumpxml {name}) <(virsh net-dumpxml --inactive {name})",
    ),
    Pattern(
        "edited-by-hand",
        ("domain",),
        _edited_by_hand,
        "It stands in {file} as wanted, but libvirt has not read that: it knows `{name}` by `virsh edit` and "
        "`virsh define`, and will write over the file.",
        "diff {file} <(virsh dumpxml --inactive {name})",
    ),
)
