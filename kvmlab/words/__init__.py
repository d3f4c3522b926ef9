"""The words a user reads, in English and Chinese.

The English sentence is the key: `t("No lab host runs for {lab}.", lab=name)`. `zh/<package>.json`
holds the Chinese for the sentences of one package; a test holds the two together.
Rejected: gettext, because its catalogues must be compiled at build time and a checkout has no build.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

LANGUAGES = ("en", "zh")
FOLDER = Path(__file__).parent
PSEUDO = "pseudo"  # every translated message in ⟦…⟧: what has none was never passed through t()

_language = "en"
_spoken: ContextVar[str] = ContextVar("_spoken", default="")
_catalogues: dict[str, dict[str, str]] = {"en": {}}


def t(message: str, /, **values: object) -> str:
    """The message in the current language, `{name}` filled in from `values`."""
    spoken = language()
    text = f"⟦{message}⟧" if spoken == PSEUDO else catalogue(spoken).get(message, message)
    return text.format_map(values) if values else text


def language() -> str:
    """The current language: "en", "zh" (or "pseudo" in tests)."""
    return _spoken.get() or _language


def set_language(name: str) -> None:
    """Speak `name` from here on."""
    global _language
    _language = name


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speak `name` until the block ends, in this task (asyncio) or thread and no other: to one of several users."""
    before = _spoken.set(name)
    try:
        yield
    finally:
        _spoken.reset(before)


def catalogue(name: str) -> dict[str, str]:
    """English to `name`; read when first asked for."""
    if name not in _catalogues:
        read = (json.loads(path.read_text(encoding="utf-8")) for path in sorted((FOLDER / name).glob("*.json")))
        _catalogues[name] = {text: said for part in read for text, said in part.items()}
    return _catalogues[name]


def from_locale(environ: dict[str, str] | None = None) -> str:
    """The language the locale asks for (LC_ALL, LC_MESSAGES, LANG; see locale(7)): "zh" or "en"."""
    env = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := env.get(name, ""):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
