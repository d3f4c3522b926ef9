"""The host's files, packages, services and processes, through the fact server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kvmlab.checks.reading import Missing
from kvmlab.guest.readings import AT_BOOT, TEXT_CAP, pattern, text_facts
from kvmlab.host.storage import Image
from kvmlab.host.way import NotThere, Way

Facts = Mapping[str, object]


def file(way: Way, key: tuple[str, ...], names: Sequence[str]) -> Facts | Missing:
    """FileFacts."""
    content = bool({"text", "lines"} & set(names))
    summed = bool({"sha256", "blank"} & set(names))
    try:
        said = way.ask("file", path=key[0], content=content, sha256=summed)
    except NotThere:
        return Missing("no such file", _beside(way, key[0]))
    kind = "device" if "device" in said["kind"] else said["kind"]
    return {
        "kind": kind, "size_bytes": said["size"], "mode": f"{said['mode']:04o}",
        "owner": f"{said['owner']}:{said['group']}", "age_s": said["age_s"], "target": said.get("target"),
        "sha256": said.get("sha256"), "blank": said.get("blank", False), **text_facts(said.get("text")),
    }  # fmt: skip


def _beside(way: Way, path: str) -> tuple[str, ...]:
    """The files in the same directory, for "did you mean"."""
    folder = path.rpartition("/")[0] or "/"
    try:
        entries = way.ask("file", path=folder, content=True).get("entries", ())
    except NotThere:
        return ()
    return tuple(f"{folder.rstrip('/')}/{entry}" for entry in entries)


def package(way: Way, key: tuple[str, ...]) -> Facts:
    """PackageFacts."""
    try:
        said = way.ask("packages", name=key[0])
    except NotThere:
        return {"installed": False, "version": None}
    there = said["status"] == "installed"
    return {"installed": there, "version": said["version"] if there else None}


def service(way: Way, key: tuple[str, ...]) -> Facts | Missing:
    """ServiceFacts. A unit that its socket starts counts as enabled where the socket is."""
    try:
        said = way.ask("services", name=key[0])
    except NotThere:
        return Missing("no such unit")
    enabled = said.get("UnitFileState") in AT_BOOT or _socket_enabled(way, key[0])
    return {"active": said.get("ActiveState") == "active", "enabled": enabled}


def _socket_enabled(way: Way, name: str) -> bool:
    if name.endswith(".socket"):
        return False
    try:
        said = way.ask("services", name=f"{name.removesuffix('.service')}.socket")
    except NotThere:
        return False
    return bool(said.get("UnitFileState") == "enabled")


def process(way: Way, key: tuple[str, ...]) -> Facts:
    """ProcessFacts."""
    by, value = key
    found = [said for said in way.ask("processes") if _fits(said, by, value)]
    first: dict[str, Any] = found[0] if found else {}
    threads = first.get("threads", [])
    return {
        "count": len(found), "pids": [said["pid"] for said in found], "pid": first.get("pid"),
        "user": first.get("user"), "command": " ".join(first["args"]) if first else None,
        "threads": [thread["name"] for thread in threads],
        "vcpu_threads": _vcpu_threads(threads),
        "rss_mib": round(first["rss_kib"] / 1024) if first else None,
        "pss_mib": round(first["pss_kib"] / 1024) if first.get("pss_kib") else None,
    }  # fmt: skip


def _vcpu_threads(threads: list[dict[str, Any]]) -> list[int]:
    """Thread ids in the order of the vCPUs: qemu calls its threads "CPU 0/KVM" or "CPU 0/TCG"."""
    found = [(re.fullmatch(r"CPU (\d+)/\w+", thread["name"]), thread["tid"]) for thread in threads]
    return [tid for _, tid in sorted((int(match[1]), tid) for match, tid in found if match)]


def _fits(said: dict[str, Any], by: str, value: str) -> bool:
    args: list[str] = said["args"]
    if by == "domain":
        after = [args[place + 1] for place, word in enumerate(args[:-1]) if word == "-name"]
        return any(word.split(",")[0] in (f"guest={value}", value) for word in after)
    return bool(pattern(value).search(" ".join(args)))


def note(way: Way, key: tuple[str, ...]) -> Facts | Missing:
    """NoteFacts."""
    path, name = key
    try:
        text = way.ask("file", path=path, content=True, sha256=False).get("text")
    except NotThere:
        return Missing("no such file", _beside(way, path), name=path)
    noted = notes(text or "")
    if name.casefold() not in noted:
        return Missing("not noted", tuple(noted))
    value = noted[name.casefold()]
    number = re.match(r"[-+]?\d+(\.\d+)?(?=$|\s|[A-Za-z%])", value)
    return {"text": value, "number": float(number[0]) if number else None,
            "words": re.findall(r"[^\s,;>]+(?<!-)", value)}  # fmt: skip


def notes(text: str) -> dict[str, str]:
    """The lines NAME=VALUE or NAME: VALUE of a text; of two with one name the last counts, as a shell has it."""
    rows = (re.fullmatch(r"\s*([A-Za-z][\w.-]*)\s*[=:]\s*(.*?)\s*", line) for line in text[:TEXT_CAP].splitlines())
    return {row[1].casefold(): row[2].strip("'\"`") for row in rows if row and row[2]}


def sysctl(way: Way, key: tuple[str, ...]) -> Facts | Missing:
    """SysctlFacts."""
    try:
        return {"value": way.ask("sysctl", name=key[0])}
    except NotThere:
        return Missing("no such kernel parameter")


def module(way: Way, key: tuple[str, ...]) -> Facts:
    """ModuleFacts: what is built in has a directory in /sys/module too."""
    try:
        way.ask("file", path=f"/sys/module/{key[0].replace('-', '_').replace('/', '_')}")
    except NotThere:
        return {"loaded": False}
    return {"loaded": True}


def account(way: Way, key: tuple[str, ...]) -> Facts | Missing:
    """AccountFacts."""
    try:
        said: dict[str, object] = way.ask("account", name=key[0])
    except NotThere:
        return Missing("no such account")
    return said


def cpu(way: Way, key: tuple[str, ...]) -> Facts:
    """CpuFacts."""
    facts: dict[str, object] = way.ask("cpu")
    return facts


def image(way: Way, key: tuple[str, ...]) -> Image | Missing:
    """ImageFacts."""
    try:
        return Image(key[0], way.ask("image_info", path=key[0]), way)
    except NotThere:
        return Missing("no such file", _beside(way, key[0]))
