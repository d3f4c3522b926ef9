"""Who has come in has a prompt, and nothing else: what an attacker with a code would try."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import asyncssh
import pytest

from kvmlab.cli.door.allowed import MOST, VERBS, checked, words_of
from kvmlab.cli.verbs import VERBS as ALL
from kvmlab.errors import UsageError
from tests.classroom.door.conftest import Opened, School, Typing, made, soon, terminal
from tests.course.conftest import EXAMPLE

ANNA = "2026001"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    yield from made(tmp_path_factory.mktemp("school"), EXAMPLE)


@pytest.fixture(scope="module")
def opened(school: School) -> Opened:
    return school.open()


Attempt = Callable[[asyncssh.SSHClientConnection], Awaitable[object]]

ATTEMPTS: dict[str, Attempt] = {
    "a command": lambda conn: conn.run("id", check=True),
    "scp": lambda conn: conn.run("scp -f /etc/passwd", check=True),
    "a command with a terminal": lambda conn: conn.run("id", term_type="xterm", check=True),
    "a shell without a terminal": lambda conn: conn.run(check=True),
    "sftp": lambda conn: conn.start_sftp_client(),
    "another subsystem": lambda conn: conn.create_process(subsystem="netconf"),
    "a port": lambda conn: conn.open_connection("127.0.0.1", 22),
    "a port by name": lambda conn: conn.open_connection("localhost", 22),
    "a socket": lambda conn: conn.open_unix_connection("/run/libvirt/libvirt-sock"),
    "listening": lambda conn: conn.start_server(lambda *_: None, "", 0),
    "listening at a socket": lambda conn: conn.start_unix_server(lambda *_: None, "/tmp/x"),
    "a network device": lambda conn: conn.open_tun(),
}


def test_no_other_channel(school: School, opened: Opened) -> None:
    """Each is refused, the connection goes on, and a terminal is there after all; a second one is not."""

    async def come_in() -> None:
        async with school.client(ANNA, school.codes(ANNA)[0]) as conn:
            conn.set_keepalive(interval=5)
            for name in ("a port", "a port by name", "a socket", "listening", "listening at a socket",
                         "a network device"):  # fmt: skip
                with pytest.raises((asyncssh.ChannelOpenError, asyncssh.ChannelListenError)):
                    print(name, await ATTEMPTS[name](conn))
            await terminal(conn)
            with pytest.raises(asyncssh.ChannelOpenError):
                await conn.create_process(term_type="xterm")

    asyncio.run(come_in())


def test_no_other_request(school: School, opened: Opened) -> None:
    """Nothing runs but a shell with a terminal."""

    async def come_in() -> None:
        names = ("a command", "scp", "a command with a terminal", "a shell without a terminal", "sftp",
                 "another subsystem")  # fmt: skip
        codes: list[str] = []
        for name in names:
            codes = codes or school.codes(ANNA)
            async with school.client(ANNA, codes.pop()) as conn:
                with pytest.raises((asyncssh.ChannelOpenError, asyncssh.ProcessError, EOFError)):
                    print(name, await ATTEMPTS[name](conn))
        assert await asyncio.to_thread(soon, lambda: school.processes(ANNA) == [])

    asyncio.run(come_in())


def test_the_clients_wishes_are_not_the_servers(school: School, opened: Opened) -> None:
    """Environment variables, X11, an agent: taken by nobody. TERM comes through if it is one."""

    async def come_in() -> None:
        wishes = {"KVMLAB_STATE": "/tmp/x", "KVMLAB_LANG": "zh", "PAGER": "sh", "LESSOPEN": "|id", "LD_PRELOAD": "/x"}
        (code, other, _) = school.codes(ANNA)
        async with school.client(ANNA, code) as conn:
            process = await conn.create_process(term_type="xterm", env=wishes, send_env=["HOME"])
            await Typing(process).prompt()
            (pid,) = school.processes(ANNA)
            environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            assert b"TERM=xterm" in environ and b"KVMLAB_LANG=en" in environ and b"LESSSECURE=1" in environ
            assert not [one for one in environ if one.startswith((b"LESSOPEN", b"LD_PRELOAD", b"SSH_", b"DISPLAY"))]
            assert b"PAGER=less" in environ
        async with school.client(ANNA, other) as conn:
            process = await conn.create_process(term_type="x; id\n../../etc", term_size=(2**31, 2**31))
            await Typing(process).prompt()
            assert any(b"TERM=dumb\0" in Path(f"/proc/{pid}/environ").read_bytes() for pid in school.processes(ANNA))

    asyncio.run(come_in())


def test_what_a_client_sends_is_not_kept(school: School, opened: Opened) -> None:
    """Sixty megabytes of environment, and the front is no larger than before."""

    def memory() -> int:
        front = Path(f"/proc/{opened.fronts()[-1]}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", front)[0])

    async def come_in() -> None:
        async with school.client(ANNA, school.codes(ANNA)[0]) as conn:
            before = memory()
            many = {f"X{number}": "y" * 30_000 for number in range(2000)}
            await Typing(await conn.create_process(term_type="xterm", env=many)).prompt()
            assert memory() - before < 20_000

    asyncio.run(come_in())


KEYS = "\x00\x01\x1b[31m"
"""Types nothing."""


def test_the_prompt(school: School, opened: Opened, tmp_path: Path) -> None:
    """Whatever is typed is a sentence and another prompt; nothing is written, nothing of the server is shown."""
    made = tmp_path / "made"
    lines = [
        f"list; touch {made}", f"$(touch {made})", f"`touch {made}`", f"list > {made}", f"list | tee {made}",
        f"!touch {made}",
        f"check net-bridge --evidence {made}", f"check net-bridge --ev={made}", f"check net-bridge --junit={made}",
        f"exam report --html {made}", f"--course {tmp_path} list", f"list --course {tmp_path}", "list --lang zh",
        "list --variant x", "show /etc/passwd", "show ../../../etc/passwd", "read ../../etc",
        "quiz ../../../etc/passwd",
        "exec net-bridge -- id", "class status", "doctor", "image list", "bundle open x", "prove net-bridge", "receipt",
        "_complete kvmlab", "completion bash", "sh", "/bin/sh", "kvmlab kvmlab", "kvmlab --help", "-h", "shell -h",
        "shell --", "key add /etc/passwd", "key remove x", "key x", "lang ../zh", "lang pseudo", "'", '"', "\\",
        "a" * 3000,
        KEYS, "start nowhere", "finish --all", "check net-bridge --wait", "check net-bridge --wait --all",
        "show net-bridge net-bridge", "\udcff",
    ]  # fmt: skip

    async def come_in() -> None:
        async with school.client(ANNA, school.codes(ANNA)[0]) as conn:
            typing = await terminal(conn)
            for line in lines:
                typing.process.stdin.write(line.encode(errors="surrogateescape").decode("latin-1") + "\n")
                seen = await typing.prompt()
                assert "root:x:" not in seen and "Traceback" not in seen and "uid=" not in seen, seen
                assert "kvmlab: " in seen or "There are:" in seen or line == KEYS, seen
            assert "net-bridge" in await typing.type("list"), "it goes on"

    asyncio.run(come_in())
    assert not made.exists()


def quiz_reads() -> bool:
    """Whether it waits. A signal between its question and its read(2) Python's input() heeds with the next key only."""
    listed = subprocess.run(["ps", "-wweo", "stat=,args="], capture_output=True, text=True).stdout
    return any(line.startswith("S") and line.endswith(" quiz net") for line in listed.splitlines())


def test_keys_that_stop_other_programs(school: School, opened: Opened) -> None:
    """Ctrl-C, Ctrl-Z and Ctrl-\\ at the prompt and below a verb; Ctrl-D leaves."""

    async def come_in() -> None:
        async with school.client(ANNA, school.codes(ANNA)[0]) as conn:
            typing = await terminal(conn)
            for key in "\x03\x1a\x1c\t":
                typing.process.stdin.write(f"li{key}\n")
                await typing.prompt()
            for key in "\x03\x1c\x04":
                typing.process.stdin.write("quiz net\n")
                await typing.until(r"question 1 of .*: $")
                assert soon(quiz_reads)
                typing.process.stdin.write("\t\t\x1a")
                typing.process.stdin.write(key)
                await typing.prompt()
            assert "net-bridge" in await typing.type("list")
            typing.process.stdin.write("\x04")
            await typing.process.wait_closed()
            assert typing.process.exit_status == 0

    asyncio.run(come_in())


def test_the_pager(school: School, opened: Opened, tmp_path: Path) -> None:
    """less runs no command and opens and writes no file."""
    made, other = tmp_path / "made", tmp_path / "other"
    other.write_text("what-nobody-may-see\n" * 3)

    async def come_in() -> None:
        async with school.client(ANNA, school.codes(ANNA)[0]) as conn:
            process = await conn.create_process(term_type="xterm", term_size=(60, 6))
            typing = Typing(process)
            await typing.prompt()
            process.stdin.write("show net-bridge\n")
            await typing.until(":")
            for keys in (f"!touch {made}\n", f"|atouch {made}\n", f"#touch {made}\n", f"s{made}\n", f"o{made}\n",
                         "v\n", f":e {other}\n", f"E{other}\n", f"\x18\x16{other}\n",
                         f"+!touch {made}\n", f":e {tmp_path}/o\t\n"):  # fmt: skip
                process.stdin.write(keys)
                await asyncio.sleep(0.3)
            process.stdin.write("q\nq\n")
            await asyncio.sleep(0.5)
            process.stdin.write("list\n")
            await typing.until("A bridge to the LAN.*kvmlab> ")
            assert "what-nobody-may-see" not in typing.seen
            assert "Command not available" in typing.seen or not shutil.which("less")

    asyncio.run(come_in())
    assert not made.exists()


def test_what_is_allowed_is_there_and_names_no_file() -> None:
    """Each verb is one of kvmlab's, each option one of the verb's, and none of those takes a path."""
    from importlib import import_module
    from pathlib import Path as File

    from kvmlab.cli.parsing import Parser

    for name, verb in VERBS.items():
        assert name in ALL
        parser = Parser("x", "")
        import_module(f"kvmlab.cli.verbs.{name}").arguments(parser)
        there = {option: action for action in parser._actions for option in action.option_strings}
        for option in verb.options:
            assert there[option].nargs == 0
        for option in verb.valued:
            assert there[option].nargs is None and there[option].type is not File
        taken = [one for one in parser._actions if not one.option_strings]
        assert all(one.type is not File for one in taken) and (bool(taken) == bool(verb.most))


@pytest.mark.parametrize("line", ["x" * (MOST + 1), "'", 'a "b'])
def test_lines_that_are_none(line: str) -> None:
    with pytest.raises(UsageError):
        words_of(line)


def test_lines_that_are_some() -> None:
    """As the texts have them, too."""
    assert checked(words_of("kvmlab check net-bridge uplink --wait 20")) == [
        "check",
        "net-bridge",
        "uplink",
        "--wait",
        "20",
    ]
    assert words_of("  ") == []


def test_a_repair_is_given_up_at_the_door_and_begun_by_the_class_alone() -> None:
    """Else the draw could be tried until it is an easy one."""
    assert checked(["repair", "net-bridge", "--give-up"]) and checked(["explain"]) and checked(["show", "--text"])
    for words in (["repair", "net-bridge"], ["repair", "--give-up", "--seed", "x"], ["repair", "--fault", "x"]):
        with pytest.raises(UsageError):
            checked(words)
