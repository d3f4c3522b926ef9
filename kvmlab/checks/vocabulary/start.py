"""What there was at the start of the lab, beside what there is now. Keys: start and present (NOUN, NAME…), NOUN being
"domain", "snapshot", "network", "pool", "link", "route", "firewall", "mounts", "service" or "file"; start ()
for all of it. Key of remains: (NOUN, NAME), NOUN being "domain", "network", "pool" or "file".

The start is remembered outside of the lab host, where nobody on it can change it. An object has aspects rather than
facts: `stored disk vda`, `autostart`, `content`; which those are, the reader says (kvmlab.host.start.aspects).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from shlex import quote
from typing import Annotated, Any, ClassVar, NamedTuple, Unpack

from kvmlab.checks.facts import Facts, Words, fact_names, known
from kvmlab.checks.findings import FactRow, Finding
from kvmlab.checks.reader import Key, MissingObject, Reader, Reading
from kvmlab.checks.subject import Subject
from kvmlab.checks.text import show
from kvmlab.checks.vocabulary.aspects import ASPECT_WORDS, Grant, grants
from kvmlab.errors import AuthorError, CouldNotLook
from kvmlab.safe_text import plain
from kvmlab.words import t

LABELS = {"domain": "domain {0}", "network": "network {0}", "pool": "pool {0}", "link": "link {0}",
          "route": "route {0}", "firewall": "firewall {0}", "mounts": "mounts over {0}",
          "service": "service {0}", "file": "file {0}", "snapshot": "snapshot {1} of {0}"}  # fmt: skip
"""Every noun that is remembered, as a finding names it; English, through t()."""

_SEE: Mapping[str, Mapping[str, str]] = {
    "domain": {
        "live interface": "virsh domiflist {0}; bridge link show",
        "live disk": "virsh domblklist --details {0}",
        "live": "virsh dumpxml {0}",
        "stored": "virsh dumpxml --inactive {0}",
        "process": "ps -o pid,lstart,args -p $(cat /run/libvirt/qemu/{0}.pid)",
        "boots": "tail -c 20000 /var/log/libvirt/qemu/{0}-console.log",
        "starts": "grep 'starting up' /var/log/libvirt/qemu/{0}.log",
        "state": "virsh domstate {0}",
        "snapshots": "virsh snapshot-list {0}",
        "": "virsh dominfo {0}",
    },
    "network": {
        "live": "virsh net-dumpxml {0}",
        "stored": "virsh net-dumpxml --inactive {0}",
        "bridge": "ip address",
        "bridge firewall": "nft --stateless list ruleset",
        "bridge dnsmasq": "ps -C dnsmasq -o pid,args",
        "": "virsh net-list --all",
    },
    "pool": {
        "live": "virsh pool-dumpxml {0}",
        "stored": "virsh pool-dumpxml --inactive {0}",
        "": "virsh pool-list --all",
    },
    "snapshot": {"": "virsh snapshot-info {0} {1}"},
    "link": {"": "ip -d address show {0}"},
    "route": {"": "ip route show {0}"},
    "firewall": {"": "nft --stateless list ruleset"},
    "mounts": {"": "findmnt"},
    "service": {"": "systemctl list-unit-files '{0}*'"},
    "file": {
        "entries": "ls -la {0}",
        "image": "qemu-img info -U {0}",
        "content": "stat {0}",
        "inode": "ls -i {0}",
        "": "ls -ld {0}",
    },
}

_REMAINS: Mapping[str, str] = {
    "domain": "virsh list --all --uuid --name; grep -e '<mac ' -e '<source file' /etc/libvirt/qemu/*.xml",
    "network": "grep -e '<uuid' -e '<bridge' -e '<ip ' /etc/libvirt/qemu/networks/*.xml",
    "pool": "virsh pool-list --all --uuid --name; grep '<path' /etc/libvirt/storage/*.xml",
    "file": "find / -path /usr -prune -o -type f -size +4k -mmin -600 -ls",
}

Allowed = Callable[[str], bool]
_RUNNING_ON = ("process", "boots")
_PASSED = ("starts",)  # what it went through between the start and now: asked for by not_restarted() alone


class RemainsFacts(Facts, total=False):
    """What there is of something that was there at the start, besides itself."""

    names: Annotated[
        Words,
        "{see}",
        "other names it goes on under: a domain's UUID, MAC or disks, a network's UUID, bridge or address, "
        "a pool's UUID or directory; of a file the copies of what was in it at the start, but for /usr",
    ]


class Remains(Subject):
    """What remains of an object of the start under other names: it may be renamed, defined anew, moved or copied."""

    kind = "remains"
    facts = RemainsFacts
    see = "{see}"

    @property
    def name(self) -> str:
        """As the student reads it: "what domain old1 was"."""
        return plain(t("what {subject} was", subject=label(self.key[0], self.key[1:])))

    def _marks(self) -> dict[str, str]:
        return {"see": _REMAINS[self.key[0]]}

    def shows(self, **want: Unpack[RemainsFacts]) -> Finding:
        return self._finding(want)


class AsAtStart(Subject):
    """An object that may have been there at the start: it can be wanted to be as it was then."""

    noun: ClassVar[str] = ""  # what it is remembered as

    def as_at_start(self, but: Sequence[str] = ()) -> Finding:
        """Want it to be as it was at the start, in everything but these facts (or aspects: "process", "stored disk").

        A domain that was restarted is not as it was; but=["process"] allows that. AuthorError for an object that was
        not there at the start, and for a fact that it does not have.
        """
        key = self._remembered()
        allowed = [grant for name in but for grant in self._about(name)]
        return as_at_start(
            self.reader, self.noun, key, lambda aspect: aspect in _PASSED or not self._in_view(aspect) or any(
                grant.covers(self.noun, key, aspect) for grant in allowed
            ), self.name,
        )  # fmt: skip

    @property
    def remains(self) -> Remains:
        """What there is of it under other names. AuthorError where it was not there at the start."""
        return Remains(self.reader, (self.noun, *self._remembered()))

    def _about(self, name: str) -> Iterator[Grant]:
        """The aspects that a fact, or an aspect's own words, are about."""
        key = self._remembered()
        if name in fact_names(self.facts):
            yield from grants(self.kind, self.key, [name])
        elif set(name.split()) <= ASPECT_WORDS:
            yield Grant(self.noun, "/".join(key), name)
        else:
            known(self.facts, name)  # says what was meant
        if name in _RUNNING_ON:
            yield from (Grant(self.noun, "/".join(key), one) for one in _RUNNING_ON)

    def _remembered(self) -> Key:
        """Its key among what is remembered."""
        return self.key

    def _in_view(self, aspect: str) -> bool:
        """Whether this subject speaks of the aspect."""
        return True


class NamedAsAtStart(AsAtStart):
    """One whose key is its name and a view: "now", "live" or "stored"."""

    def _remembered(self) -> Key:
        return self.key[:1]

    def _in_view(self, aspect: str) -> bool:
        return self.key[1] == "now" or aspect.split()[0] == self.key[1]


class StartOverview(NamedTuple):
    """What is known of the start as a whole: `objects`, which domains may write to which files (`users`), and where
    each pool lies (`pools`)."""

    objects: tuple[tuple[str, Key], ...]
    users: Mapping[str, list[str]]
    pools: Mapping[str, str]


def remembered(reader: Reader) -> StartOverview:
    """All that was there at the start. Raises CouldNotLook where nobody remembers it."""
    answer = reader.read("start", (), ("objects", "users", "pools"))
    assert not isinstance(answer, MissingObject)
    objects = tuple((noun, tuple(key)) for noun, key in _list(answer["objects"].value))
    return StartOverview(objects, _table(answer["users"].value), _table(answer["pools"].value))


def aspects_at_start(reader: Reader, noun: str, key: Key) -> dict[str, object] | None:
    """The aspects of one object at the start; None: it was not there. Raises CouldNotLook."""
    return _aspects(reader.read("start", (noun, *key), ()))


def aspects_now(reader: Reader, noun: str, key: Key) -> dict[str, object] | None:
    """The aspects of one object now; None: it is not there. Raises CouldNotLook."""
    return _aspects(reader.read("present", (noun, *key), ()))


def as_at_start(reader: Reader, noun: str, key: Key, may_differ: Allowed, name: str = "") -> Finding:
    """A finding with every aspect that it had at the start, or has now, but for those that may differ.

    AuthorError where there was no such object: then there is nothing that it could be like.
    """
    name = name or label(noun, key)
    try:
        before, now = aspects_at_start(reader, noun, key), aspects_now(reader, noun, key)
    except CouldNotLook as trouble:
        return Finding(name, (), trouble=trouble)
    if before is None:
        raise AuthorError(t("{subject} was not there at the start, so it cannot be as it was.", subject=name))
    if now is None:
        gone = FactRow("exists", _then(show(True)), show(False), False, see(noun, key, ""))
        return Finding(name, (gone,), missing=t("it was there at the start, and is gone"), as_one=True)
    names = [one for one in dict.fromkeys((*before, *now)) if not may_differ(one)]
    rows = (_row(noun, key, one, before.get(one), now.get(one)) for one in names)
    return Finding(name, tuple(rows), as_one=True)


def label(noun: str, key: Key) -> str:
    """As the student reads it: "domain web1"."""
    text = t(LABELS[noun])
    for number, part in enumerate(key):
        text = text.replace(f"{{{number}}}", part)
    return plain(text)


def see(noun: str, key: Key, aspect: str) -> str:
    """The command that shows an aspect."""
    commands = _SEE[noun]
    words = aspect.split()
    tries = [" ".join(words[:length]) for length in range(len(words), -1, -1)]
    template = next(commands[one] for one in tries if one in commands)
    for number, part in enumerate(key):
        template = template.replace(f"{{{number}}}", quote(plain(part)))
    return template


def _row(noun: str, key: Key, aspect: str, before: object, now: object) -> FactRow:
    was, found = (_only_there(before, now), _only_there(now, before)) if before != now else (before, now)
    return FactRow(plain(aspect), plain(_then(show(was))), plain(show(found)), before == now, see(noun, key, aspect))


def _then(text: str) -> str:
    return t("as at the start: {value}", value=text)


def _only_there(one: object, other: object) -> object:
    """The items of a list that the other one lacks; any other value unchanged."""
    if isinstance(one, list) and isinstance(other, list):
        return [item for item in one if item not in other]
    return one


def _aspects(answer: Mapping[str, Reading] | MissingObject) -> dict[str, object] | None:
    if isinstance(answer, MissingObject):
        return None
    return {name: reading.value for name, reading in answer.items()}


def _list(value: object) -> Iterable[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
