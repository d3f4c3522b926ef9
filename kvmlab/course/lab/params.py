"""A lab's parameters: the course's own values, or others drawn from a seed.

    [parameters]                        [variants]
    bridge = "br0"                      bridge = "br{0-9}"
    address = "10.0.0.122"              address = "10.0.0.{100-199}"
    cidr = "{{ address }}/24"           format = ["qcow2", "raw"]

    [named.full]                        a variant by name: `--variant full`, or `--variant full+SEED`
    image = "full"                      to draw the rest as well

A range is `{100-199}`, in steps `{256-1024/64}`, zero-filled `{01-20}` or two hex digits `{0x10-0xef}`.
The same seed gives the same values everywhere: they are cut from SHA-256, not from Python's random numbers.
Two values that differ in the course differ in every variant, and none hits what a lab host has anyway.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any

from kvmlab.course.front_matter import Front
from kvmlab.course.lab.lan import LAN, TAKEN
from kvmlab.course.names import TASK, VARIANT
from kvmlab.course.source import Place
from kvmlab.course.template import names_in, value
from kvmlab.errors import UsageError
from kvmlab.nearest import nearest
from kvmlab.safe_text import shown
from kvmlab.words import t

ATTEMPTS = 2000
_RANGE = re.compile(r"(?<!\{)\{(0x[0-9a-f]+|\d+)-(0x[0-9a-f]+|\d+)(?:/(\d+))?\}(?!\})")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED = {"lan", "read", "peek", "fill", *dir(dict)}  # what Params and templates have themselves


def parameters(front: Front, lab_id: str, seed: str | None) -> dict[str, Any]:
    """All parameters of a lab with `lan`, rendered. `seed` None: the course's own values; else a variant."""
    raw, variants = dict(front.table.get("parameters", {})), front.table.get("variants", {})
    _refuse_names(front, raw)
    _refuse_variants(front, raw, variants)
    _refuse_named(front, raw)
    name, seed = by_name(seed, front.table.get("named", {}))
    given = front.table["named"][name] if name else {}
    raw |= given
    variants = {key: spec for key, spec in variants.items() if key not in given}
    own = _resolved(front, raw)
    fixed = {_bare(text) for guest in front.table.get("guests", []) for text in _texts(guest)}
    if seed is None or not variants:
        return {**own, "lan": LAN}
    for attempt in range(ATTEMPTS):
        drawn = {key: _draw(spec, raw[key], f"{lab_id}\n{seed}\n{attempt}\n{key}") for key, spec in variants.items()}
        values = _resolved(front, {**raw, **drawn})
        if not _collides(own, values, fixed):
            return {**values, "lan": LAN}
    raise front.place("variants").error(t("the ranges leave no room for values that differ from each other."))


def by_name(variant: str | None, names: Collection[str]) -> tuple[str, str | None]:
    """Which of the named variants is meant, "" for none, and the seed that draws the rest: of `full+7` full and 7."""
    name, _, seed = (variant or "").partition("+")
    return (name, seed or None) if name in names else ("", variant)


def check_seed(seed: str | None) -> str | None:
    """`seed` if it can be one: 1 to 64 letters, digits and `_.@+-`."""
    if seed is not None and not VARIANT.fullmatch(seed):
        message = t("`{seed}` is not a variant: 1 to 64 letters, digits and `_.@+-`.", seed=shown(seed))
        raise UsageError(message, "kvmlab --variant zhang-wei start LAB")
    return seed


def _refuse_names(front: Front, raw: Mapping[str, Any]) -> None:
    for key in raw:
        place = front.place("parameters", 0, key)
        if not _NAME.fullmatch(key):
            raise place.error(t("`{name}` is not a parameter's name: small letters, digits, `_`.", name=shown(key)))
        if key in _RESERVED:
            raise place.error(t("`{name}` is taken; choose another name.", name=key))


def _refuse_variants(front: Front, raw: Mapping[str, Any], variants: Mapping[str, Any]) -> None:
    for key, spec in variants.items():
        place = front.place("variants", 0, key)
        if key not in raw:
            meant = nearest(key, raw)
            tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
            raise place.error(t("`{name}` is not a parameter.", name=shown(key)) + tail)
        if isinstance(spec, list) and spec:
            for choice in spec:
                if type(choice) is not type(raw[key]):
                    raise place.error(t("`{choice}` is not of the parameter's type.", choice=shown(choice)))
        elif isinstance(spec, str) and _RANGE.search(spec):
            _refuse_ranges(place, spec)
            if isinstance(raw[key], int) and not _RANGE.fullmatch(spec):
                raise place.error(t("a number's variants are one range, such as `{256-1024/64}`."))
        else:
            message = t("neither a list of choices nor a text with a range such as `10.0.0.{100-199}`.")
            raise place.error(f"`{key}`: {message}")


def _refuse_named(front: Front, raw: Mapping[str, Any]) -> None:
    """A named variant has a plain name, and other values for parameters that there are."""
    for name, given in front.table.get("named", {}).items():
        place = front.place(f"named.{name}")
        if not TASK.fullmatch(name) or not isinstance(given, dict) or not given:
            said = t("`[named.{name}]` is a table of parameters, its name of small letters.", name=shown(name))
            raise place.error(said)
        for key, one in given.items():
            if key not in raw or type(one) is not type(raw[key]):
                place = front.place(f"named.{name}", 0, key)
                raise place.error(t("`{name}` is not a parameter, or of another type.", name=shown(key)))


def _refuse_ranges(place: Place, spec: str) -> None:
    for match in _RANGE.finditer(spec):
        if (
            int(match[1], 0 if match[1].startswith("0x") else 10)
            > int(match[2], 0 if match[2].startswith("0x") else 10)
            or match[3] == "0"
        ):
            raise place.error(t("`{range}` is an empty range.", range=match[0]))


def _draw(spec: list[Any] | str, own: Any, seed: str) -> Any:
    """One of the choices, or the text with each range replaced by one of its numbers."""
    if isinstance(spec, list):
        return spec[_number(seed, len(spec))]
    ranges = iter(range(1000))

    def one(match: re.Match[str]) -> str:
        hexadecimal = match[1].startswith("0x")
        low, high = (int(match[n], 16 if hexadecimal else 10) for n in (1, 2))
        step = int(match[3] or 1)
        number = low + step * _number(f"{seed}\n{next(ranges)}", (high - low) // step + 1)
        if hexadecimal:
            return f"{number:02x}"
        filled = len(match[1]) > 1 and match[1].startswith("0")
        return str(number).zfill(len(match[1])) if filled else str(number)

    text = _RANGE.sub(one, spec)
    return int(text) if isinstance(own, int) else text


def _number(seed: str, below: int) -> int:
    return int.from_bytes(sha256(seed.encode()).digest()[:16]) % below


def _resolved(front: Front, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Templates over other parameters filled in, whatever order they stand in; a circle is an error."""
    done: dict[str, Any] = {}
    open_: list[str] = []

    def resolve(key: str) -> None:
        if key in done:
            return
        place = front.place("parameters", 0, key)
        if key in open_:
            circle = " → ".join([*open_[open_.index(key) :], key])
            raise place.error(t("these parameters need each other: {circle}.", circle=circle))
        open_.append(key)
        for text in _texts(raw[key]):
            for name in sorted(names_in(text, place) & raw.keys()):
                resolve(name)
        done[key] = _filled(raw[key], {**done, "lan": LAN}, place)
        open_.pop()

    for key in raw:
        resolve(key)
    return {key: done[key] for key in raw}


def _filled(raw: Any, values: Mapping[str, Any], place: Place) -> Any:
    if isinstance(raw, str):
        return value(raw, values, place) if "{{" in raw or "{%" in raw else raw
    if isinstance(raw, list):
        return [_filled(one, values, place) for one in raw]
    if isinstance(raw, dict):
        return {key: _filled(one, values, place) for key, one in raw.items()}
    if isinstance(raw, (int, float)):
        return raw
    raise place.error(t("a parameter is text, a number, true or false, a list or a table of these."))


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)


def _collides(own: Mapping[str, Any], drawn: Mapping[str, Any], fixed: set[str]) -> bool:
    """Whether two texts that differ in the course have become one, or one hits what is there anyway.

    An address counts without its prefix length: 10.0.0.5 and 10.0.0.5/24 are the same place.
    """
    taken = {*TAKEN, *fixed, *(_bare(text) for text in _texts(LAN))}
    seen: dict[str, str] = {}
    for key, new_value in drawn.items():
        after = [_bare(text) for text in _texts(new_value)]
        before = [_bare(text) for text in _texts(own[key])]
        if len(before) != len(after):  # a choice between lists: each text counts as new
            before = [f"{key} {n}" for n in range(len(after))]
        for old, new in zip(before, after, strict=True):
            if seen.setdefault(new, old) != old or (new != old and new in taken):
                return True
    return False


def _bare(text: str) -> str:
    return text.strip().lower().partition("/")[0] or text
