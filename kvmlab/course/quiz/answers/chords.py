"""Key chords: `Ctrl+]` in all the ways people write it."""

from __future__ import annotations

import re

from kvmlab.course.quiz.answers.typed import half_width

_CHORD = re.compile(
    r"(?:(?:press|hold|键|按|按下|按住)\s*(?:down\s+|the\s+)*)?(?:the\s+)?"
    r"[<\[(]?(?:\^|(?:ctrl|control|ctl|strg|c)[>\])]?(?:\s*(?:key|键))?"
    r"(?:\s*(?:\+|-|–|_|and|加|和|再)\s*(?:(?:press|按)\s*)?|\s+|(?=\W))|控制键\s*\+?\s*)"
    r"\s*(?:[<\[(](?P<held>\S)[>)\]]|(?P<key>\S|(?:right |closing )(?:square )?bracket|右方括号)[>)]?)"
    r"(?:\s*(?:key|键))?",
    re.IGNORECASE,
)
_NAMED = {"right bracket", "closing bracket", "right square bracket", "closing square bracket", "右方括号", "】"}


def read_chord(text: str) -> str | None:
    """The key that is pressed with Ctrl, as `^]`; None: no such chord."""
    text = half_width(text).replace("`", "").strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    text = re.sub(r"(?<=[^\s+<^-])\s*[.。]$", "", text)
    found = _CHORD.fullmatch(text)
    if not found:
        return None
    key = (found["held"] or found["key"]).lower()
    return "^]" if key in _NAMED else f"^{key}"
