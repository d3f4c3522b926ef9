"""Every message of course/, of the fast verbs and of show has its Chinese, with the same values in it."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2] / "kvmlab"
FILES = [
    *sorted((ROOT / "course").glob("*.py")),
    *(ROOT / "report" / name for name in ("plain.py", "show.py")),
    *(ROOT / "cli" / name for name in ("chosen.py", "standing.py", "completion.py")),
    *(ROOT / "cli/verbs" / f"{name}.py" for name in ("list", "show", "hint", "status", "overview", "completion")),
]
VALUE = re.compile(r"\{(\w+)[^}]*\}")


def messages() -> dict[str, str]:
    found = {}
    for path in FILES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "t":
                (message, *_) = call.args
                if isinstance(message, ast.Constant) and isinstance(message.value, str):
                    found[message.value] = path.name
    return found


def test_every_message_has_its_chinese() -> None:
    chinese: dict[str, str] = {}
    for path in (ROOT / "words/zh").glob("*.json"):
        chinese |= json.loads(path.read_text(encoding="utf-8"))
    missing = {message: file for message, file in messages().items() if message not in chinese}
    assert missing == {}
    for message in messages():
        assert sorted(VALUE.findall(message)) == sorted(VALUE.findall(chinese[message])), message


def test_no_chinese_is_left_over() -> None:
    known = messages()
    assert [
        key for key in json.loads((ROOT / "words/zh/course.json").read_text(encoding="utf-8")) if key not in known
    ] == []
