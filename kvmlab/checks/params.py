"""A lab's parameters as its checks see them: `lab.bridge`, `lab.lan.gateway`, never misspelt in silence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kvmlab.errors import AuthorError
from kvmlab.nearest import nearest
from kvmlab.words import t

_PLACE = re.compile(r"\{([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\}")


class Params(Mapping[str, Any]):
    """Read-only values by name: `lab.uplink` or `lab["uplink"]`; tables nest (`lab.lan.gateway`), lists are tuples.

    `read` holds the dotted names that were looked at, for lint. An unknown name is an AuthorError.
    A parameter cannot be called `read`, `get`, `keys`, `items` or `values`, or begin with `_`.
    """

    __slots__ = ("_path", "_values", "read")

    def __init__(self, values: Mapping[str, Any], *, path: str = "", read: set[str] | None = None) -> None:
        put = object.__setattr__
        put(self, "read", set() if read is None else read)
        put(self, "_path", path)
        put(self, "_values", {_allowed(name): self._frozen(name, value, path) for name, value in values.items()})

    def _frozen(self, name: str, value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            return Params(value, path=f"{path}{name}.", read=self.read)
        return tuple(value) if isinstance(value, list) else value

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            raise AuthorError(_unknown(self._path + name, self._values))
        self.read.add(self._path + name)
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # copy, pickle and inspect ask for these
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name: str, value: object) -> None:
        raise AuthorError(t("A lab's parameters cannot be changed: {name}", name=self._path + name))

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Params({self._values!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Params) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Params], tuple[dict[str, Any]]]:
        return Params, (_thawed(self._values),)

    def peek(self, dotted: str) -> Any:
        """The value of `lan.gateway`, not noted in `read`."""
        value: Any = self
        for name in dotted.split("."):
            values = value._values if isinstance(value, Params) else {}
            if name not in values:
                raise AuthorError(_unknown(dotted, values))
            value = values[name]
        return value

    def peek_all(self) -> dict[str, Any]:
        """All values as a plain dict, not noted in `read`."""
        return _thawed(self._values)

    def fill(self, sentence: str) -> str:
        """`sentence` with `{name}` and `{table.name}` replaced; any other brace is left alone."""
        from kvmlab.checks.text import show

        return _PLACE.sub(lambda place: show(self.peek(place[1])), sentence)


def _thawed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _thawed(value._values) if isinstance(value, Params) else value for name, value in values.items()}


def _allowed(name: str) -> str:
    if name.startswith("_") or hasattr(Params, name):
        raise AuthorError(t("A parameter cannot be called {name}.", name=name))
    return name


def _unknown(name: str, names: Mapping[str, Any]) -> str:
    if meant := nearest(name.rpartition(".")[2], names):
        return t("The lab has no parameter {name}; did you mean `{meant}`?", name=name, meant=meant)
    return t("The lab has no parameter {name}.", name=name)
