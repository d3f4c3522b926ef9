"""The page for all who read it: axe finds nothing, nothing jumps, keys alone lead everywhere; on a phone, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.action_chains import ActionChains

from tests.page.browser import Browser
from tests.page.conftest import Served

PAGES = {"course": "#/", "lab": "#/lab/network-bridge", "quiz": "#/quiz/network", "book": "#/book/2"}


@pytest.fixture(scope="module")
def reader(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that was let in."""
    found = Browser(tmp_path_factory.mktemp("reader") / "chromium")
    found.open(served.link)
    found.wait(lambda: found.texts("h1") not in ([], ["kvmlab"]))
    yield found
    found.driver.quit()


def shown(reader: Browser, served: Served, page: str, lang: str, colours: str, width: int = 1400) -> None:
    """The page loaded anew, as somebody has it."""
    reader.is_as(lang, colours, width)
    reader.open(f"http://127.0.0.1:{served.port}/{PAGES[page]}")
    reader.wait(lambda: reader.texts("h1") and (page != "lab" or reader.state() not in ("", "looking…", "正在查看……")))


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize(("lang", "width"), [("en", 1400), ("zh", 375)])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_and_nothing_jumps(
    reader: Browser, served: Served, page: str, lang: str, width: int, colours: str
) -> None:
    shown(reader, served, page, lang, colours, width)
    reader.can_be_read_by_all()


def test_keys_alone_lead_to_everything(reader: Browser, served: Served) -> None:
    shown(reader, served, "course", "en", "light")
    reached = set()
    for _ in range(200):
        ActionChains(reader.driver).send_keys(Keys.TAB).perform()
        focused = reader.driver.switch_to.active_element
        if focused.tag_name == "body":
            break
        reached.add(focused.get_attribute("href") or focused.text or focused.tag_name)
    there = reader.driver.execute_script("return [...document.querySelectorAll('a')].map((one) => one.href)")
    assert len(there) > 30 and set(there) <= reached
    assert {"中文", "input"} <= reached


def test_a_quiz_is_answered_by_keys(reader: Browser, served: Served) -> None:
    shown(reader, served, "quiz", "en", "light")
    reader.wait(lambda: reader.texts("form"))
    if reader.driver.switch_to.active_element.get_attribute("type") == "text":
        ActionChains(reader.driver).send_keys("x").perform()
    else:
        ActionChains(reader.driver).send_keys(Keys.SPACE).perform()
    ActionChains(reader.driver).send_keys(Keys.ENTER).perform()
    reader.wait(lambda: "right" in "".join(reader.texts(".marked")).lower())
    assert reader.driver.switch_to.active_element.text == "Next question"
