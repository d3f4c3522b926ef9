"""What a lab starts with, out of its header: guests, networks, pools, domains, files, ISOs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

from kvmlab.course.front_matter import Fields, Front, check_fields
from kvmlab.course.lab.model import (
    DISK_BUSES,
    GUEST_STATES,
    NIC_MODELS,
    FileSpec,
    GuestSpec,
    IsoSpec,
    StartObject,
    Survivor,
)
from kvmlab.course.names import OBJECT
from kvmlab.course.source import Piece, Place, inside, read_source
from kvmlab.course.template import render
from kvmlab.safe_text import shown
from kvmlab.words import t

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
GUEST: Fields = {
    "name": str,
    "image": str,
    "memory_mib": (int, str),
    "vcpus": (int, str),
    "network": str,
    "mac": str,
    "address": str,
    "disk_gib": (int, str),
    "state": str,
    "max_memory_mib": (int, str),
    "max_vcpus": (int, str),
    "nic_model": str,
    "disk_bus": str,
}
OBJECTS: Fields = {"xml": str, "active": bool, "autostart": bool}
FILES: Fields = {"path": str, "text": str, "template": str, "mode": (str, int)}
ISOS: Fields = {"image": str, "path": str}
SURVIVORS: Fields = {"mutant": str, "reason": str}
FEWEST_WORDS = 4
CHOICES = {"state": GUEST_STATES, "nic_model": NIC_MODELS, "disk_bus": DISK_BUSES}
NUMBERS = {
    "memory_mib": (16, 65536),
    "vcpus": (1, 64),
    "disk_gib": (1, 2048),
    "max_memory_mib": (16, 65536),
    "max_vcpus": (1, 64),
}


def guests(front: Front, values: Mapping[str, Any], make_mac: Callable[[str], str]) -> tuple[GuestSpec, ...]:
    """The header's [[guests]]."""
    found: list[GuestSpec] = []
    for index, raw in enumerate(front.table.get("guests", [])):
        table = check_fields(front, raw, GUEST, ("name",), at="guests", index=index)
        filled = {key: _filled(front, "guests", index, key, table[key], values) for key in table}
        for key in NUMBERS.keys() & filled.keys():
            filled[key] = _number(key, filled[key], front.place("guests", index, key))
        guest = GuestSpec(**{"mac": make_mac(filled["name"]), **filled})
        _refuse_guest(front, index, guest, found)
        found.append(guest)
    return tuple(found)


def _refuse_guest(front: Front, index: int, guest: GuestSpec, others: list[GuestSpec]) -> None:
    def wrong(key: str) -> None:
        message = t("`{value}` cannot be a guest's {key}.", value=shown(getattr(guest, key)), key=key)
        raise front.place("guests", index, key).error(message)

    for key in ("name", "image", "network"):
        if not OBJECT.fullmatch(getattr(guest, key)):
            wrong(key)
    if not MAC.fullmatch(guest.mac) or int(guest.mac[1], 16) & 1:
        wrong("mac")
    for key, words in CHOICES.items():
        if getattr(guest, key) not in words:
            wrong(key)
    for key in ("memory_mib", "vcpus"):
        if 0 < getattr(guest, f"max_{key}") < getattr(guest, key):
            wrong(f"max_{key}")
    if guest.address and not _is_address(guest.address):
        wrong("address")
    for key in ("name", "mac", "address"):
        if getattr(guest, key) and getattr(guest, key) in [getattr(one, key) for one in others]:
            message = t("two guests have the {key} `{value}`.", key=key, value=getattr(guest, key))
            raise front.place("guests", index, key).error(message)


def _is_address(text: str) -> bool:
    try:
        return str(IPv4Address(text)) == text
    except ValueError:
        return False


def _number(key: str, value: int | str, place: Place) -> int:
    low, high = NUMBERS[key]
    text = str(value).strip()
    if not re.fullmatch(r"\d{1,6}", text) or not low <= int(text) <= high:
        raise place.error(t("`{name}` is a whole number from {low} to {high}.", name=key, low=low, high=high))
    return int(text)


def objects(front: Front, kind: str, folder: Path, root: Path, values: Mapping[str, Any]) -> tuple[StartObject, ...]:
    """The header's [[networks]], [[pools]] or [[domains]]: XML templates beside lab.md."""
    found: dict[str, StartObject] = {}
    for index, raw in enumerate(front.table.get(kind, [])):
        table = check_fields(front, raw, OBJECTS, ("xml",), at=kind, index=index)
        place = front.place(kind, index, "xml")
        xml = template_file(folder, root, table["xml"], place, values, xml=True)
        name = _name_in(xml, read_source(folder / table["xml"], root).at(1))
        if name in found:
            raise place.error(t("`{name}` is defined twice.", name=name))
        found[name] = StartObject(name, xml, table["xml"], table.get("active", True), table.get("autostart", False))
    return tuple(found.values())


def template_file(
    folder: Path, root: Path, name: str, place: Place, values: Mapping[str, Any], *, xml: bool = False
) -> str:
    """The template `name` beside lab.md, filled in."""
    source = read_source(inside(folder, name, place), root)
    return render(Piece(source.text, source.at(1)), values, xml=xml)


def _name_in(xml: str, place: Place) -> str:
    try:
        name = (ElementTree.fromstring(xml).findtext("name") or "").strip()
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise place.error(t("XML: {reason}.", reason=shown(error, 120)), below=line - 1) from None
    if not OBJECT.fullmatch(name):
        raise place.error(t("its XML has no `<name>`, or `{name}` cannot be one.", name=shown(name)))
    return name


def files(front: Front, folder: Path, root: Path, values: Mapping[str, Any]) -> tuple[FileSpec, ...]:
    """The header's [[files]]: a path on the lab host, and `text`, or a `template` beside lab.md."""
    found = []
    for index, raw in enumerate(front.table.get("files", [])):
        table = check_fields(front, raw, FILES, ("path",), at="files", index=index)
        place = front.place("files", index, "path")
        path = _path(front, "files", index, table["path"], values)
        if ("text" in table) == ("template" in table):
            raise place.error(t("a file has either `text` or `template`."))
        if "text" in table:
            text = str(_filled(front, "files", index, "text", table["text"], values))
        else:
            at = front.place("files", index, "template")
            text = template_file(folder, root, table["template"], at, values)
        found.append(FileSpec(path, text, _mode(table.get("mode", 0o644), front.place("files", index, "mode"))))
    return tuple(found)


def survivors(front: Front, values: Mapping[str, Any]) -> tuple[Survivor, ...]:
    """The header's [[survivors]]: which mutants of the solved state (`prove --only mutants`) may pass, and why."""
    found = []
    for index, raw in enumerate(front.table.get("survivors", [])):
        table = check_fields(front, raw, SURVIVORS, tuple(SURVIVORS), at="survivors", index=index)
        if len(table["reason"].split()) < FEWEST_WORDS:
            raise front.place("survivors", index, "reason").error(t("say in a sentence why this may be so."))
        found.append(Survivor(*(_filled(front, "survivors", index, key, table[key], values) for key in SURVIVORS)))
    return tuple(found)


def isos(front: Front, values: Mapping[str, Any]) -> tuple[IsoSpec, ...]:
    """The header's [[isos]]: an installer ISO of ours, and its path on the lab host."""
    found = []
    for index, raw in enumerate(front.table.get("isos", [])):
        table = check_fields(front, raw, ISOS, ("image", "path"), at="isos", index=index)
        if not OBJECT.fullmatch(table["image"]):
            message = t("`{name}` is not an ISO's name.", name=shown(table["image"]))
            raise front.place("isos", index, "image").error(message)
        found.append(IsoSpec(table["image"], _path(front, "isos", index, table["path"], values)))
    return tuple(found)


def _path(front: Front, table: str, index: int, raw: str, values: Mapping[str, Any]) -> str:
    """The absolute path of a file on the lab host."""
    path = str(_filled(front, table, index, "path", raw, values))
    plain = PurePosixPath(path)
    if not plain.is_absolute() or ".." in plain.parts or not path.isprintable() or path.endswith("/"):
        message = t("`{path}` is not the absolute path of a file.", path=shown(path))
        raise front.place(table, index, "path").error(message)
    return path


def _mode(value: int | str, place: Place) -> int:
    if isinstance(value, str) and re.fullmatch(r"0?[0-7]{3,4}", value):
        value = int(value, 8)
    if not isinstance(value, int) or not 0 <= value <= 0o7777:
        raise place.error(t('`mode` is written as in chmod(1): "0644".'))
    return value


def _filled(front: Front, table: str, index: int, key: str, raw: Any, values: Mapping[str, Any]) -> Any:
    return render(Piece(raw, front.place(table, index, key)), values) if isinstance(raw, str) else raw
