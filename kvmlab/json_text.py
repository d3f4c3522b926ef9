"""JSON as kvmlab writes it: `json_text` for whoever reads it or keeps it, `canonical` for what is hashed or signed."""

import json
import re

_UNSEEN = "[\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff]"
"""What JSON leaves as it is, and a terminal acts upon or cannot write (a file's name that is not UTF-8)."""


def json_text(document: object, indent: int | None = 2) -> str:
    """One JSON document in the order it has, ending in a newline: any text in it can be encoded, and looked at."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    return re.sub(_UNSEEN, lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def canonical(document: object, *, allow_nan: bool = False) -> bytes:
    """The one way to write a value: sorted, without blanks, ASCII. ValueError for NaN and the infinities, which are
    not JSON (RFC 8259), unless `allow_nan`: of what a lab host has answered, only Python reads it again."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=allow_nan).encode()
