"""What a student may change on a lab host, and the guard that everything else is as it was at the start.

Most of it follows from the checks themselves: what a check wants of an object that was there at the start is the
student's to bring about, and so are the usual means (a guest that is worked on may be restarted, a disk that a running
guest has may be written to, a directory that is worked in may get more files). What a guard wants is not. The rest an
author says in the lab's header: `yours = ["domain web1: managed save", "file /etc/fstab"]`.

A grant is a noun, a name and, unless all of it is meant, words of an aspect; it covers every aspect that has these
words side by side: "disk vda" both `stored disk vda` and `live disk vda`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from kvmlab.checks.declare import Check
from kvmlab.checks.findings import FactRow, Finding, Findings
from kvmlab.checks.params import Params
from kvmlab.checks.reader import Key, Wanted
from kvmlab.checks.vocabulary.aspects import GONE, INSIDE, Grant
from kvmlab.checks.vocabulary.aspects import grants as grants_of
from kvmlab.checks.vocabulary.host import Host
from kvmlab.checks.vocabulary.start import LABELS, StartOverview, as_at_start, aspects_at_start, aspects_now, remembered
from kvmlab.errors import AuthorError
from kvmlab.grading.load import CheckSet, TaskLike
from kvmlab.words import t

AS_IT_WAS = "as-it-was"
"""The id of the guard."""


def declared(text: str) -> Grant:
    """A grant as a header has it: "domain web1", "domain web1: stored memory". AuthorError for anything else."""
    what, _, words = text.partition(": ")
    noun, _, name = what.strip().partition(" ")
    if noun not in LABELS or not name.strip():
        nouns = ", ".join(LABELS)
        message = t("`{text}` is not written as NOUN NAME[: ASPECT]; the nouns: {nouns}.", text=text, nouns=nouns)
        raise AuthorError(message)
    return Grant(noun, name.strip(), words.strip())


def guarded(checks: CheckSet, tasks: Sequence[TaskLike], yours: Sequence[str]) -> CheckSet:
    """`checks` and the guard, at the end of the last task."""
    if not tasks:
        return checks
    guard = Check(
        id=AS_IT_WAS,
        task=tasks[-1].id,
        points=0,
        needs=(),
        guard=True,
        sentence="All that is not yours to change is as it was at the start.",
        zh="不归你改的一切，都和开始时一样。",
        function=lambda host, params: _look(host, params, checks, [declared(one) for one in yours]),
        where=f"{checks.path}:1",
    )
    return checks._replace(checks=(*checks.checks, guard))


def _look(host: Host, params: Params, checks: CheckSet, own: list[Grant]) -> Findings:
    """A finding for each object that is not as it was; one that says how many are, where there is none."""
    reader = host.reader
    start = remembered(reader)
    grants = Grants(host, [*own, *derived(checks.checks, params)], start)
    changed = [found for noun, key in start.objects if (found := grants.difference(noun, key))]
    yield from changed
    if not changed:
        number = t("{number} objects as at the start", number=len(start.objects))
        yield Finding(t("all else"), (FactRow("start", number, number, True, "kvmlab status"),))


def derived(checks: Iterable[Check], params: Params) -> Iterator[Grant]:
    """What follows from the checks: whatever they want, but for guards."""
    for check in checks:
        if check.guard:
            continue
        wanted = Wanted()
        try:
            for _ in check(Host(wanted), Params(params.peek_all())):
                pass
        except Exception:
            pass
        for kind, key, want in wanted.wanted:
            if kind == "domain" and want.get("exists") is False:
                yield Grant("domain", key[0], GONE)
            else:
                yield from grants_of(kind, key, [name for name in want if name != "exists"])
            if kind == "disk" and isinstance(path := want.get("source"), str):
                yield Grant("file", path, of=key[0])


class Grants:
    """All grants of a lab, held against what there was at the start."""

    def __init__(self, host: Host, grants: Sequence[Grant], start: StartOverview) -> None:
        self._reader = host.reader
        self._start = start
        self._grants = [*self._placed(grants)]
        self._worked_on = {grant.name for grant in self._grants if grant.noun == "domain"}
        self._worked_in = {str(PurePosixPath(grant.name).parent) for grant in self._grants if grant.noun == "file"}
        self._writing = {name for name in self._domains() if self._may_write(name)}

    def _placed(self, grants: Sequence[Grant]) -> Iterator[Grant]:
        """The same; a volume is a file of its pool's directory."""
        for grant in grants:
            pool, _, name = grant.name.partition("/")
            if grant.noun == "volume" and pool in self._start.pools:
                yield Grant("file", f"{self._start.pools[pool]}/{name}")
            elif grant.noun == "file" and grant.of in self._start.users.get(grant.name, []):
                yield Grant("file", str(PurePosixPath(grant.name).parent), "entries")  # it is to keep the disk it had
            elif grant.words == "entries" and grant.name in self._start.pools:
                yield Grant("file", self._start.pools[grant.name], "entries")
            else:
                yield grant

    def difference(self, noun: str, key: Key) -> Finding | None:
        """What is not as it was of one object, though it should be; None: nothing. Raises CouldNotLook."""
        if self._whole(noun, key):
            return None
        found = as_at_start(self._reader, noun, key, lambda aspect: self._allowed(noun, key, aspect))
        if found.trouble is not None:
            raise found.trouble
        rows = tuple(row for row in found.facts if not row.met)
        return found._replace(facts=rows) if rows else None

    def _whole(self, noun: str, key: Key) -> bool:
        """All of it is the student's; of a directory also what lies in it."""
        above = [f"{grant.name}/" for grant in self._grants if grant.noun == "file" and not grant.words]
        if noun == "file" and key[0].startswith(tuple(above)):
            return True
        owners = [(noun, "/".join(key)), *([("domain", key[0])] if noun == "snapshot" else [])]
        whole = [grant for grant in self._grants if grant.words in ("", GONE)]
        return any((grant.noun, grant.name) in owners for grant in whole)

    def _allowed(self, noun: str, key: Key, aspect: str) -> bool:
        if any(self._covers(grant, noun, key, aspect) for grant in self._grants if grant.words):
            return True
        if noun == "domain":
            return self._allowed_of_a_domain(key, aspect)
        if noun == "file":
            return self._allowed_of_a_file(key[0], aspect)
        return False

    def _covers(self, grant: Grant, noun: str, key: Key, aspect: str) -> bool:
        covers = grant.covers(noun, key, aspect)
        return covers and (not grant.of or grant.is_of(aspect, self._at_start(key), self._now(key)))

    def _allowed_of_a_domain(self, key: Key, aspect: str) -> bool:
        """A guest that is worked on may be restarted, and runs as it is stored then; one that is to run, started."""
        if aspect == "starts":
            return True  # off as it was; whether it was so all the while a lab asks with not_restarted()
        if key[0] not in self._worked_on:
            return False
        view, _, rest = aspect.partition(" ")
        if aspect in ("process", "boots"):
            return True
        if view == "live" and not (_runs(self._now(key)) and _runs(self._at_start(key))):
            return True  # its state is either the student's, or told of
        if aspect == "state" and key[0] in self._to_be_started():
            return True
        return view == "live" and self._restarted(key) and self._runs_as_stored(key, rest)

    def _allowed_of_a_file(self, path: str, aspect: str) -> bool:
        """Guests write to their disks; where one works there may be more files than before."""
        if aspect == "entries":
            return path in self._worked_in
        if aspect == "inode":
            return not self._in_use_since_the_start(path)
        users = [name for name in self._start.users.get(path, []) if name in self._writing]
        snapshots = any(grant.covers("domain", (name,), "snapshots") for name in users for grant in self._grants)
        return bool(users) and (aspect == "content" or (aspect == "image snapshots" and snapshots))

    def _in_use_since_the_start(self, path: str) -> bool:
        """A guest that was not restarted has it open: what has that name now has to be the very same file."""
        users = [(name,) for name in self._start.users.get(path, []) if not self._restarted((name,))]
        now = aspects_now(self._reader, "file", (path,)) or {}
        return "inode" in now and any(self._at_start(user).get("process") for user in users)

    def _domains(self) -> list[str]:
        return [key[0] for noun, key in self._start.objects if noun == "domain"]

    def _may_write(self, name: str) -> bool:
        """It ran at the start, or is to be started, or what is in it is to be changed."""
        ran = self._at_start((name,)).get("state") != "shut off"
        mine = [grant for grant in self._grants if (grant.noun, grant.name) == ("domain", name)]
        return ran or name in self._to_be_started() or any(grant.words in ("", INSIDE, "snapshots") for grant in mine)

    def _to_be_started(self) -> set[str]:
        """Domains that were off, and of which something is wanted that only one that runs has."""
        wanted = {grant.name for grant in self._grants if grant.noun == "domain"
                  and (grant.words in (INSIDE, "state") or grant.words.split()[:1] == ["live"])}  # fmt: skip
        return {name for name in wanted if self._at_start((name,)).get("state") == "shut off"}

    def _restarted(self, key: Key) -> bool:
        return self._at_start(key).get("process") != self._now(key).get("process")

    def _runs_as_stored(self, key: Key, rest: str) -> bool:
        now = self._now(key)
        live, stored = now.get(f"live {rest}"), now.get(f"stored {rest}")
        if isinstance(live, str):  # of an interface it is said, too, which bridge its tap is in
            live = live.rpartition(" in=")[0] if " in=" in live and not live.endswith(" in=-") else live
        return live == stored

    def _now(self, key: Key) -> dict[str, object]:
        return aspects_now(self._reader, "domain", key) or {}

    def _at_start(self, key: Key) -> dict[str, object]:
        return aspects_at_start(self._reader, "domain", key) or {}


def _runs(aspects: Mapping[str, object]) -> bool:
    """A domain has a qemu, paused or not."""
    return "process" in aspects
