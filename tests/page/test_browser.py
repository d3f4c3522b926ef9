"""The page in a real Chromium, by typing and clicking: a lab from its start to all green, reset, lines that break."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Sequence

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from kvmlab.cli.context import own_course
from kvmlab.course import Course
from kvmlab.course.lab.solution import Step
from kvmlab.slowness import slowness
from tests.conftest import Kvmlab
from tests.page.browser import Browser
from tests.page.conftest import Served, Serving

LAB = "network-bridge"
SCREENED = """
cp --sparse=always /var/lib/libvirt/images/web1.qcow2 /tmp/seen.qcow2
cat >/tmp/seen.xml <<END
<domain type="qemu"><name>seen</name><memory unit="MiB">128</memory><os><type arch="x86_64" machine="pc">hvm</type></os>
<features><acpi/></features><devices>
<disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="/tmp/seen.qcow2"/>
<target dev="vda" bus="virtio"/></disk><controller type="usb" model="none"/>
<serial type="file"><source path="/tmp/seen.log"/></serial>
<graphics type="vnc" listen="127.0.0.1"/><video><model type="vga"/></video></devices></domain>
END
virsh create /tmp/seen.xml
"""
"""A guest with a screen, of web1's disk; what it says on its serial line is kept in a file."""
DRAWN = """
const canvas = document.querySelector('.vnc canvas');
if (!canvas || !canvas.width) return false;
const dots = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
return canvas.width > 300 && dots.some((value, at) => at % 4 !== 3 && value > 100);
"""
"""Whether the screen shows anything but black."""


def steps(kvmlab: Kvmlab, lab_id: str) -> Sequence[Step]:
    """Those of the lab's solution."""
    course = Course.load(own_course(), kvmlab.state)
    (solution,) = (one for one in course.solutions(course.lab(lab_id, "en", None)) if one.name == "solution")
    return solution.steps


def typed(kvmlab: Kvmlab) -> list[str]:
    """The lab's solution, a line for each of its steps, as it can be typed into the terminal."""
    lines = []
    for step in steps(kvmlab, LAB):
        code = b64encode(step.code.encode()).decode()
        lines.append(f"echo {code} | base64 -d | ssh {step.guest} sh" if step.guest else in_one(step.code))
    return lines


def in_one(script: str) -> str:
    """A script as a line to be typed."""
    return f'eval "$(echo {b64encode(script.encode()).decode()} | base64 -d)"'


def shells(kvmlab: Kvmlab) -> str:
    """The login shells that run on the lab host."""
    return kvmlab("exec", LAB, "--", "sh", "-c", "ps -ef | grep '[b]ash --login'").stdout


def calculates(browser: Browser, digit: int) -> None:
    """The terminal answers: what it prints was not typed."""
    browser.type(f"echo $(({digit} * 111111))" + Keys.ENTER)
    browser.wait(lambda: str(digit) * 6 in browser.terminal())


def let_in(browser: Browser, served: Served, lab: str) -> str:
    """The address of the lab's page."""
    browser.open(served.link)
    browser.wait(lambda: f"#/lab/{lab}" in browser.driver.page_source)
    return f"http://127.0.0.1:{served.port}/#/lab/{lab}"


def started(browser: Browser, page: str) -> None:
    """By its button."""
    browser.open(page)
    browser.wait(lambda: browser.state() == "not started")
    browser.click(".bar button", "Start")
    browser.wait(lambda: browser.state() == "running", 300)
    browser.wait(lambda: "kvmhost:~#" in browser.terminal())
    browser.wait(lambda: browser.texts(".check.failed"))


def clicked_is_typed(browser: Browser) -> None:
    """A finding's command is typed by a click, and not entered."""
    command = browser.texts("button.command")[0]
    browser.click("button.command", command)
    browser.wait(lambda: f"kvmhost:~# {command}" in browser.terminal())
    browser.press(Keys.CONTROL, "c")


def shared_by_two_tabs(browser: Browser, page: str) -> None:
    """A second tab shows what the first one does, and is typed into."""
    shown = browser.terminal().strip()
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(page)
    browser.wait(lambda: shown in browser.terminal())
    calculates(browser, 6)
    browser.driver.close()
    browser.driver.switch_to.window(first)
    browser.wait(lambda: "666666" in browser.terminal())


def cut_off_and_back(browser: Browser, kvmlab: Kvmlab) -> None:
    """What was printed while the connection was lost is there when it is back."""
    browser.type("until [ -e /tmp/go ]; do sleep .1; done; echo $((8 * 111111)) | tee /tmp/gone" + Keys.ENTER)
    browser.wait(lambda: "/tmp/gone" in browser.terminal())
    browser.driver.execute_script("cut(true)")
    browser.wait(lambda: "The connection is lost; trying again…" in browser.texts(".note"))
    assert (
        kvmlab("exec", LAB, "--", "sh", "-c", "touch /tmp/go; until [ -s /tmp/gone ]; do sleep .1; done").stderr == ""
    )
    assert "888888" not in browser.terminal()
    browser.driver.execute_script("cut(false)")
    browser.wait(lambda: "888888" in browser.terminal())


def looked_at(browser: Browser) -> None:
    """The map, with what is not as wanted marked in it; a guest's console."""
    browser.type(in_one(SCREENED) + Keys.ENTER)
    browser.wait(lambda: "created from" in browser.terminal())
    browser.choose("Console of seen")  # whoever goes to the list is shown what there is now
    browser.choose("Map")
    browser.wait(lambda: "seen" in "".join(browser.texts(".map svg")))
    browser.wait(lambda: browser.driver.find_elements(By.CSS_SELECTOR, ".map .wrong"))
    browser.choose("Console of web1")
    browser.wait(lambda: "Connected to domain" in browser.terminal())
    browser.click("[role=tab]", "Terminal 1")


def logged_in_on_the_screen(browser: Browser, kvmlab: Kvmlab) -> None:
    """The guest's screen shows its login, and what is typed there gets to it."""

    def says(text: str) -> bool:
        return kvmlab("exec", LAB, "--", "grep", "-q", text, "/tmp/seen.log").returncode == 0

    browser.wait(lambda: says("login:"), 300)
    browser.choose("Screen of seen")
    # Where libvirtd has been silent for long, the page asks before it tries once more.
    browser.wait(lambda: browser.driver.execute_script(DRAWN) or browser.clicks("button", "Connect again"))
    browser.wait(lambda: browser.driver.execute_script(DRAWN))
    for line in ("root", "kvmlab"):
        for letter in line + Keys.ENTER:
            browser.type(letter)
        time.sleep(min(2 * slowness(), 6))  # nothing but its picture tells that it asks for the password
    browser.wait(lambda: says("root login on 'tty1'"))
    browser.click("[role=tab]", "Terminal 1")


def restarted(browser: Browser, served: Served, kvmlab: Kvmlab) -> None:
    """The server ends, and with it its shells; the next one is found again by the page that is open."""
    assert served.stop() == 0
    assert shells(kvmlab) == ""
    browser.wait(lambda: "The connection is lost; trying again…" in browser.texts(".note"))
    served.start()
    browser.wait(lambda: "kvmhost:~#" in browser.terminal(), 120)
    browser.wait(lambda: browser.texts(".pane:not([hidden]) .note") == [""])
    browser.driver.find_element(By.CSS_SELECTOR, ".xterm-helper-textarea").send_keys("")
    calculates(browser, 7)


@pytest.mark.guest
def test_a_lab_is_done_in_the_page_from_start_to_all_green(kvmlab: Kvmlab, serving: Serving, browser: Browser) -> None:
    served = serving(kvmlab=kvmlab)
    page = let_in(browser, served, LAB)
    started(browser, page)
    clicked_is_typed(browser)
    shared_by_two_tabs(browser, page)
    looked_at(browser)
    for line in typed(kvmlab):
        browser.type(line + Keys.ENTER)
    browser.wait(lambda: not browser.texts(".check:not(.passed)") and browser.texts(".check.passed"), 400)
    browser.wait(lambda: len(browser.texts(".task.passed")) == len(browser.texts(".task")))
    logged_in_on_the_screen(browser, kvmlab)
    cut_off_and_back(browser, kvmlab)

    browser.click(".bar button", "Reset")
    browser.click("dialog button", "Yes")
    browser.wait(lambda: browser.texts(".check.failed"), 300)
    browser.wait(lambda: browser.state() == "running" and not browser.texts(".bar button:disabled"))
    restarted(browser, served, kvmlab)

    browser.press(Keys.CONTROL, Keys.F6)
    assert browser.driver.switch_to.active_element.get_attribute("class") == "text"
    assert browser.complaints() == []
