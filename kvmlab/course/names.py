"""Names that come from outside: which are allowed."""

from __future__ import annotations

import re

CHAPTER = re.compile(r"[a-z][a-z0-9]{0,31}")
LAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
TASK = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
OBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
VARIANT = re.compile(r"[\w.@+-]{1,64}")
