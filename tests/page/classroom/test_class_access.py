"""A class's login and board, for all who read them: in both languages, on a phone, by keys alone; a name is text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Keys

from tests.classroom.door.conftest import Opened, School
from tests.page.browser import Browser

ANNA = "2026001"
HOSTILE = "<img src=x onerror=hacked=1>"
PRETENDED = """
const asks = window.fetch.bind(window);
window.fetch = (path, how) => (
  path === "/api/board" ? Promise.resolve(new Response(JSON.stringify(SEATS))) : asks(path, how));
"""
"""In place of students at work."""
EACH = pytest.mark.parametrize(("lang", "width", "colours"), [("en", 1400, "light"), ("zh", 375, "dark")])


def seat(student: str, name: str, mistake: str, **more: object) -> dict[str, object]:
    """A row of the board."""
    at = {"lab": "network-bridge", "state": "running", "task": "uplink", "failing": "c2", "mistake": mistake}
    gained = {"passed": 1, "tasks": 6, "points": 2, "max_points": 20, "hints": 3, "minutes": 45, "stuck": True}
    return {"student": student, "name": name, **at, **gained, **more}


SEATS = [
    seat(ANNA, HOSTILE, f"`{HOSTILE}` is a port of `br0`."),
    seat("2026002", "博" * 40, "", stuck=False, minutes=None),
]


@pytest.fixture
def opened(school: School) -> Opened:
    return school.open(0, "--page", "0", "--server", "localhost")


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Browser]:
    """One that takes the class's own certificate."""
    found = Browser(tmp_path / "chromium", "--ignore-certificate-errors")
    seats = json.dumps({"seats": SEATS})
    source = f"{{{PRETENDED.replace('JSON.stringify(SEATS)', json.dumps(seats))}}}"
    found.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    yield found
    found.driver.quit()


@EACH
def test_the_login_can_be_read_by_all_and_keys_alone_lead_in(
    school: School, opened: Opened, visitor: Browser, lang: str, width: int, colours: str
) -> None:
    code = school.codes(ANNA)[0]
    visitor.open(opened.page)
    visitor.is_as(lang, colours, width)
    visitor.open(opened.page)
    visitor.wait(lambda: visitor.texts("form.login"))
    visitor.can_be_read_by_all("status of 403")  # as whom, it has asked
    visitor.type(f"{ANNA}{Keys.TAB}wrong{Keys.ENTER}")
    visitor.wait(lambda: "".join(visitor.texts(".wrong")))
    visitor.type(f"{code}{Keys.ENTER}")
    visitor.wait(lambda: visitor.texts(".labs") and visitor.texts(".who") == [ANNA])
    visitor.can_be_read_by_all("status of 401")


@EACH
def test_the_board_can_be_read_by_all_and_names_are_text(
    opened: Opened, visitor: Browser, lang: str, width: int, colours: str
) -> None:
    (link,) = re.findall(r"(https://\S+#token=\S+)", "".join(opened.lines))
    visitor.open(opened.page)
    visitor.is_as(lang, colours, width)
    visitor.open(link)
    visitor.wait(lambda: visitor.texts(".board tbody tr"))
    visitor.can_be_read_by_all("status of 403")  # before it had the link
    rows = visitor.texts(".board tbody tr")
    assert len(rows) == 2 and rows[0].startswith("! 2026001") and rows[0].count(HOSTILE) == 2
    assert visitor.texts("img") == [] and not visitor.driver.execute_script("return 'hacked' in window")
