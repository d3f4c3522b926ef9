"""A connection to a lab host whose fact server answers as a test says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kvmlab.remote.host_connection import HostConnection


class Answering(HostConnection):
    """`answer`: of a verb and its arguments; what is not there it raises NotThere for."""

    def __init__(self, answer: Callable[..., Any]) -> None:
        self._answer = answer

    def ask(self, verb: str, **args: object) -> Any:
        return self._answer(verb, **args)
