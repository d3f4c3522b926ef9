"""A student as the roster has them, and which ids there can be."""

from __future__ import annotations

import re
from typing import NamedTuple

ID = re.compile(r"[^\W_][\w.@+-]{0,63}")
"""Letters of any language, digits and `_.@+-`, a letter or digit first: an id is never a formula, option or path."""
MOST = 200  # characters of any other value


class Student(NamedTuple):
    """One student. `id` alone says who it is; `host` is the computer they sit at, or ""."""

    id: str
    name: str = ""
    group: str = ""
    host: str = ""
    email: str = ""
