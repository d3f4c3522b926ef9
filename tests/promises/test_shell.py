"""Inside a lab host's shell: check, hint, show and status are answered, and nothing else, whatever is sent."""

from __future__ import annotations

import json
import textwrap

import pytest

from tests.conftest import REPOSITORY, Kvmlab

LAB = "network-bridge"
pytestmark = pytest.mark.guest


@pytest.fixture
def started(kvmlab: Kvmlab) -> Kvmlab:
    done = kvmlab("start", LAB)
    assert done.returncode == 0, done.stderr
    return kvmlab


def test_the_four_verbs_and_no_other(started: Kvmlab) -> None:
    typed = "kvmlab check bridge --json; echo =$?=; kvmlab status | head -1; kvmlab hint | head -1\n"
    done = started("shell", LAB, stdin=typed)
    report, _, rest = done.stdout.partition("=1=")
    assert json.loads(report)["tasks"][0]["id"] == "bridge"
    assert rest.count("network-bridge") == 2
    for verb in ("start", "reset", "finish", "solve", "exec", "doctor", "image"):
        done = started("shell", LAB, stdin=f"kvmlab {verb} {LAB}; echo =$?=\n")
        assert "=2=" in done.stdout, verb
    assert len(started.containers()) == 1


def test_another_course_than_kvmlabs_own(kvmlab: Kvmlab) -> None:
    course = ["--course", str(REPOSITORY / "benchmarks/course")]
    assert kvmlab(*course, "start", "ten-facts").returncode == 0
    done = kvmlab(*course, "shell", "ten-facts", stdin="kvmlab check; echo =$?=\n")
    assert "=0=" in done.stdout, done.stdout + done.stderr


def test_the_same_in_chinese(started: Kvmlab) -> None:
    done = started("--lang", "zh", "shell", LAB, stdin="kvmlab status | head -1; locale | head -1\n")
    assert "运行" in done.stdout
    assert "zh_CN" in done.stdout


HOSTILE = [
    b"\n",
    b"{}\n",
    b"[" * 4000 + b"\n",
    b"x" * 100_000,
    b'{"argv": ["start", "network-bridge"]}\n',
    b'{"argv": ["check", "--junit", "/root/x"]}\n',
    b'{"argv": ["check", "--course", "/"]}\n',
    b'{"argv": ["status", "--color=always"]}\n',
    b'{"argv": ["check", "../../etc"]}\n',
    b'{"argv": ["check", {"a": 1}]}\n',
    b'{"argv": "check"}\n',
    b'{"argv": ["check", "a; touch /tmp/x"], "lang": "../x", "columns": 1e300}\n',
    b"\xff\xfe\x00\n",
]


def test_hostile_requests_are_refused(started: Kvmlab) -> None:
    script = textwrap.dedent(
        f"""
        python3 - <<'END'
        import json, socket
        for request in {HOSTILE!r}:
            peer = socket.socket(socket.AF_UNIX)
            peer.settimeout(20)
            peer.connect("/run/kvmlab/ask.sock")
            answer = b""
            try:
                peer.sendall(request)
                while more := peer.recv(65536):
                    answer += more
            except OSError:
                pass
            last = answer.strip().splitlines()[-1:] or [b"nothing"]
            print(last[0].decode())
        END
        kvmlab status | head -1
        """
    )
    done = started("shell", LAB, stdin=script)
    *answers, status = done.stdout.strip().splitlines()
    assert len(answers) == len(HOSTILE), done.stdout + done.stderr
    assert set(answers) <= {'{"exit": 2}', "nothing"}
    assert "network-bridge" in status  # it still answers
    assert "Traceback" not in done.stderr


def test_without_a_shell_nobody_answers(started: Kvmlab) -> None:
    done = started("exec", LAB, "--", "kvmlab", "status")
    assert done.returncode == 3
    assert "kvmlab shell" in done.stderr


def test_exec_passes_stdin_output_and_status_on(started: Kvmlab) -> None:
    done = started("exec", LAB, "--", "sh", "-c", "cat; echo to-err >&2; exit 7", stdin="through\n")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (7, "through\n", "to-err")
    script = 'printf "%s|" "$@"; cat; exit 5'
    done = started("exec", LAB, "--guest", "web1", "--", "sh", "-c", script, "x", "a  b", "$HOME", "*")
    assert (done.returncode, done.stdout) == (5, "a  b|$HOME|*|")
    assert started("exec", LAB, "--guest", "nosuch", "--", "true").returncode != 0
    assert started("exec", LAB, "--guest", "-oProxyCommand=id", "--", "true").returncode == 2
