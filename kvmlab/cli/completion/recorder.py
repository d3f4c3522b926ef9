"""What options and arguments a verb has, read from its `arguments(parser)` without making a parser."""

from __future__ import annotations

from typing import Any, NamedTuple


class Argument(NamedTuple):
    """One add_argument(): option strings, or none for a positional."""

    names: tuple[str, ...]
    dest: str
    metavar: str
    choices: tuple[str, ...]
    help: str
    takes_value: bool
    many: bool


class Recorder:
    """Stands in for an ArgumentParser and remembers what it was told."""

    def __init__(self) -> None:
        self.arguments: list[Argument] = []

    def add_argument(self, *names: str, **settings: Any) -> None:
        """As ArgumentParser.add_argument."""
        options = tuple(name for name in names if name.startswith("-"))
        dest = settings.get("dest") or (names or [""])[-1].lstrip("-")
        flag = settings.get("action") in ("store_true", "store_false", "store_const", "count", "version", "help")
        self.arguments.append(
            Argument(
                options,
                dest,
                str(settings.get("metavar") or dest).upper(),
                tuple(map(str, settings.get("choices") or ())),
                str(settings.get("help") or ""),
                takes_value=not flag and settings.get("nargs") != 0,
                many=str(settings.get("nargs")) in ("*", "+", "...", "A..."),
            )
        )

    def option(self, name: str) -> Argument | None:
        """The argument that has this option string."""
        return next((one for one in self.arguments if name in one.names), None)

    @property
    def positionals(self) -> list[Argument]:
        """In their order."""
        return [one for one in self.arguments if not one.names]
