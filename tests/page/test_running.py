"""A lab's page while its lab host runs, for all who read it: its findings, tabs and map, with names as hostile as a
student who is root can make them. What the lab host says is given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from tests.page.browser import Browser
from tests.page.conftest import Served

HOSTILE = "<img src=x onerror=hacked=1>"
LONG = "a-guest-with-a-name-as-long-as-some-people-like-their-guests-names-to-be"
GUESTS = [LONG, f"{LONG}-2", "web1", "数据库服务器", HOSTILE, "db1"]
AFTER_MS = 500
"""Until the first report is there."""


def finding(number: int) -> dict[str, Any]:
    """One that is not as wanted, in words of the lab host."""
    fact = {"name": "master", "met": False, "found": f"`{HOSTILE}` {'x' * 200}", "wanted": f"br{number}",
            "see": f"ip -d link show {HOSTILE} | grep {'y' * 90}"}  # fmt: skip
    said = {"name": "address-on-port", "sentence": f"`{HOSTILE}` is a port of `br0`.", "see": "ip address"}
    return {"subject": f"link {HOSTILE}", "facts": [fact], "mistake": said}


def check(number: int, verdict: str) -> dict[str, Any]:
    """One of a report."""
    found = {"id": f"c{number}", "sentence": f"`br{number}` is a bridge.", "verdict": verdict, "blocked_by": []}
    error = HOSTILE if verdict == "error" else None
    return {**found, "error": error, "findings": [finding(number)] if verdict == "failed" else []}


def task(name: str) -> dict[str, Any]:
    """One of a report."""
    checks = [check(number, verdict) for number, verdict in enumerate(("passed", "failed", "error"))]
    return {"id": name, "title": name, "verdict": "failed", "points": 0, "max_points": 2, "checks": checks}


def domain(number: int, name: str) -> dict[str, Any]:
    """One of a map."""
    plug = {"target": f"vnet{number}", "source": "br0", "model": "virtio"}
    disk = {"target": "vda", "source": f"/x/{name}", "format": "raw"}
    return {"name": name, "state": "running", "display": "vnc", "disks": [disk], "plugs": [plug]}


def link(name: str, master: str | None) -> dict[str, Any]:
    """One of a map."""
    return {"name": name, "bridge": master is None, "master": master, "up": True, "addresses": ["10.0.0.12/24"]}


def given() -> dict[str, Any]:
    """For pretended.js."""
    tasks = [task(name) for name in ("bridge", "uplink", "stored", "nic", "address", "names")]
    lab = {"state": "running", "instance": "i1", "report": {"verdict": "failed", "tasks": tasks}}
    links = [link("br0", None), link(HOSTILE, "br0"), link("vnet0", "br0")]
    domains = [domain(number, name) for number, name in enumerate(GUESTS)]
    map_ = {"domains": domains, "links": links, "networks": {"br0": [HOSTILE, "nat"]}}
    return {"feed": {"lab": lab, "action": None, "stirs": 0}, "answers": {"map": map_}, "after": AFTER_MS}


@pytest.fixture(scope="module")
def reader(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that was let in, and sees a lab host that is not there."""
    found = Browser(tmp_path_factory.mktemp("running") / "chromium")
    source = (Path(__file__).parent / "pretended.js").read_text().replace("GIVEN", json.dumps(given()))
    found.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": f"{{{source}}}"})
    found.open(served.link)
    found.wait(lambda: found.texts("h1") not in ([], ["kvmlab"]))
    yield found
    found.driver.quit()


def shown(reader: Browser, served: Served, lang: str = "en", colours: str = "light", width: int = 1400) -> None:
    """The lab's page loaded anew, with all it says."""
    reader.is_as(lang, colours, width)
    reader.open(f"http://127.0.0.1:{served.port}/#/lab/network-bridge")
    reader.wait(lambda: reader.texts(".check.failed .mistake") and reader.texts("[role=tab]"))


def opened(reader: Browser, word: str) -> None:
    """A console of each guest, and the map."""
    for guest in GUESTS:
        reader.choose(word.format(guest=guest))
    reader.choose("Map" if word.startswith("Console") else "拓扑图")
    reader.wait(lambda: reader.texts(".map svg"))


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize(("lang", "width"), [("en", 1400), ("zh", 375)])
def test_it_can_be_read_by_all(reader: Browser, served: Served, lang: str, width: int, colours: str) -> None:
    shown(reader, served, lang, colours, width)
    reader.can_be_read_by_all()


def test_a_strip_of_long_names_keeps_what_is_beside_it_in_sight(reader: Browser, served: Served) -> None:
    """And each tab can be got at by keys."""
    shown(reader, served)
    opened(reader, "Console of {guest}")
    reader.can_be_read_by_all()
    sides = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); return [box.left, box.right]"
    left, right = reader.driver.execute_script(sides, ".offer")
    assert 0 <= left < right <= 1400
    tabs = reader.driver.find_elements(By.CSS_SELECTOR, "[role=tab]")
    assert [tab.text for tab in tabs][:1] == ["Terminal 1"] and len(tabs) == len(GUESTS) + 2
    strip = reader.driver.execute_script(sides, ".tabs")
    for tab in tabs:
        tab.send_keys(Keys.ENTER)
        reader.wait(lambda tab=tab: tab.get_attribute("aria-selected") == "true")  # type: ignore[misc]
        box = tab.rect
        assert strip[0] - 1 <= box["x"] and (
            box["x"] + box["width"] <= strip[1] + 1 or box["width"] > strip[1] - strip[0]
        )


def test_what_the_lab_host_says_is_text(reader: Browser, served: Served) -> None:
    shown(reader, served)
    opened(reader, "Console of {guest}")
    for place in (".check", ".mistake", ".command", ".map", "[role=tab]", ".offer option"):
        assert HOSTILE in "".join(reader.texts(place)), place
    assert reader.driver.find_elements(By.CSS_SELECTOR, "img") == []
    assert not reader.driver.execute_script("return 'hacked' in window")
