"""The host's packages, services, processes and accounts, through the fact server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import Any

from kvmlab.checks.reader import CAUSES, Cause, MissingObject, Reading
from kvmlab.errors import CouldNotLook
from kvmlab.remote.host_connection import HostConnection
from kvmlab.remote.parsing.readings import AT_BOOT, MASKED_FOR_NOW, masked_for_now, pattern
from kvmlab.words import t

Facts = Mapping[str, object]


def package(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """PackageFacts."""
    said = way.find("packages", name=key[0])
    there = said is not None and said["status"] == "installed"
    return {"installed": there, "version": said["version"] if there else None}


def service(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """ServiceFacts. A unit that its socket starts counts as enabled where the socket is. What is masked starts by
    nothing, and a socket whose service is masked answers nobody."""
    unit = _unit(way, key[0])
    if unit is None:
        return MissingObject("no such unit")
    if unit.get("ActiveState") in ("activating", "reloading") and unit.get("SubState") != "auto-restart":
        starting = t("The unit {name} is only starting.", name=key[0])
        raise CouldNotLook(starting, f"systemctl status {key[0]}", transient=True)
    found = {"active": unit.get("ActiveState") == "active", "enabled": _starts_at_boot(way, key[0], unit),
             "listens": [str(said).partition(" ")[0] for said in unit.get("Listens", ())]}  # fmt: skip
    wrong = tuple(_wrong(unit))
    return {**found, CAUSES: Reading(wrong)} if wrong else found


def _wrong(unit: Unit) -> Iterator[Cause]:
    """What is wrong with its files."""
    if said := unit.get("Wrong", ""):
        yield Cause("wrong", said.splitlines()[0][:200], None, f"systemd-analyze verify {quote(unit.get('Id', ''))}")
    if unit.get("Listens") and unit.get("NeedDaemonReload") == "yes":  # the next boot reads what systemd has not yet
        yield Cause("unread", True, False, f"systemctl cat {quote(unit.get('Id', ''))}", alone=True)


def starts_at_boot(way: HostConnection, name: str) -> bool:
    """Whether systemd starts a unit at the next boot."""
    unit = _unit(way, name)
    return unit is not None and _starts_at_boot(way, name, unit)


Unit = Mapping[str, Any]


def _unit(way: HostConnection, name: str) -> Unit | None:
    """What systemd says of a unit; None where there is none."""
    said: Unit | None = way.find("services", name=name)
    return said


def _starts_at_boot(way: HostConnection, name: str, unit: Unit) -> bool:
    """It is not masked, nor is what it starts, it can start, and it is enabled or something is that starts it."""
    if (
        not _free(name, unit)
        or not _can_start(unit)
        or not all(_free(other, found) and _can_start(found) for other, found in _named(way, unit, "Triggers"))
    ):
        return False
    starters = _named(way, unit, "TriggeredBy")
    return _own(unit) or any(_free(other, found) and _own(found) for other, found in starters)


def _own(unit: Unit) -> bool:
    return unit.get("UnitFileState") in AT_BOOT


def _can_start(unit: Unit) -> bool:
    """systemd takes its files, and the commands in them are there."""
    return unit.get("LoadState", "loaded") == "loaded" and "is not executable" not in unit.get("Wrong", "")


def _free(name: str, unit: Unit) -> bool:
    """It is not masked. Raises CouldNotLook where it is so for now."""
    if unit.get("UnitFileState") == MASKED_FOR_NOW:
        raise masked_for_now(name)
    return unit.get("UnitFileState") != "masked"


def _named(way: HostConnection, unit: Unit, relation: str) -> list[tuple[str, Unit]]:
    found = ((name, _unit(way, name)) for name in unit.get(relation, "").split())
    return [(name, other) for name, other in found if other is not None]


def process(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """ProcessFacts."""
    by, value = key
    found = [said for said in way.ask("processes") if _fits(said, by, value)]
    first: dict[str, Any] = found[0] if found else {}
    threads = first.get("threads", [])
    return {
        "count": len(found), "pids": [said["pid"] for said in found], "pid": first.get("pid"),
        "user": first.get("user"), "age_s": first.get("age_s"), "command": " ".join(first["args"]) if first else None,
        "threads": [thread["name"] for thread in threads],
        "vcpu_threads": [thread["tid"] for thread in _vcpus(threads)],
        "vcpu_cpus": {str(vcpu): cpu_list(thread["cpus"]) for vcpu, thread in enumerate(_vcpus(threads))},
        "rss_mib": round(first["rss_kib"] / 1024) if first else None,
        "pss_mib": round(first["pss_kib"] / 1024) if first.get("pss_kib") else None,
    }  # fmt: skip


def _vcpus(threads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The threads that are vCPUs, in their order: qemu calls them "CPU 0/KVM" or "CPU 0/TCG"."""
    found = [(re.fullmatch(r"CPU (\d+)/\w+", thread["name"]), thread) for thread in threads]
    return [thread for _, thread in sorted(((int(match[1]), one) for match, one in found if match), key=_first)]


def _first(pair: tuple[int, object]) -> int:
    return pair[0]


def cpu_list(cpus: Sequence[int]) -> str:
    """CPUs as Linux and libvirt write a list of them: "0-2,5"."""
    runs: list[list[int]] = []
    for cpu_ in sorted(cpus):
        if runs and cpu_ == runs[-1][-1] + 1:
            runs[-1].append(cpu_)
        else:
            runs.append([cpu_])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _fits(said: dict[str, Any], by: str, value: str) -> bool:
    args: list[str] = said["args"]
    if by == "domain":
        after = [args[place + 1] for place, word in enumerate(args[:-1]) if word == "-name"]
        return any(word.split(",")[0] in (f"guest={value}", value) for word in after)
    return bool(pattern(value).search(" ".join(args)))


def sysctl(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """SysctlFacts."""
    value = way.find("sysctl", name=key[0])
    return MissingObject("no such kernel parameter") if value is None else {"value": value}


def module(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """ModuleFacts: what is built in has a directory in /sys/module too."""
    return {"loaded": way.find("file", path=f"/sys/module/{key[0].replace('-', '_').replace('/', '_')}") is not None}


def account(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """AccountFacts."""
    said: Facts | None = way.find("account", name=key[0])
    return MissingObject("no such account") if said is None else said


# PAM_NEW_AUTHTOK_REQD in pam_strerror(3)'s words: such an account comes in, and has to choose a password as it does.
_NEW_PASSWORD = "Authentication token is no longer valid; new one required"


def login(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """LoginFacts."""
    refusal = way.find("admits", service=key[0], name=key[1])
    if refusal is None:
        return MissingObject("no such service of PAM")
    return {"admitted": refusal in ("", _NEW_PASSWORD), "refusal": refusal or None}


def cpu(way: HostConnection, key: tuple[str, ...]) -> Facts:
    """CpuFacts."""
    facts: dict[str, object] = way.ask("cpu")
    return facts
