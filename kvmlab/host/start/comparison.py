"""The start of a lab, and what there is now, side by side: what the checks ask for under start and present."""

from __future__ import annotations

from functools import cached_property

from kvmlab.checks.reader import Answer, Key, MissingObject, Reading
from kvmlab.errors import AuthorError, CouldNotLook
from kvmlab.host.connection import Libvirt
from kvmlab.host.start.aspects import Objects, lasting, objects_of, pool_paths, users_of
from kvmlab.host.start.picture import Picture, take_like
from kvmlab.host.start.remains import copies, remains
from kvmlab.remote.deadline import Later, later
from kvmlab.remote.host_connection import SLOW_S, HostConnection
from kvmlab.words import t


class StartComparison:
    """Answers from the picture of the start, and from one that is taken once a pass. `start` None: nobody knows it."""

    def __init__(self, start: Picture | None, libvirt: Libvirt, way: HostConnection) -> None:
        self._picture, self._libvirt, self._way = start, libvirt, way
        self._taking: Later[Picture] | None = None
        self._present: Objects | None = None

    def begin(self) -> None:
        """Take the picture of this pass, in the background."""
        if self._taking is None and self._picture is not None:
            self._taking = later(self._take, "picture")

    def refresh(self) -> None:
        """A new pass begins."""
        self._taking = self._present = None

    def read(self, kind: str, key: Key) -> Answer:
        """The aspects of one object (key: NOUN, NAME…) at the start or now, and for () what there was at all; or what
        remains of one."""
        if not key:
            return self._everything()
        if kind == "remains":
            return {"names": Reading(self._remains(key[0], key[1]))}
        objects = self._start if kind == "start" else self._now()
        found = objects.get((key[0], key[1:]))
        if found is not None and self._known().get("booted since"):
            found = lasting(found)
        return MissingObject() if found is None else {name: Reading(value) for name, value in found.items()}

    def _everything(self) -> Answer:
        picture = self._known()
        objects = [[noun, list(key)] for noun, key in self._start]
        parts = {"objects": objects, "users": users_of(picture), "pools": pool_paths(picture)}
        return {name: Reading(value) for name, value in parts.items()}

    @cached_property
    def _start(self) -> Objects:
        return objects_of(self._known())

    def _remains(self, noun: str, name: str) -> list[str]:
        """Under which other names it goes on; none where it was gone already when a repair began."""
        if (noun, (name,)) not in self._start:
            if self._known().get("solved"):
                return []
            raise AuthorError(t("{subject} was not there at the start.", subject=f"{noun} {name}"))
        if noun == "file":
            return copies(self._known(), name, self._way)
        return remains(self._known(), self._taken(), noun, name)

    def _now(self) -> Objects:
        if self._present is None:
            self._present = objects_of(self._taken())
        return self._present

    def _taken(self) -> Picture:
        self._known()
        self.begin()
        assert self._taking is not None
        return self._taking.get(SLOW_S)

    def _take(self) -> Picture:
        return take_like(self._known(), self._libvirt, self._way)

    def _known(self) -> Picture:
        if self._picture is None:
            said = t("Nobody remembers how this lab was at its start; after a reset it is known again.")
            raise CouldNotLook(said, "kvmlab status")
        return self._picture
