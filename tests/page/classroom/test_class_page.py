"""`kvmlab class open --page` as it is started: who comes in, what is told to whom, and what is left afterwards."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from kvmlab.cli.classroom.listening import server_name
from kvmlab.cli.classroom.page import host_of, outer_host
from kvmlab.errors import UsageError
from tests.classroom.door.conftest import Opened, School, soon
from tests.page.classroom.conftest import Visitor

ANNA, BO, LAB = "2026001", "2026002", "net-bridge"
PAGE = ("--page", "0", "--server", "localhost")


@pytest.fixture
def opened(school: School) -> Opened:
    return school.open(0, *PAGE)


def follows(school: School, student: str) -> bool:
    """Whether a `check --follow` of a student's runs."""
    return any(b"--follow" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in school.processes(student))


def test_a_code_lets_a_browser_in_once(school: School, opened: Opened) -> None:
    code, other, _ = school.codes(ANNA)
    visitor = Visitor(opened.page)
    assert visitor.post("/api/course", {"lang": "en"})[:2] == (403, "refused: no session\n")
    status, _, headers = visitor.login(ANNA, code)
    assert status == 200
    name, *flags = headers["set-cookie"].lower().split("; ")
    assert name.startswith("__host-kvmlab=") and set(flags) == {"httponly", "path=/", "samesite=strict", "secure"}
    assert visitor.post("/api/who", {"lang": "en"})[1] == {"student": ANNA}
    status, course, _ = visitor.post("/api/course", {"lang": "zh"})
    assert status == 200 and course["chapters"]
    assert visitor.post("/api/lab", {"lang": "en", "lab": LAB})[1]["tasks"]
    assert visitor.post("/api/lab", {"lang": "en", "lab": "../x"})[0] == 409
    assert visitor.post("/api/book", {"lang": "en", "number": 10**9})[0] == 409
    second = Visitor(opened.page)
    assert second.login(ANNA, code)[0] == 401
    assert second.login(BO, other)[0] == 401
    assert second.login(ANNA, other)[0] == 200
    assert visitor.post("/api/logout", {"lang": "en"})[0] == 200
    assert visitor.post("/api/who", {"lang": "en"})[0] == 403
    assert second.post("/api/who", {"lang": "en"})[0] == 200


def test_what_is_wrong_is_told_alike_and_five_times_at_most(school: School, opened: Opened) -> None:
    """Whether somebody is in the class is not told; after five the connection is closed."""
    school.codes(ANNA)
    visitor = Visitor(opened.page)
    one = visitor.connect()
    tried = [{"lang": "en", "student": name, "code": "wrong"} for name in (ANNA, "nobody", ANNA, "nobody")]
    told = [visitor.post("/api/login", asked, one)[:2] for asked in tried]
    assert {status for status, _ in told} == {401} and len({json.dumps(said) for _, said in told}) == 1
    status, said, headers = visitor.post("/api/login", {"lang": "en", "student": "\ud800", "code": "x"}, one)
    assert (status, said["error"], headers["connection"]) == (401, "Five codes were tried.", "close")
    for wrong in ({}, [1], {"student": 1, "code": []}):
        assert visitor.post("/api/login", wrong)[0] == 401
    assert Visitor(opened.page).login(ANNA, school.codes(ANNA)[0])[0] == 200


def test_the_certificate_is_the_one_that_was_printed_and_stays(school: School, opened: Opened) -> None:
    def shown() -> str:
        address = urlsplit(school.opened[-1].page)
        pem = ssl.get_server_certificate((address.hostname or "", address.port or 0))
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    (printed,) = re.findall(r"SHA-256: (\S+)", "".join(opened.lines))
    assert printed.replace(":", "").lower() == shown()
    assert opened.stop() == 0
    again = school.open(0, *PAGE)
    assert re.findall(r"SHA-256: (\S+)", "".join(again.lines)) == [printed]
    assert printed.replace(":", "").lower() == shown()


def test_who_was_let_in_is_known_to_the_next_server(school: School, opened: Opened) -> None:
    visitor = Visitor(opened.page)
    visitor.login(ANNA, school.codes(ANNA)[0])
    assert opened.stop() == 0
    again = Visitor(school.open(0, *PAGE).page)
    again.cookie, again.key = visitor.cookie, visitor.key
    assert again.post("/api/who", {"lang": "en"})[1] == {"student": ANNA}
    school.run("codes", "--student", ANNA, "--new")
    assert again.post("/api/who", {"lang": "en"})[0] == 403


def test_the_process_that_faces_browsers_has_given_up_what_the_doors_has(opened: Opened) -> None:
    """Files, other networks and processes, rights."""
    first, front = opened.fronts("page.classroom.front")
    assert Path(f"/proc/{front}/root").readlink() != Path("/")
    status = Path(f"/proc/{front}/status").read_text()
    assert re.findall(r"Cap(?:Eff|Prm|Bnd):\t0{16}\n", status) and "NoNewPrivs:\t1" in status
    for kind in ("net", "pid"):
        ours = Path(f"/proc/self/ns/{kind}").readlink()
        assert Path(f"/proc/{front}/ns/{kind}").readlink() != ours
    assert opened.stop() == 0
    assert soon(lambda: not Path(f"/proc/{front}").exists() and not Path(f"/proc/{first}").exists())


@pytest.mark.parametrize("how", ["logout", "SIGINT", "SIGKILL"])
def test_with_the_session_or_the_server_all_it_has_begun_is_gone(school: School, opened: Opened, how: str) -> None:
    visitor = Visitor(opened.page)
    visitor.login(ANNA, school.codes(ANNA)[0])
    with visitor.socket(f"/ws/lab/en/{LAB}") as line:
        assert json.loads(line.recv())["lab"]["state"] == "none"
        assert follows(school, ANNA)
        if how == "logout":
            visitor.post("/api/logout", {"lang": "en"})
            with pytest.raises(ConnectionClosed):
                while line.recv():
                    pass
        else:
            opened.process.send_signal(signal.Signals[how])
        assert soon(lambda: not school.processes(ANNA))


def test_behind_a_proxy_the_outer_address_counts(school: School) -> None:
    """Plain HTTP on the loopback address alone; only the name that was given is taken for its own."""
    opened = school.open(0, "--page", "0", "--proxy", "https://class.example.org")
    assert opened.page.startswith("http://127.0.0.1:")
    assert "https://class.example.org/" in "".join(opened.lines)
    visitor = Visitor(opened.page)
    code = school.codes(ANNA)[0]
    assert visitor.login(ANNA, code)[0] == 403
    visitor.origin = "https://class.example.org"
    status, _, headers = visitor.login(ANNA, code)
    assert status == 200 and "secure" in headers["set-cookie"].lower()
    assert visitor.post("/api/who", {"lang": "en"})[1] == {"student": ANNA}
    assert visitor.post("/api/who", {"lang": "en"}, origin="http://class.example.org")[0] == 403


def test_the_instructor_has_the_board_and_a_student_has_not(school: School, opened: Opened) -> None:
    (token,) = re.findall(r"#token=(\S+)", "".join(opened.lines))
    visitor, student = Visitor(opened.page), Visitor(opened.page)
    assert visitor.post("/api/login", {"token": token + "x"})[0] == 401
    status, told, headers = visitor.post("/api/login", {"token": token})
    assert status == 200
    visitor.cookie, visitor.key = headers["set-cookie"].partition(";")[0], told["key"]
    assert visitor.post("/api/who", {"lang": "en"})[1] == {"instructor": True}
    assert visitor.post("/api/board", {"lang": "en"})[:2] == (200, {"schema": "kvmlab.class-board/1", "seats": []})
    assert visitor.post("/api/course", {"lang": "en"})[0] == 409
    assert Visitor(opened.page).post("/api/login", {"token": token})[0] == 401
    student.login(ANNA, school.codes(ANNA)[0])
    assert student.post("/api/board", {"lang": "en"})[0] == 409


def test_an_ipv6_address_is_a_servers_name_too(school: School) -> None:
    """As a browser writes it; the certificate is that address's, however it was given."""
    assert host_of(server_name("[2001:DB8:0::1]"), 8443) == "[2001:db8::1]:8443"
    assert host_of("::1", 443) == "[::1]"
    made = [school.run("codes", "--new", "--page", "--server", name) for name in ("[2001:DB8:0::1]", "2001:db8::1")]
    assert all("https://[2001:db8::1]:8443/" in one.stdout for one in made)
    shown = [re.findall(r"^ +((?:[0-9A-F]{2}:?){16})$", one.stdout, re.MULTILINE) for one in made]
    assert shown[0] and shown[0] == shown[1]


def test_what_is_no_address_is_told(school: School) -> None:
    """With a command that works; nothing listens."""
    for wrong in (
        "http://x",
        "x",
        "https://x/y",
        "https://u@x",
        "https://x:99999",
        "https://",
        "https://[",
        "https://x?y",
        "https://[fe80::1%25eth0]",
    ):
        with pytest.raises(UsageError, match="is not an address") as refused:
            outer_host(wrong)
        assert refused.value.todo == "kvmlab class open --page --proxy https://class.example.org"
    assert outer_host("https://Class.example.org:443/") == "class.example.org"
    assert outer_host("https://class.example.org:8443") == "class.example.org:8443"
    assert outer_host("https://[2001:DB8:0::1]:8443/") == "[2001:db8::1]:8443"
    for argv in (["--server", "x"], ["--page", "0", "--server", "a b"]):
        found = school.run("open", "--port", "0", "--listen", "127.0.0.1", *argv)
        assert found.returncode == 2 and "→ kvmlab class open --page" in found.stderr
