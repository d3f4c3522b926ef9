"""`kvmlab serve` as it is started: where it listens, whom it lets in, what it answers; no lab host is needed."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
from pathlib import Path
from urllib.parse import urljoin

import pytest
from websockets.exceptions import InvalidStatus

from tests.conftest import Kvmlab
from tests.page.conftest import Served, Serving


def get(served: Served, path: str) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(errors="replace"), dict(answer.headers)


def test_a_link_lets_one_browser_in_and_the_next_one_another(serving: Serving) -> None:
    served = serving()
    _, told, _ = served.post("/api/course", {"lang": "en"})
    assert told.startswith("refused: no session")
    status, _, headers = served.login()
    assert status == 200
    cookie = headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
    used = served.links()[0][1]
    assert served.post("/api/login", {"token": used})[0] == 403
    assert len(served.links()) == 2
    wrongs: list[object] = ["", None, 5, [], "\ud800", "x" * 10_000]
    for wrong in wrongs:
        assert served.post("/api/login", {"token": wrong})[0] == 403
    assert served.login()[0] == 200


def test_it_listens_on_the_loopback_address_alone(served: Served) -> None:
    wanted = f":{served.port:04X}"
    tables = (Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6"))
    lines = [line.split() for table in tables for line in table]
    assert [line[1] for line in lines if line[1].endswith(wanted) and line[3] == "0A"] == [f"0100007F{wanted}"]


def test_it_tells_of_the_course_and_of_a_lab_in_both_languages(served: Served) -> None:
    status, course, _ = served.post("/api/course", {"lang": "zh"})
    assert status == 200
    labs = [lab["id"] for chapter in course["chapters"] for lab in chapter["labs"]]
    assert "network-bridge" in labs
    status, lab, _ = served.post("/api/lab", {"lang": "en", "lab": "network-bridge"})
    assert status == 200
    assert "<strong>bridge</strong>" in lab["html"]
    assert lab["tasks"][0]["hints"] == []
    task = lab["tasks"][0]["id"]
    assert served.post("/api/hint", {"lang": "en", "lab": "network-bridge", "task": task})[0] == 200
    _, lab, _ = served.post("/api/lab", {"lang": "zh", "lab": "network-bridge"})
    assert len(lab["tasks"][0]["hints"]) == 1
    assert "网桥" in lab["html"]


def test_what_is_no_name_does_not_reach_a_command_line(served: Served) -> None:
    for lab in ("--help", "-x", "../x", "a b", "", None, 7, "x" * 200, "网络", "network-bridge\n"):
        status, told, _ = served.post("/api/lab", {"lang": "zh", "lab": lab})
        assert (status, told["todo"]) == (409, "kvmlab list"), lab
        assert told["error"] == "这不是一个名称。"


def test_what_kvmlab_says_is_handed_on_with_the_command_that_helps(served: Served) -> None:
    status, told, _ = served.post("/api/lab", {"lang": "en", "lab": "network-brige"})
    assert status == 409
    assert "network-brige" in told["error"]
    assert told["todo"].startswith("kvmlab ")
    assert served.post("/api/act", {"lang": "en", "lab": "network-bridge", "verb": "exam"})[0] == 409
    assert served.post("/api/lab", [1])[0] == 400


def test_what_it_serves_loads_nothing_from_elsewhere(served: Served) -> None:
    status, page, headers = get(served, "/")
    assert status == 200
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "http:" not in page and "https:" not in page
    for path in ("app.js", "terminal.js", "vendor/xterm/xterm.mjs", "vendor/novnc/core/rfb.js", "words.js"):
        assert get(served, f"/static/{path}")[0] == 200, path
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/vendor/..%2f..%2fapp.py", "/api/course", "/x"):
        assert get(served, path)[0] in (403, 404), path


def test_the_first_answer_names_every_module_a_labs_page_needs(served: Served) -> None:
    """So that none is learnt of from another; but not what a guest's screen needs, which is fifty files."""
    named = set(re.findall(r'modulepreload" href="([^"]+)"', get(served, "/")[1]))
    needed, left = {"/static/app.js"}, ["/static/app.js"]
    while left:
        here = left.pop()
        found = re.findall(r'^(?:import|export) [^;]*?from "([^"]+)"', get(served, here)[1], re.MULTILINE)
        new = {urljoin(here, one) for one in found} - needed
        needed |= new
        left += sorted(new)
    assert named == needed and "/static/words.js" in needed
    assert not any("novnc" in one for one in needed)


def test_a_socket_needs_its_origin_its_session_and_its_ticket(served: Served) -> None:
    path = "/ws/lab/en/network-bridge"
    with served.socket(path) as line:
        assert json.loads(line.recv(60))["lab"]["state"] == "none"
    for wrong in ({"Origin": "http://evil.example"}, {"Cookie": ""}):
        with pytest.raises(InvalidStatus) as refused:
            served.socket(path, **wrong)
        assert refused.value.response.status_code == 403


def test_a_terminal_of_a_lab_that_does_not_run_says_so_and_ends(served: Served) -> None:
    with served.socket("/ws/terminal/en/network-bridge/shell-1", "since=x&id=%00") as line:
        first = json.loads(line.recv(60))
        assert first["wipe"] is True
        told = [line.recv(60)]
        while isinstance(told[-1], bytes):
            told.append(line.recv(60))
    assert b"kvmlab start network-bridge" in b"".join(piece for piece in told if isinstance(piece, bytes))
    assert json.loads(told[-1]) == {"ended": 3}


def test_a_server_that_was_restarted_knows_who_was_let_in(serving: Serving) -> None:
    served = serving()
    served.login()
    port = served.port
    assert served.stop() == 0
    served.start()
    assert served.port == port
    assert served.post("/api/course", {"lang": "en"})[0] == 200
    state = served.kvmlab.state.root / "page.json"
    assert state.stat().st_mode & 0o077 == 0
    state.write_text("{}")
    served.stop()
    served.start()
    assert served.post("/api/course", {"lang": "en"})[0] == 403


def test_one_at_a_time_and_a_port_that_is_taken_is_told(serving: Serving, tmp_path: Path) -> None:
    served = serving()
    second = served.kvmlab("serve")
    assert second.returncode == 3
    other = Kvmlab(type(served.kvmlab.state)(tmp_path / "other"))
    taken = other("serve", "--port", str(served.port))
    assert (taken.returncode, str(served.port) in taken.stderr) == (3, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_with_the_server_all_it_has_begun_is_gone(serving: Serving, number: int) -> None:
    served = serving()
    served.login()
    with served.socket("/ws/lab/en/network-bridge") as line:
        line.recv(60)
        begun = children(served.process.pid)
        assert any("--follow" in words for words in begun.values())
        served.stop(number)
    for _ in range(100):
        if not [pid for pid in begun if Path(f"/proc/{pid}").exists() and not zombie(pid)]:
            break
        signal.sigtimedwait([], 0.1)
    else:
        raise AssertionError(begun)


def children(pid: int) -> dict[int, str]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(one): Path(f"/proc/{one}/cmdline").read_text().replace("\0", " ") for one in listed}


def zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_without_what_it_needs_it_says_what_to_do(bare_kvmlab: Kvmlab, tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError('no', name='uvicorn')\n")
    path = f"{tmp_path}{os.pathsep}{bare_kvmlab.environ()['PYTHONPATH']}"
    told = bare_kvmlab("serve", env={"PYTHONPATH": path})
    assert told.returncode == 3
    assert "uvicorn" in told.stderr and "→ ./script/setup page" in told.stderr


def test_a_quiz_is_answered_and_what_is_known_is_kept(served: Served) -> None:
    status, quiz, _ = served.post("/api/quiz", {"lang": "en", "chapter": "network"})
    assert status == 200
    question = next(one for one in quiz["questions"] if one["kind"] == "single")
    assert question["known"] is False
    letters = "abcdefghij"[: len(question["options"])]
    asked = {"lang": "en", "chapter": "network", "question": question["id"]}
    found = [served.post("/api/answer", {**asked, "answer": letter})[1] for letter in letters]
    (right,) = (letter for letter, one in zip(letters, found, strict=True) if one["right"])
    assert all(one["explanation"] and (one["right"] or one["why"]) for one in found)
    assert served.post("/api/answer", {**asked, "answer": right})[1]["right"] is True
    _, quiz, _ = served.post("/api/quiz", {"lang": "zh", "chapter": "network"})
    assert [one["id"] for one in quiz["questions"] if one["known"]] == [question["id"]]
    assert quiz["questions"][-1]["id"] == question["id"]  # what is known comes last
    for wrong in ({"answer": "?"}, {"answer": ""}, {"answer": 7}, {"answer": "x" * 5000}, {"question": "--x"},
                  {"question": "nope", "answer": "a"}, {"chapter": "nope", "answer": "a"}):  # fmt: skip
        assert served.post("/api/answer", {**asked, "answer": "a", **wrong})[0] == 409, wrong


def test_the_book_is_read_and_searched(served: Served) -> None:
    status, chapter, _ = served.post("/api/book", {"lang": "en", "number": 1})
    assert status == 200
    assert len(chapter["titles"]) >= 8 and "<h2>" in chapter["html"]
    _, found, _ = served.post("/api/search", {"lang": "en", "words": "BRIDGE stp"})
    assert any("bridge" in place["excerpt"].casefold() for place in found["places"])
    assert served.post("/api/search", {"lang": "zh", "words": "网桥"})[1]["places"]
    for words in ("", " ", None, 7, "x" * 1000, "zebra crossing"):
        assert served.post("/api/search", {"lang": "en", "words": words})[1]["places"] == []
    for number in (-1, 99, "1", None, True, 1.0):
        assert served.post("/api/book", {"lang": "en", "number": number})[0] == 409, number
