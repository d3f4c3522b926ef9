"""A real Chromium, and what a student does with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from kvmlab.slowness import slowness
from tests.conftest import REPOSITORY

CHROMIUM = Path("/usr/bin/chromium")
EXPECTED = ("WebSocket", "ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "getImageData")
"""What a browser says while a server is not there, as it is not for a while in these tests; and of our own looking."""

AXE = REPOSITORY / "web/node_modules/axe-core/axe.min.js"
SHIFTED = """
const done = arguments[0];
new PerformanceObserver((list) => {
  done(list.getEntries().filter((one) => !one.hadRecentInput).map(({ value, sources }) => (
    { value, of: sources.map(({ node }) => node?.outerHTML?.slice(0, 200) ?? "") })));
}).observe({ type: "layout-shift", buffered: true });
setTimeout(() => done([]), 1000);
"""
"""The layout shifts (https://web.dev/articles/cls) of the page as it is shown now, and what has moved."""
CUT_OFF = """
const Real = WebSocket, stand = [];
window.cut = (off) => {
  window.off = off;
  if (off) stand.splice(0).forEach((one) => one.close());
};
window.WebSocket = new Proxy(Real, {
  construct(_, all) {
    if (window.off) throw new TypeError("there is no network");
    const made = new Real(...all);
    stand.push(made);
    return made;
  },
});
"""
"""`cut(true)`: no socket of the page stands any more, and none can be opened, until `cut(false)`."""


class Browser:
    """A Chromium, and what a student does with it."""

    def __init__(self, folder: Path, *more: str) -> None:
        options = ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en",
                     "--window-size=1400,900", f"--user-data-dir={folder}", *more):  # fmt: skip
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": CUT_OFF})

    def open(self, url: str) -> None:
        self.driver.get(url)

    def texts(self, selector: str) -> list[str]:
        """What stands in all elements that fit."""
        script = "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText ?? one.textContent)"
        return [str(text) for text in self.driver.execute_script(script, selector)]  # at one moment

    def wait(self, what: Callable[[], object], seconds: float = 60) -> None:
        """Until it is so; AssertionError, with what the page shows, where that takes too long."""
        until = time.monotonic() + seconds * min(slowness(), 5)
        while time.monotonic() < until:
            if what():
                return
            time.sleep(0.1)
        raise AssertionError(self.driver.find_element(By.TAG_NAME, "body").text)

    def click(self, selector: str, text: str) -> None:
        """The one that says this, once it is there."""
        self.wait(lambda: self.clicks(selector, text))

    def clicks(self, selector: str, text: str) -> bool:
        """Whether there is one that says this; it is clicked."""
        try:
            for one in self.driver.find_elements(By.CSS_SELECTOR, selector):
                if one.text == text:
                    one.click()
                    return True
        except StaleElementReferenceException:  # it was just drawn anew
            pass
        return False

    def type(self, text: str) -> None:
        """Where the focus is."""
        ActionChains(self.driver).send_keys(text).perform()

    def choose(self, text: str) -> None:
        """Out of what can be opened, once it is offered."""
        self.wait(lambda: self.driver.find_elements(By.CSS_SELECTOR, ".offer"))
        self.driver.find_element(By.CSS_SELECTOR, ".offer").send_keys("")  # the focus, as of somebody who goes there
        offers = f"//select[@class='offer']/option[text()='{text}']"
        self.wait(lambda: self.driver.find_elements(By.XPATH, offers))
        self.driver.find_element(By.XPATH, offers).click()

    def press(self, held: str, key: str) -> None:
        """One key while another is held."""
        ActionChains(self.driver).key_down(held).send_keys(key).key_up(held).perform()

    def terminal(self) -> str:
        """What the terminal shows."""
        return "\n".join(self.texts(".pane:not([hidden]) .xterm-rows"))

    def state(self) -> str:
        return "".join(self.texts(".state"))

    def is_as(self, lang: str, colours: str, width: int) -> None:
        """What is opened from now on is shown so."""
        colours_ = {"features": [{"name": "prefers-color-scheme", "value": colours}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", colours_)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_script("localStorage.setItem('kvmlab-lang', arguments[0])", lang)
        self.open("about:blank")

    def can_be_read_by_all(self, *expected: str) -> None:
        """Nothing has jumped, axe finds nothing, nothing has to be pushed sideways; the browser complains, of a policy
        that was broken say, of nothing but what is expected."""
        shifted = self.driver.execute_async_script(SHIFTED)
        assert sum(one["value"] for one in shifted) < 0.01, shifted
        self.driver.execute_script(AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script("axe.run().then(arguments[0])")
        said = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]
        assert said == [], json.dumps(said, indent=1)
        assert len(found["passes"]) > 10
        assert self.driver.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0
        complaints = [one for one in self.complaints() if not any(word in one for word in expected)]
        assert complaints == [], complaints

    def complaints(self) -> list[str]:
        """What the browser has complained of: a policy that was not kept, an error in a script."""
        said = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [one["message"] for one in said if not any(gone in one["message"] for gone in EXPECTED)]
