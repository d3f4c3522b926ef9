"""What a check has read, kept as plain data, and read again later without any host.

`Recording` is a reader around another one that notes every answer; `Replaying` reads what was noted. A fact that was
not read then cannot be known now: it is "could not tell", never a guess, whatever the checker has become since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kvmlab.checks.reader import CAUSES, Answer, Cause, Key, MissingObject, Reader, Reading, Want, ask_optional
from kvmlab.errors import CouldNotLook
from kvmlab.safe_text import plain
from kvmlab.words import t

SCHEMA = "kvmlab.facts/1"
NOTHING: Mapping[str, Any] = {"schema": SCHEMA, "objects": [], "ways_in": []}
"""Evidence of nothing at all."""
_PLAIN = (str, int, float, bool, type(None))


class NotPlain(Exception):
    """A value that JSON cannot say."""


class Recording:
    """A Reader that asks another one, and notes what it answers: `noted()`. `passes`: how often it was to begin anew.

    Of several passes the last is noted.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.passes = 0
        self._facts: dict[tuple[str, Key], dict[str, Reading]] = {}
        self._final: dict[tuple[str, Key], MissingObject | CouldNotLook] = {}
        self._ways: dict[tuple[str, str], str] = {}

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        place = (kind, tuple(key))
        try:
            answer = self.reader.read(kind, key, names)
        except CouldNotLook as trouble:
            self._final[place] = trouble
            raise
        if isinstance(answer, MissingObject):
            self._final[place] = answer
        else:
            self._facts.setdefault(place, {}).update(answer)
        return answer

    def prefetch(self, wants: Sequence[Want]) -> None:
        """Pass it on."""
        ask_optional(self.reader, "prefetch", wants)

    def refresh(self) -> None:
        """A new pass begins."""
        self.passes += 1
        self._facts.clear()
        self._final.clear()
        ask_optional(self.reader, "refresh")

    def way_in(self, guest: str, address: str) -> str:
        """How a student gets into a guest."""
        self._ways[guest, address] = way = str(ask_optional(self.reader, "way_in", guest, address) or "")
        return way

    def noted(self) -> dict[str, Any]:
        """Everything that was read, as plain data. A value that JSON cannot say is left out."""
        places = list(dict.fromkeys((*self._facts, *self._final)))
        return {
            "schema": SCHEMA,
            "objects": [_object(*place, self._facts.get(place), self._final.get(place)) for place in places],
            "ways_in": [[*guest, way] for guest, way in self._ways.items()],
        }


class Replaying:
    """A Reader of what a Recording has noted. ValueError for any other data."""

    def __init__(self, noted: object) -> None:
        try:
            table = _table(noted)
            if table["schema"] != SCHEMA:
                raise ValueError("schema")
            objects = [(_place(one), _table(one)) for one in table["objects"]]
            self._facts = {place: _readings(one["facts"]) for place, one in objects if "facts" in one}
            self._final = {place: _ending(one) for place, one in objects if "missing" in one or "trouble" in one}
            self._ways = {(str(guest), str(address)): str(way) for guest, address, way in table["ways_in"]}
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        place = (kind, tuple(key))
        facts, final = self._facts.get(place), self._final.get(place)
        if facts is not None and all(name in facts for name in names):
            return {name: one for name, one in facts.items() if not names or name in (*names, CAUSES)}
        if isinstance(final, MissingObject):
            return final
        if final is not None:
            raise CouldNotLook(final.message, final.todo)
        what = f"{kind} {' '.join(key)}: {', '.join(names)}".rstrip(": ")
        raise CouldNotLook(t("Could not tell: the evidence says nothing of {what}.", what=plain(what, 120)))

    def way_in(self, guest: str, address: str) -> str:
        """How a student got into a guest."""
        return self._ways.get((guest, address), "")


def _object(
    kind: str, key: Key, facts: Mapping[str, Reading] | None, final: MissingObject | CouldNotLook | None
) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind, "key": list(key)}
    if facts is not None:
        found["facts"] = dict(_stored(facts))
    if isinstance(final, MissingObject):
        causes = [one for one in map(_cause, final.causes) if one]
        found["missing"] = {**final._asdict(), "offers": list(map(str, final.offers)), "causes": causes}
    elif final is not None:
        found["trouble"] = _trouble(final)
    return found


def _stored(facts: Mapping[str, Reading]) -> Iterable[tuple[str, dict[str, Any]]]:
    for name, one in facts.items():
        try:
            value = [_cause(cause) for cause in _causes(one.value)] if name == CAUSES else _as_plain(one.value)
        except NotPlain:
            continue
        stored: dict[str, Any] = {"value": value}
        if one.see:
            stored["see"] = one.see
        if one.rehearsed:
            stored["rehearsed"] = True
        if one.trouble:
            stored["trouble"] = _trouble(one.trouble)
        yield name, stored


def _as_plain(value: object) -> object:
    """The value as JSON has it; NotPlain where that would be another one."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, (list, tuple)):
        return [_as_plain(one) for one in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _as_plain(one) for key, one in value.items()}
    raise NotPlain


def _cause(one: Cause) -> dict[str, Any]:
    try:
        return {**one._asdict(), "found": _as_plain(one.found), "wanted": _as_plain(one.wanted)}
    except NotPlain:
        return {**one._asdict(), "found": plain(str(one.found)), "wanted": plain(str(one.wanted))}


def _causes(value: object) -> Sequence[Cause]:
    return value if isinstance(value, (list, tuple)) else ()


def _trouble(trouble: CouldNotLook) -> dict[str, str]:
    return {"message": trouble.message, "todo": trouble.todo}


def _place(data: object) -> tuple[str, Key]:
    table = _table(data)
    return str(table["kind"]), tuple(str(part) for part in table["key"])


def _readings(data: object) -> dict[str, Reading]:
    return {name: _reading(name, _table(one)) for name, one in _table(data).items()}


def _reading(name: str, data: Mapping[str, Any]) -> Reading:
    value = [Cause(**one) for one in data["value"]] if name == CAUSES else data["value"]
    trouble = CouldNotLook(**_table(data["trouble"])) if "trouble" in data else None
    return Reading(value, str(data.get("see", "")), data.get("rehearsed") is True, trouble)


def _ending(data: Mapping[str, Any]) -> MissingObject | CouldNotLook:
    if "trouble" in data:
        return CouldNotLook(**_table(data["trouble"]))
    table = _table(data["missing"])
    return MissingObject(**{**table, "causes": [Cause(**one) for one in table["causes"]]})


def _table(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ValueError("not a table")
    return data
