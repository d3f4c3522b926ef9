"""Files of the host, what is noted in one, and images that are files, through the fact server."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kvmlab.checks.reader import MissingObject
from kvmlab.host.storage import Image, its_own
from kvmlab.remote.host_connection import HostConnection
from kvmlab.remote.parsing.readings import TEXT_CAP, text_facts

Facts = Mapping[str, object]


def file(way: HostConnection, key: tuple[str, ...], names: Sequence[str]) -> Facts | MissingObject:
    """FileFacts."""
    content = bool({"text", "lines"} & set(names))
    summed = bool({"sha256", "blank"} & set(names))
    said = way.find("file", path=key[0], content=content, sha256=summed)
    if said is None:
        return MissingObject("no such file", _beside(way, key[0]))
    kind = "device" if "device" in said["kind"] else said["kind"]
    return {
        "kind": kind, "size_bytes": said["size"], "mode": f"{said['mode']:04o}",
        "owner": f"{said['owner']}:{said['group']}", "age_s": said["age_s"], "target": said.get("target"),
        "link_age_s": said.get("link_age_s"),
        "sha256": said.get("sha256"), "blank": said.get("blank", False), "own_file": its_own(said),
        **text_facts(said.get("text")),
    }  # fmt: skip


def _beside(way: HostConnection, path: str) -> tuple[str, ...]:
    """The files in the same directory, for "did you mean"."""
    folder = path.rpartition("/")[0] or "/"
    found = way.find("file", path=folder, content=True) or {}
    return tuple(f"{folder.rstrip('/')}/{entry}" for entry in found.get("entries", ()))


def note(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """NoteFacts."""
    path, name = key
    said = way.find("file", path=path, content=True, sha256=False)  # as for its text: it is asked once
    if said is None:
        return MissingObject("no such file", _beside(way, path), name=path)
    noted = notes(said.get("text") or "")
    if name.casefold() not in noted:
        return MissingObject("not noted", tuple(noted))
    if len(noted[name.casefold()]) > 1:
        return MissingObject("noted more than once, and not the same")
    value = noted[name.casefold()][0]
    number = re.match(r"[-+]?\d+(\.\d+)?(?=$|\s|[A-Za-z%])", value)
    return {"text": value, "number": _number(number[0]) if number else None,
            "words": re.findall(r"[^\s,;>]+(?<!-)", value)}  # fmt: skip


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def notes(text: str) -> dict[str, list[str]]:
    """The lines NAME=VALUE or NAME: VALUE of a text, the different values of each name: several are no answer."""
    rows = (re.fullmatch(r"\s*([A-Za-z][\w.-]*)\s*[=:]\s*(.*?)\s*", line) for line in text[:TEXT_CAP].splitlines())
    found: dict[str, list[str]] = {}
    for row in rows:
        if row and row[2]:
            said = found.setdefault(row[1].casefold(), [])
            said += [value for value in [row[2].strip("'\"`")] if value not in said]
    return found


def image_snapshot(way: HostConnection, key: tuple[str, ...]) -> Facts | MissingObject:
    """ImageSnapshotFacts."""
    path, name = key
    found = image(way, (path,))
    if isinstance(found, MissingObject):
        return found
    if name not in found.snapshots:
        return MissingObject("no such snapshot", tuple(found.snapshots))
    return {"content_sha256": way.ask("image_sum", path=path, snapshot=name)}


def image(way: HostConnection, key: tuple[str, ...]) -> Image | MissingObject:
    """ImageFacts."""
    said = way.find("image_info", path=key[0])
    return MissingObject("no such file", _beside(way, key[0])) if said is None else Image(key[0], said, way)
