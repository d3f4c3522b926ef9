"""What comes from a hostile guest is safe wherever it goes."""

import random
import sys
import unicodedata
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring, tostring

import pytest

import kvmlab
from kvmlab.checks import show
from kvmlab.safe_text import clean, clean_code, console_line, in_cell, in_xml, plain, shown

HOSTILE = [
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\rb", "a\nb", "\x00", "\x9b31m", "\u202eevil", "\u200b",
    "\u2066x\u2069",     "\ud800", "\ufeff", "\u2028", "\U000e0041", "a\u0300" * 500, "\x7f", "x" * 10**6, "\t",
]  # fmt: skip


def safe(text: str) -> bool:
    return all(unicodedata.category(letter)[0] != "C" and letter.isprintable() for letter in text)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    for limit in (0, 1, 2, 20, 200):
        assert safe(plain(text, limit)) and len(plain(text, limit)) <= 6 * limit + 10
        assert safe(show([text, {text: text}], limit))
    plain(text).encode("utf-8")


def test_random_text_is_safe_short_and_still_told_apart() -> None:
    rng = random.Random(7)
    for _ in range(500):
        text = "".join(chr(rng.randrange(sys.maxunicode)) for _ in range(rng.randrange(30)))
        shown = plain(text)
        assert safe(shown) and len(shown) <= 200
        if not safe(text):
            assert shown != text


def test_what_cannot_be_seen_is_shown_rather_than_dropped() -> None:
    assert plain("web1\x1b[8m") == "web1\\x1b[8m"
    assert plain("web\u200b1") == "web\\u200b1"
    assert plain("a\u3000b") == "a b"


def test_a_gigabyte_costs_nothing() -> None:
    assert len(plain("x" * 10**8)) == 200
    assert len(show(["x" * 10**7] * 10**5)) == 200


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_so_it_is_in_messages_and_prose(text: str) -> None:
    assert safe(shown(text)) and len(shown(text)) <= 60
    assert safe(clean(text)) and all(map(safe, clean_code(text).split("\n")))
    assert console_line(text).isascii() and safe(console_line(text))


def test_a_console_without_its_colours() -> None:
    assert console_line("\x1b[0;32m  OK  \x1b[0m Started \x1b[?25l\u5728") == "OK   Started"


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_any_text_can_be_said_in_xml(text: str) -> None:
    element = Element("a", {"b": in_xml(text)})
    element.text = in_xml(text)
    again = fromstring(tostring(element, encoding="unicode"))
    assert again.text == in_xml(text).replace("\r", "\n") and "\x1b" not in again.text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert in_cell(text) == f"'{text}"
    assert (in_cell("web1"), in_cell("")) == ("web1", "")


REFUSING = {
    "classroom/evidence.py", "classroom/door/runs.py", "classroom/roster/file.py", "cli/completion/candidates.py",
    "cli/door/editing.py", "course/lab/start.py", "page/app.py",
}  # fmt: skip
"""They make nothing harmless: what does not print they do not take."""


def test_no_other_module_has_a_way_of_its_own() -> None:
    package = Path(kvmlab.__file__).parent
    found = {
        path.relative_to(package).as_posix() for path in package.rglob("*.py") if "isprintable" in path.read_text()
    }
    assert found == {"safe_text.py", *REFUSING}
