"""Characters that a terminal's encoding lacks: a plain sign for those that have one, `?` for the rest."""

from __future__ import annotations

import codecs

NAME = "kvmlab.plain"
"""The error handler's name, for open(), reconfigure() and str.encode()."""
PLAIN = {
    "…": "...", "·": "-", "•": "*", "×": "x", "→": "->", "►": ">", "–": "-", "—": "-", "─": "-", "└": "`", "├": "|",
    "═": "=", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "²": "^2", "³": "^3",
    "✓": "+", "✗": "x", "○": "o", "▸": ">", "▹": "|", "◔": "~", "◌": "s", "◦": ".", "▰": "#", "▱": "-", "│": "|",
    "≤": "<=", "≥": ">=", "−": "-", "\u00a0": " ",
}  # fmt: skip


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """As codecs.register_error() wants it."""
    if not isinstance(error, UnicodeEncodeError):
        return codecs.replace_errors(error)  # type: ignore[return-value]
    return "".join(PLAIN.get(letter, "?") for letter in error.object[error.start : error.end]), error.end


codecs.register_error(NAME, _plainly)
