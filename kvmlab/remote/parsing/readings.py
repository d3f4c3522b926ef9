"""Readings that a host and a guest have in common: routes, resolv.conf, texts, unit states."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from shlex import quote
from typing import Any

from kvmlab.checks.reader import MissingObject
from kvmlab.errors import AuthorError, CouldNotLook
from kvmlab.words import t

Facts = Mapping[str, object]

TEXT_CAP = 65536  # characters of a file that are a fact
# What systemctl is-enabled says of units that start at the next boot. "enabled-runtime" is forgotten by then.
AT_BOOT = ("enabled", "static", "alias", "indirect", "generated")
MASKED_FOR_NOW = "masked-runtime"


def chosen_route(routes: Iterable[Mapping[str, Any]], destination: str) -> Facts | MissingObject:
    """The route with the lowest metric to exactly `destination`."""
    routes = list(routes)
    fitting = [found for found in routes if same_network(str(found.get("dst")), destination)]
    if not fitting:
        return MissingObject("no such route", tuple(str(found.get("dst")) for found in routes))
    best = min(fitting, key=lambda found: found.get("metric") or 0)
    return {"via": best.get("gateway"), "dev": best.get("dev"), "src": best.get("prefsrc"),
            "metric": best.get("metric") or 0}  # fmt: skip


def same_network(one: str, other: str) -> bool:
    """Two destinations are the same: "default" is 0.0.0.0/0, an address alone a /32."""
    return one == other or _network(one) == _network(other)


def _network(text: str) -> object:
    try:
        return ipaddress.ip_network("0.0.0.0/0" if text == "default" else text, strict=False)
    except ValueError:
        return text


def resolv_conf(text: str) -> dict[str, list[str]]:
    """The servers and search domains of a resolv.conf(5)."""
    lines = [line.split() for line in text.splitlines() if line.strip() and line.strip()[0] not in "#;"]
    servers = dict.fromkeys(words[1] for words in lines if words[0] == "nameserver" and len(words) > 1)
    searched = [words[1:] for words in lines if words[0] in ("search", "domain")]
    return {"servers": list(servers), "search": searched[-1] if searched else []}


def text_facts(text: str | None) -> dict[str, object]:
    """The facts `text` and `lines` of a file."""
    if text is None:
        return {"text": None, "lines": []}
    cut = text[:TEXT_CAP]
    return {"text": cut, "lines": [line.strip() for line in cut.splitlines() if line.strip()]}


def masked_for_now(unit: str) -> CouldNotLook:
    """A unit masked until the next boot: what that boot does with it cannot be seen before the mask is gone."""
    said = t("{unit} is masked until the next boot, which hides whether it starts then.", unit=unit)
    return CouldNotLook(said, f"systemctl unmask --runtime {quote(unit)}")


def pattern(value: str) -> re.Pattern[str]:
    """A checker's regular expression; AuthorError where it is none."""
    try:
        return re.compile(value)
    except re.error as error:
        raise AuthorError(t("`{pattern}` is no regular expression: {error}.", pattern=value, error=error)) from None
