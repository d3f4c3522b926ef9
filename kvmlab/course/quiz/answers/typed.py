"""What was typed, without what a keyboard, a prompt or a habit of writing adds to it."""

from __future__ import annotations

import re
import shlex
from unicodedata import category, normalize

_QUOTES = str.maketrans("“”„«»『』「」‘’‚", '"""""""""\'\'\'')
_DASHES = re.compile(r"(?<!\S)[\u2010-\u2015\u2212]+(?=(\w+))")
_TAG = re.compile(r"<(\w[\w-]*)>\s*(.*?)\s*</\1>")
_PROMPT = re.compile(r"(?:[\w.@~:/-]*[$#]|\[[^\]]*\][$#])\s+")


def half_width(text: str) -> str:
    """Full-width characters as half-width ones, one kind of quotes, no invisible characters, single blanks."""
    text = normalize("NFKC", text).translate(_QUOTES)
    text = "".join(one for one in text if category(one) != "Cf")
    return " ".join(_DASHES.sub(_hyphens, text).split())


def _hyphens(found: re.Match[str]) -> str:
    """A dash that an editor made of hyphens: `—all` was `--all`, `–f` was `-f`."""
    return "-" if len(found[1]) == 1 else "--"


def bare(text: str) -> str:
    """A single thing: without quotes and backquotes, the XML element around it, a full stop behind it."""
    text = half_width(text).replace("`", "")
    while True:
        before = text
        text = text.strip().rstrip("。!;,").removesuffix(".").strip()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1]
        if found := _TAG.fullmatch(text):
            text = found[2]
        if text == before:
            return text


def words(text: str) -> list[str]:
    """A command's words as the shell would pass them on, without prompt, `sudo`, assignments and redirections."""
    text = _PROMPT.sub("", half_width(text).replace("`", "").strip(), count=1).rstrip("。;").strip()
    text = re.sub(r"(?<=\w)\.$", "", text)
    try:
        split = shlex.split(text)
    except ValueError:  # a quote without its other half
        split = text.replace('"', " ").replace("'", " ").split()
    if split and len(split) == 1 and " " in split[0]:  # the whole command in quotes
        split = split[0].split()
    return _without_redirection(_without_sudo(split))


def _without_sudo(split: list[str]) -> list[str]:
    while split and re.fullmatch(r"sudo|[A-Z_]+=\S*", split[0]):
        was_sudo, split = split[0] == "sudo", split[1:]
        while was_sudo and split and split[0] in ("-n", "-E", "-i", "-H", "--"):
            split = split[1:]
    if split and split[0].startswith("/") and "bin/" in split[0]:
        split = [split[0].rpartition("/")[2], *split[1:]]
    return split


def _without_redirection(split: list[str]) -> list[str]:
    """Without `> FILE` at the end; `<NAME>` is somebody's way to write an operand."""
    for place, word in enumerate(split):
        if word.startswith(">") and place and len(split) - place <= 2:
            return split[:place]
    return split
