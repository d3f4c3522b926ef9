"""The words a user reads, in English and Chinese.

The English sentence is the key: `t("No lab host runs for {lab}.", lab=name)`. `zh/<package>.json`
holds the Chinese for the sentences of one package; a test holds the two together.
Rejected: gettext, because its catalogues must be compiled at build time and a checkout has no build.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

LANGUAGES = ("en", "zh")
PSEUDO = "pseudo"  # every translated message in ⟦…⟧: what has none was never passed through t()

_language = "en"
_catalogue: dict[str, str] = {}


def t(message: str, /, **values: object) -> str:
    """The message in the current language, `{name}` filled in from `values`."""
    text = f"⟦{message}⟧" if _language == PSEUDO else _catalogue.get(message, message)
    return text.format_map(values) if values else text


def language() -> str:
    """The current language: "en", "zh" (or "pseudo" in tests)."""
    return _language


def set_language(name: str) -> None:
    """Speak `name` from here on; Chinese reads its catalogues now."""
    global _language
    _language = name
    _catalogue.clear()
    if name == "zh":
        for path in sorted((Path(__file__).parent / "zh").glob("*.json")):
            _catalogue.update(json.loads(path.read_text(encoding="utf-8")))


def from_locale(environ: dict[str, str] | None = None) -> str:
    """The language the locale asks for (LC_ALL, LC_MESSAGES, LANG; see locale(7)): "zh" or "en"."""
    env = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := env.get(name, ""):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
