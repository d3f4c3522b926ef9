"""Reads libvirt's XML: without entities, by path, with units converted."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from xml.etree.ElementTree import Element as Element

from kvmlab.errors import CouldNotLook
from kvmlab.words import t

SIZE_CAP = 8 << 20  # characters; libvirt's own limit for one message is 32 MiB

_UNITS = {"b": 1, "byte": 1, "bytes": 1}
_UNITS |= {letter: 1 << 10 * power for power, letter in enumerate("kmgtpe", 1)}
_UNITS |= {f"{letter}ib": 1 << 10 * power for power, letter in enumerate("kmgtpe", 1)}
_UNITS |= {f"{letter}b": 1000**power for power, letter in enumerate("kmgtpe", 1)}


def parse(text: str) -> Element:
    """The root element. libvirt writes no document type, so one is a trick (entity bombs need one): CouldNotLook."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text or len(text) > SIZE_CAP:
        raise CouldNotLook(t("libvirt's answer is no XML that libvirt writes."))
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        raise CouldNotLook(t("libvirt's answer cannot be read: {error}", error=error)) from None


def attribute(root: Element, path: str, name: str) -> str | None:
    """The attribute of the first element at `path`; None where there is none."""
    found = root.find(path)
    return None if found is None else found.get(name)


def word(root: Element, path: str) -> str | None:
    """The text of the first element at `path`; None where there is none or it is empty."""
    found = root.findtext(path)
    return (found or "").strip() or None


def in_bytes(element: Element | None, default_unit: str) -> int | None:
    """A size such as <memory unit='KiB'>131072</memory>, in bytes."""
    if element is None or not (element.text or "").strip().isdigit():
        return None
    unit = _UNITS.get(element.get("unit", default_unit).lower())
    return None if unit is None else int((element.text or "").strip()) * unit


def in_mib(element: Element | None, default_unit: str = "KiB") -> int | float | None:
    """A size in MiB; whole where it is whole."""
    return mib(in_bytes(element, default_unit))


def mib(size: int | None) -> int | float | None:
    """Bytes as MiB: 128, or 127.99 where it is not whole."""
    if size is None:
        return None
    return size >> 20 if size % (1 << 20) == 0 else round(size / (1 << 20), 2)


def flag(value: str | None) -> bool:
    """libvirt's "yes" and "on"."""
    return value in ("yes", "on")


def number(value: str | None) -> int | None:
    """A decimal number; None where it is none."""
    return int(value) if value is not None and value.strip().lstrip("-").isdigit() else None


def elements(root: Element, path: str) -> Iterator[Element]:
    """All elements at `path`, in the order of the document."""
    yield from root.findall(path)
