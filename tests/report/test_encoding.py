"""On a terminal that cannot write them, our signs are plain ones and not `?`."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

import kvmlab
from kvmlab.report.encoding import NAME, PLAIN
from kvmlab.report.plain import TextPage
from tests.conftest import Kvmlab

PACKAGE = Path(kvmlab.__file__).parent
CHINESE = re.compile("[\u3000-\u9fff\uf900-\ufaff\ufe30-\uffef]")
NEVER_SHOWN = set("⟦⟧äö")  # of a language for tests, and of columns that a table may have


def test_every_sign_in_a_message_of_ours_has_a_plain_one() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if "own_course" not in path.parts]
    texts = "".join(path.read_text(encoding="utf-8") for path in files)
    signs = {letter for letter in texts if ord(letter) > 127 and not CHINESE.match(letter)}
    assert {sign for sign in signs if sign.isprintable() and sign != "�"} - NEVER_SHOWN <= PLAIN.keys()
    assert all(plain.isascii() and plain.isprintable() for plain in PLAIN.values())


def test_what_has_no_plain_sign_is_a_question_mark() -> None:
    assert "1 · 2 × 3… 网".encode("ascii", NAME) == b"1 - 2 x 3... ?"
    written = io.BytesIO()
    out = io.TextIOWrapper(written, encoding="ascii")
    TextPage(color=False, stream=out).line("a · b…")
    out.flush()
    assert written.getvalue() == b"a - b...\n"


@pytest.mark.parametrize("argv", [("list",), ("--help",), ("check", "no-such-lab")])
def test_an_ascii_terminal_shows_no_question_mark(bare_kvmlab: Kvmlab, argv: tuple[str, ...]) -> None:
    done = bare_kvmlab(*argv, env={"PYTHONIOENCODING": "ascii"})
    said = done.stdout + done.stderr
    assert said.isascii() and "\\u" not in said
    assert "?" not in said.replace("Did you mean", "").replace("?\n", "")
