"""What browsers send, read: JSON objects, and the names in them, which become words of command lines."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request

from kvmlab.errors import UsageError
from kvmlab.words import LANGUAGES, t

LAB = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")

Asked = dict[str, Any]


async def read_json(request: Request) -> Asked | None:
    """The object that was sent; None where it is none, or empty."""
    return json_object((await request.body()).decode(errors="replace")) or None


def json_object(text: str) -> Asked:
    """The object that a text is; empty where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def lang_in(asked: Asked) -> str:
    """The language to answer in."""
    return found if (found := asked.get("lang")) in LANGUAGES else "en"


def lab_in(asked: Asked) -> str:
    """The id of a lab, or of none there is; UsageError where it cannot be one."""
    return name_in(asked, "lab")


def name_in(asked: Asked, what: str) -> str:
    """An id out of what was asked; UsageError where it is none. It becomes a word of a command line: it begins with no
    dash."""
    found = asked.get(what)
    if not isinstance(found, str) or not LAB.fullmatch(found):
        raise UsageError(t("That is not a name."), "kvmlab list")
    return found
