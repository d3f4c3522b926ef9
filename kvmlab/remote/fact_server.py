"""Asking the fact server of a lab host (labhost/inside/look): JSON lines over one SSH channel."""

from __future__ import annotations

import itertools
import json
import threading
from typing import Any

from kvmlab.remote.deadline import Later, later
from kvmlab.remote.ssh import Unreachable, Why

LINE_CAP = 16 << 20  # bytes of one answer


class NotThere(Exception):
    """The host answered that there is no such thing."""


class NotRead(Exception):
    """The host answered that it could not read it, or no longer answers; the text says why."""


class Look:
    """The look server at the end of `channel`. Several threads may ask; several questions may be under way."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Later[Any]] = {}
        self._lock = threading.Lock()
        self._ended = ""
        channel.settimeout(None)  # the reading thread waits as long as there is a channel
        later(self._read, "look")

    @property
    def alive(self) -> bool:
        """It still answers, as far as is known."""
        return not self._ended

    def ask(self, verb: str, **args: object) -> Later[Any]:
        """The value of a verb, on its way; it fails with NotThere or NotRead."""
        promise: Later[Any] = Later()
        with self._lock:
            if self._ended:
                promise.set_exception(NotRead(self._ended))
                return promise
            number = next(self._numbers)
            self._waiting[number] = promise
        line = json.dumps({"id": number, "verb": verb, "args": args}) + "\n"
        try:
            self._channel.sendall(line.encode())
        except OSError as error:
            self._end(str(error) or "the connection was closed")
        return promise

    def _read(self) -> None:
        rest = b""
        try:
            while data := self._channel.recv(65536):
                *lines, rest = (rest + data).split(b"\n") if b"\n" in data else (rest + data,)
                for line in lines:
                    self._take(line)
                if len(rest) > LINE_CAP:
                    raise Unreachable(Why.TOO_MUCH)
        except Exception as error:
            self._end(str(error) or type(error).__name__)
        else:
            self._end("the fact server has ended")
        self._channel.close()

    def _take(self, line: bytes) -> None:
        """One answer; a line that is none (a warning on standard error) is passed over."""
        try:
            answer = json.loads(line)
            promise = self._waiting.pop(answer["id"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if answer.get("ok"):
            promise.set_result(answer.get("value"))
        elif answer.get("kind") == "missing":
            promise.set_exception(NotThere(str(answer.get("error"))))
        else:
            promise.set_exception(NotRead(str(answer.get("error"))))

    def _end(self, why: str) -> None:
        with self._lock:
            self._ended = self._ended or why
            for number in list(self._waiting):
                if promise := self._waiting.pop(number, None):  # else it has just been answered
                    promise.set_exception(NotRead(self._ended))
