"""Parsers: argparse with our errors, our width, the global options, and in the user's language."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from typing import NoReturn

from kvmlab.words import t

ARGPARSE = (
    "usage: ", "positional arguments", "options", "show this help message and exit",
    "argument %(argument_name)s: %(message)s",
    "the following arguments are required: %s", "unrecognized arguments: %s", "expected one argument",
    "invalid choice: %(value)r (choose from %(choices)s)", "ignored explicit argument %r",
    "ambiguous option: %(option)s could match %(matches)s",
)  # fmt: skip
"""What argparse itself may say to a user of ours; the catalogue has its Chinese."""


class Parser(argparse.ArgumentParser):
    """argparse, with our errors and in the user's language."""

    def __init__(self, prog: str, description: str, usage: str | None = None) -> None:
        # HACK: argparse asks gettext, which has no catalogue of ours; it looks `_` up in its own module.
        argparse._ = t  # type: ignore[attr-defined]
        super().__init__(prog=prog, description=description, usage=usage, formatter_class=_formatter)

    def format_help(self) -> str:
        """Its headings end in argparse's colon, in the user's language."""
        colon = t(":")
        text = super().format_help()
        return text if colon == ":" else re.sub(r"(?m)^(\S.*):$", rf"\1{colon}", text)

    def keep_usage(self) -> None:
        """Once all arguments are known: parse_intermixed_args would cut `usage: ` off as if it were English."""
        self.usage = self.format_usage()[len(t("usage: ")) :]

    def error(self, message: str) -> NoReturn:
        """UsageError, instead of printing and leaving."""
        from kvmlab.errors import UsageError

        raise UsageError(t("{message}.", message=message), f"{self.prog} --help")


def _formatter(prog: str) -> argparse.HelpFormatter:
    """Help as wide as the terminal, 100 columns at most; argparse would import shutil to find that out."""
    from kvmlab.report.plain import terminal_width

    return argparse.HelpFormatter(prog, width=min(100, terminal_width()) - 2)


def whole(least: int, most: int) -> Callable[[str], int]:
    """For add_argument's `type`: a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
            values = {"least": least, "most": most, "text": text[:20]}
            raise argparse.ArgumentTypeError(t("a number from {least} to {most}, not {text}", **values))
        return int(text)

    return read


def global_options(parser: argparse.ArgumentParser) -> None:
    env = os.environ.get
    options: list[tuple[str, str, dict[str, object]]] = [
        ("course", t("the directory of a course"), {"metavar": "DIR", "default": env("KVMLAB_COURSE")}),
        ("lang", t("the language"), {"choices": ["en", "zh"], "default": env("KVMLAB_LANG")}),
        ("variant", t("draw other names and addresses"), {"metavar": "SEED", "default": env("KVMLAB_VARIANT")}),
        (
            "color",
            t("colour the output"),
            {"choices": ["auto", "always", "never"], "default": env("KVMLAB_COLOR", "auto")},
        ),
    ]
    for name, line, settings in options:
        parser.add_argument(f"--{name}", help=line, **settings)  # type: ignore[arg-type]
