"""Who is let in: with a code, once; with a key; and with nothing else."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from pathlib import Path

import asyncssh
import pytest

from kvmlab.classroom.door import logins
from kvmlab.classroom.door.logins import EACH, LETTERS
from kvmlab.errors import UsageError
from kvmlab.slowness import given_patience
from tests.classroom.door.conftest import WAIT_S, Codes, Opened, School, terminal

ANNA, BO = "2026001", "2026002"


async def refused(school: School, student: str, *codes: str, keys: list[asyncssh.SSHKey] | None = None) -> bool:
    """Whether they are not let in."""
    try:
        async with school.client(student, *codes, keys=keys):
            return False
    except (asyncssh.PermissionDenied, asyncssh.DisconnectError):
        return True


def test_slips(school: School) -> None:
    """A slip for each student; again only where codes are gone, or with --new; nothing to read in the gradebook."""
    done = school.run("codes", "--port", "2200", "--server", "school.example")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ssh -p 2200 2026001@school.example") == 1 == done.stdout.count("2026002@school.example")
    codes = [line.split(":  ")[1] for line in done.stdout.splitlines() if line.startswith("    code ")]
    assert len({*codes}) == 2 * EACH and all(set(one) <= set(LETTERS + "-") and len(one) == 14 for one in codes)
    again = school.run("codes")
    assert "code 1" not in again.stdout and "2 have codes already" in again.stdout
    assert "code 1" in school.run("codes", "--new", "--group", "B").stdout
    book = school.folder / "gradebook.sqlite"
    assert stat.S_IMODE(book.stat().st_mode) == 0o600
    assert not any(one.encode() in book.read_bytes() for one in codes)


def test_a_code_lets_in_once(school: School, opened: Opened) -> None:
    async def come_in() -> None:
        first, second, third = school.codes(ANNA)
        async with school.client(ANNA, first) as conn:
            typing = await terminal(conn)
            assert "0 of 2 labs" in typing.seen
        assert await refused(school, ANNA, first)
        assert await refused(school, BO, second), "another student's"
        async with school.client(ANNA, second.upper().replace("-", " ")):
            pass
        school.codes(ANNA)
        assert await refused(school, ANNA, third), "there are new ones"

    asyncio.run(come_in())


def test_who_is_not_let_in(school: School, opened: Opened, tmp_path: Path) -> None:
    """Neither who is not in the class, nor who is no more; nor with a code that is too old, empty, or long."""

    async def come_in() -> None:
        codes = school.codes(ANNA)
        for name in ("nobody", "root", "", "2026001 ", "../2026001", "x" * 5000, "' OR 1=1 --"):
            assert await refused(school, name, codes[0]), name
        for code in ("", "x" * 5000, "%s", codes[0][:-1]):
            assert await refused(school, ANNA, code), code
        with sqlite3.connect(school.folder / "gradebook.sqlite") as book:
            book.execute("UPDATE code SET made = '2020-01-01T00:00:00Z'")
        assert await refused(school, ANNA, codes[0]), "too old"
        codes = school.codes(ANNA)
        (tmp_path / "roster.csv").write_text(f"id\n{BO}\n")
        async with school.client(ANNA, codes[0]) as conn:
            typing = await terminal(conn)
            assert school.run("roster", str(tmp_path / "roster.csv"), "--accept").returncode == 0
            assert await refused(school, ANNA, codes[1]), "not in the class any more"
            with pytest.raises(EOFError):
                await typing.until("never")

    asyncio.run(come_in())


def test_five_tries(school: School, opened: Opened) -> None:
    """Each is answered; after five the line is cut, and the sixth, which is right, is never asked for."""

    async def come_in() -> None:
        (code, *_) = school.codes(ANNA)
        client = Codes(["wrong"] * 5 + [code])
        with pytest.raises((asyncssh.PermissionDenied, asyncssh.DisconnectError)):
            await asyncssh.create_connection(
                lambda: client, "127.0.0.1", opened.port, username=ANNA, known_hosts=None, client_keys=None,
                agent_path=None, config=[], login_timeout=WAIT_S * given_patience(),
            )  # fmt: skip
        assert client.codes == [code]
        assert client.told[1:] == [f"No code that lets {ANNA} in, or it has let somebody in before."] * 4
        assert await refused(school, ANNA, *["wrong"] * 5)
        async with school.client(ANNA, code):
            pass  # whoever has tried ten in her name has not kept her out

    asyncio.run(come_in())


def test_a_key_lets_in_after_the_first_time(school: School, opened: Opened) -> None:
    """The key that her computer has shown, and one that was typed; no one else's, and none that was only shown."""
    key, other = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ecdsa-sha2-nistp256")

    async def come_in() -> None:
        (code, *_) = school.codes(ANNA)
        assert await refused(school, ANNA, keys=[key])
        async with school.client(ANNA, code, keys=[key]) as conn:
            typing = await terminal(conn)
            assert "`key add` lets your computer in" in typing.seen
            assert "let in from now on: " + key.get_fingerprint() in await typing.type("key add")
            line = other.export_public_key().decode().strip()
            assert other.get_fingerprint() in await typing.type(f"key add {line} anna@home")
        for one in (key, other):
            async with school.client(ANNA, keys=[one]) as conn:
                typing = await terminal(conn)
        assert await refused(school, BO, keys=[key, other])
        async with school.client(ANNA, keys=[other]) as conn:
            typing = await terminal(conn)
            seen = await typing.type(f"key remove {key.get_fingerprint()}")
            assert seen.count(key.get_fingerprint()) == 1, "as it was typed"
        assert await refused(school, ANNA, keys=[key])

    asyncio.run(come_in())


def test_who_has_a_code_is_not_taken_for_whose_key_they_show(school: School, opened: Opened) -> None:
    """Bo shows Anna's public key under her name, without her private one, and then comes in as himself."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    (school.folder / "anna.pub").write_bytes(key.export_public_key())
    done = school.run("codes", "--student", ANNA, "--key", str(school.folder / "anna.pub"))
    assert (done.returncode, done.stdout) == (0, f"{ANNA} comes in with the key {key.get_fingerprint()}.\n")

    async def come_in() -> None:
        wrong = asyncssh.generate_private_key("ssh-ed25519")
        pair = asyncssh.load_keypairs([wrong])[0]
        pair.public_data = key.public_data  # it signs with another key than it shows
        assert await refused(school, ANNA, keys=[pair])  # type: ignore[list-item]
        async with school.client(BO, school.codes(BO)[0], keys=[pair]) as conn:  # type: ignore[list-item]
            typing = await terminal(conn)
            seen = await typing.type(f"key remove {key.get_fingerprint()}")
            assert "No key of yours" in seen

    asyncio.run(come_in())


@pytest.mark.parametrize(
    "text",
    ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 " + "A" * 5000, "ssh-dss AAAAB3NzaC1kc3M=", "/etc/passwd",
     "ssh-ed25519-cert-v01@openssh.com AAAA", 'command="id" ssh-ed25519 AAAA', "ssh-rsa AAAAB3NzaC1yc2E=", "\ud7ff"],
)  # fmt: skip
def test_no_key(text: str) -> None:
    """A sentence for each."""
    with pytest.raises(UsageError):
        logins.read_key(text)


def test_a_short_key_is_refused() -> None:
    short = asyncssh.generate_private_key("ssh-rsa", key_size=1024).export_public_key().decode()
    with pytest.raises(UsageError, match="2048"):
        logins.read_key(short)


def test_wrong_use_of_codes(school: School) -> None:
    for argv, said in (
        (("--key", "nowhere", "--student", ANNA), "no public key"),
        (("--key", "nowhere"), "one student's"),
        (("--student", "nobody"), "there is none called"),
        (("--listen", "x"), "--listen is no option of"),
    ):
        done = school.run("codes", *argv)
        assert done.returncode == 2 and said in done.stderr, done.stderr


def test_whom_the_class_forgets_has_no_codes_and_keys(school: School) -> None:
    school.codes(ANNA)
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key()
    (school.folder / "anna.pub").write_bytes(key)
    school.run("codes", "--student", ANNA, "--key", str(school.folder / "anna.pub"))
    done = school.run("forget", ANNA)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(school.folder / "gradebook.sqlite") as book:
        assert book.execute("SELECT * FROM code").fetchall() == book.execute("SELECT * FROM login_key").fetchall() == []
