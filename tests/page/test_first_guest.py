"""install-first-guest done whole in the page: its installer seen on the screen, and its result answered there."""

from __future__ import annotations

import time

import pytest
from selenium.webdriver import Keys

from kvmlab.slowness import slowness
from tests.conftest import Kvmlab
from tests.page.browser import Browser
from tests.page.conftest import Serving
from tests.page.test_browser import DRAWN, in_one, let_in, started, steps

LAB = "install-first-guest"
GUEST = "guest1"
PICTURE = "return document.querySelector('.vnc canvas').toDataURL()"
WAITS = "/usr/lib/kvmlab/patiently"


def enter(browser: Browser, script: str) -> None:
    """Carry it out in the terminal."""
    browser.click("[role=tab]", "Terminal 1")
    browser.type(in_one(script) + Keys.ENTER)


def seen(browser: Browser) -> None:
    """The guest's screen is drawn; where it was gone before, it is asked for again."""
    browser.wait(lambda: browser.driver.execute_script(DRAWN) or browser.clicks("button", "Connect again"), 120)


def answers(browser: Browser, kvmlab: Kvmlab) -> bool:
    """Somebody has logged in on the screen, and left a file; nothing but its picture says when it asks for the user, so
    once may be too early."""
    for line in ("root", "kvmlab", "touch /root/seen"):  # a browser that is driven holds no Shift for a screen
        for letter in line + Keys.ENTER:
            browser.type(letter)
        time.sleep(min(2 * slowness(), 6))
    return kvmlab("exec", LAB, "--", "ssh", GUEST, "test", "-e", "/root/seen").returncode == 0


@pytest.mark.guest
def test_a_guest_is_installed_in_the_page(kvmlab: Kvmlab, serving: Serving, browser: Browser) -> None:
    started(browser, let_in(browser, serving(kvmlab=kvmlab), LAB))
    by_id = {step.id: step.code for step in steps(kvmlab, LAB)}
    install, waits, _ = by_id["install"].partition(WAITS)
    assert waits

    enter(browser, f"{by_id['disk']}\n{install}\nvirsh suspend {GUEST}")  # so that it is not ready before it was seen
    browser.wait(lambda: "suspended" in browser.terminal())
    browser.choose(f"Screen of {GUEST}")
    seen(browser)
    first = browser.driver.execute_script(PICTURE)
    enter(browser, f"virsh resume {GUEST}")
    browser.click("[role=tab]", f"Screen of {GUEST}")
    browser.wait(lambda: browser.driver.execute_script(PICTURE) != first and browser.driver.execute_script(DRAWN))
    browser.wait(lambda: "This guest shows no screen now." in browser.texts(".note"), 300)  # it is installed, and off

    enter(browser, f"virsh domstate {GUEST}; {by_id['start']}")
    browser.wait(lambda: "shut off" in browser.terminal() and "started" in browser.terminal())
    browser.choose(f"Console of {GUEST}")
    browser.wait(lambda: "login:" in browser.terminal(), 300)
    browser.click("[role=tab]", f"Screen of {GUEST}")
    seen(browser)
    browser.wait(lambda: answers(browser, kvmlab), 120)

    enter(browser, by_id["notes"])
    browser.wait(lambda: not browser.texts(".check:not(.passed)") and browser.texts(".check.passed"), 300)
    browser.wait(lambda: len(browser.texts(".task.passed")) == len(browser.texts(".task")))
    assert browser.complaints() == []
