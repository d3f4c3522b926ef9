"""What lies around the object of a failed finding: its domain, that one's disks and interfaces, the same object in
another view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from kvmlab.checks.facts import fact_names
from kvmlab.checks.reader import Key, MissingObject
from kvmlab.checks.subject import Subject
from kvmlab.checks.vocabulary.devices import Console, Disk, Graphics, Interface
from kvmlab.checks.vocabulary.domain import Domain, LiveDomain, StoredDomain
from kvmlab.checks.vocabulary.host import Host
from kvmlab.checks.vocabulary.network import Network, StoredNetwork
from kvmlab.checks.vocabulary.storage import Pool, StoredPool
from kvmlab.grading.mistakes.pattern import FailedObject

MANY = 30
"""Domains that are looked through at most."""
DEVICES: Mapping[str, type[Subject]] = {"interface": Interface, "disk": Disk, "console": Console, "graphics": Graphics}
_NOUNS: Mapping[tuple[str, str], type[Subject]] = {
    ("domain", "now"): Domain,
    ("domain", "live"): LiveDomain,
    ("domain", "stored"): StoredDomain,
    ("network", "now"): Network,
    ("network", "stored"): StoredNetwork,
    ("pool", "now"): Pool,
    ("pool", "stored"): StoredPool,
    **{(kind, view): noun for kind, noun in DEVICES.items() for view in ("now", "live", "stored")},
}
ONLY_RUNNING = (
    "target",
    "sent_bytes",
    "sent_packets",
    "addresses",
    "path",
    "output",
    "port",
    "uri",
    "open_in_qemu",
    "pci",
)
"""Facts of devices that no stored definition has."""


def met_by(noun: type[Subject], host: Host, key: Key, failed: FailedObject, without: tuple[str, ...] = ()) -> bool:
    """Whether another object has what this one lacks: the same in another view, or in a file."""
    known = fact_names(noun.facts)
    names = [name for name in failed.unmet if name in known and name in failed.want and name not in without]
    want = {name: failed.want[name] for name in names}
    if not want or want.get("exists") is False:
        return False
    found = noun(host.reader, key)._finding(want)
    return found.met and bool(found.facts)


def as_in(view: str, failed: FailedObject, host: Host) -> bool:
    """Whether the same object is as wanted in that view."""
    noun = _NOUNS.get((failed.kind, view))
    key = (failed.key[0], view, *failed.key[2:])
    return noun is not None and met_by(noun, host, key, failed, ONLY_RUNNING if failed.kind in DEVICES else ())


def off(name: str, host: Host) -> bool:
    """Whether a domain is defined and does not run."""
    return bool(host.domain(name).value("state") == "shut off")


def wanted_running(failed: FailedObject) -> bool:
    """Whether the finding is about a domain that should run."""
    if failed.kind == "domain" and failed.want.get("state") == "running" and failed.lacks("state"):
        return True
    return failed.view == "live" and failed.missing


def disks(host: Host, name: str) -> Iterator[Disk]:
    """The disks of a domain that are files, as stored."""
    stored = host.domain(name).stored
    for target in stored.value("disks") or ():
        disk = stored.disk(target=target)
        if disk.value("source"):
            yield disk


def interfaces(host: Host, name: str) -> Iterator[Interface]:
    """The interfaces of a domain, as it is now."""
    domain = host.domain(name)
    for index in range(len(domain.value("interfaces") or ())):
        yield domain.interface(index=index)


def domains(host: Host) -> list[str]:
    """The names of the domains, not more than MANY."""
    return list(host.domains().value("names") or ())[:MANY]


def owner_of(mac: str, host: Host) -> list[str]:
    """The domains that have an interface with this MAC address."""
    return [name for name in domains(host) if mac.lower() in (host.domain(name).value("interfaces") or ())]


def parents(path: str) -> Iterator[str]:
    """The directories above a file, the nearest first, without /."""
    return (str(one) for one in PurePosixPath(path).parents if str(one) != "/")


def new_rules(host: Host) -> list[str]:
    """Rules of the host's firewall that are not libvirt's and were not there at the lab's start:
    "ip filter FORWARD: type filter hook forward priority filter; policy drop;"."""
    start, now = (host.reader.read(when, ("firewall", "rules"), ["rules"]) for when in ("start", "present"))
    before: Any = () if isinstance(start, MissingObject) else start["rules"].value
    rules: Any = () if isinstance(now, MissingObject) else now["rules"].value
    return [rule for rule in rules if rule not in before]
