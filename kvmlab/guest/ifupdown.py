"""interfaces(5), read as ifupdown reads it: from /etc/network/interfaces and what that names, all of it or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from posixpath import basename, dirname, join

from kvmlab.guest.stored_files import Stored, with_prefix

MAIN = "/etc/network/interfaces"
DEEPEST = 5  # files that name each other
OTHERS = ("auto", "no-auto-down", "no-scripts", "rename")  # lines of one line, beside allow-…

Line = tuple[str, list[str]]  # the file it stands in, its words


@dataclass(slots=True)
class Stanza:
    """`iface NAME FAMILY METHOD`, and the values of each option below it."""

    path: str
    words: list[str]
    options: dict[str, list[list[str]]] = field(default_factory=dict)


def ifupdown(files: Mapping[str, str], *, udev: bool = True) -> Iterator[tuple[str, Stored]]:
    """What `ifup -a` brings up at boot, with `auto`, and what `udev` tells it of, with `allow-hotplug`.

    Where one line cannot be read, `ifup` reads none of them, and nothing comes up.
    """
    starting = ("auto", "allow-auto", "allow-hotplug") if udev else ("auto", "allow-auto")
    automatic: set[str] = set()
    stanzas: list[Stanza] = []
    current: Stanza | None = None
    for path, words in _lines(files, MAIN):
        if words[0] == "iface":
            if len(words) < 4:
                return
            current = Stanza(path, words)
            stanzas.append(current)
        elif words[0] == "mapping":
            current = Stanza(path, words)
        elif words[0] in OTHERS or words[0].startswith("allow-"):
            automatic |= set(words[1:]) if words[0] in starting else set()
            current = None
        elif current is None or len(words) < 2:
            return
        else:
            current.options.setdefault(words[0], []).append(words[1:])
    yield from ((name, stored) for name, stored in _stored(stanzas).items() if name in automatic)


def _lines(files: Mapping[str, str], path: str, depth: int = 0) -> Iterator[Line]:
    for words in _logical(files.get(path, "")):
        if words[0] not in ("source", "source-directory"):
            yield path, words
        elif depth < DEEPEST:
            for other in _named(files, dirname(path), words):
                yield from _lines(files, other, depth + 1)


def _named(files: Mapping[str, str], folder: str, words: list[str]) -> list[str]:
    """The files that `source PATTERN` or `source-directory FOLDER` mean."""
    wanted = [join(folder, word).rstrip("/") for word in words[1:]]
    if words[0] == "source":
        return [path for path in sorted(files) if any(fnmatchcase(path, one) for one in wanted)]
    plain = [path for path in sorted(files) if re.fullmatch(r"[A-Za-z0-9_-]+", basename(path))]
    return [path for path in plain if dirname(path) in wanted]


def _logical(text: str) -> Iterator[list[str]]:
    for line in re.sub(r"\\\n", " ", text).splitlines():
        words = line.split()
        if words and not words[0].startswith("#"):
            yield words


def _stored(stanzas: list[Stanza]) -> dict[str, Stored]:
    """By interface; of several stanzas for one, all are carried out."""
    found: dict[str, Stored] = {}
    for stanza in stanzas:
        _, name, family, method = stanza.words[:4]
        if family == "inet":
            stored = found.setdefault(name, Stored(stanza.path))
            stored.method = method
            _fill(stored, stanza.options)
    return found


def _fill(stored: Stored, options: Mapping[str, list[list[str]]]) -> None:
    """An option that stands there twice has a value of two lines, with which no command works: it is told as it is."""
    value = {name: " ".join(words[0] for words in rows) for name, rows in options.items()}
    if "address" in value:
        # The rest of the line belongs to the value, a comment too.
        mask = " ".join(word for words in options.get("netmask", []) for word in words)
        address = value["address"]
        stored.addresses.append(address if "/" in address or not mask else with_prefix(address, mask))
    stored.gateway = value.get("gateway", stored.gateway)
    for name in ("dns-nameservers", "dns-nameserver"):
        stored.dns += [word for words in options.get(name, []) for word in words]
    for words in [*options.get("up", []), *options.get("post-up", [])]:
        stored.gateway = stored.gateway or _default_route(words)


def _default_route(words: list[str]) -> str | None:
    """The gateway in `ip route add default via ADDRESS` or `route add default gw ADDRESS`."""
    words = " ".join(words).split("||")[0].split("&&")[0].split(";")[0].split()
    everywhere = {"default", "0.0.0.0/0"} & set(words) or ("-net", "0.0.0.0") in pairwise(words)
    return next((then for word, then in pairwise(words) if word in ("via", "gw") and everywhere), None)
