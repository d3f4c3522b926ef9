"""Who may come in: one-time codes and public keys of a class's students, in its gradebook."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import scrypt
from types import ModuleType
from typing import TYPE_CHECKING

from kvmlab.classroom.folder import Class
from kvmlab.course.progress import now
from kvmlab.errors import CannotRun, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.words import t

if TYPE_CHECKING:
    from asyncssh import SSHKey

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of codes; none that is taken for another."""
LENGTH, PART = 12, 4
"""59 bits, written in three parts."""
EACH, DAYS = 3, 30
"""How many codes a student gets, for lines that are cut and keys that are lost; and how long they let in."""
MOST_KEYS, MOST_KEY = 10, 4000  # characters
IN_CLASS = "SELECT id FROM student WHERE left_at IS NULL"
_KINDS = ("ssh-ed25519", "ecdsa-sha2-", "sk-ssh-ed25519@", "sk-ecdsa-sha2-", "ssh-rsa")


class Logins:
    """The codes and keys of one class."""

    def __init__(self, of_class: Class) -> None:
        self._class, self._database = of_class, of_class.book.database

    def host_key(self) -> SSHKey:
        """The class's own key (Ed25519), by which students know that it is their server; made on first use."""
        asyncssh = need_asyncssh()
        with self._database.transaction() as change:
            found = change.execute("SELECT value FROM meta WHERE name = 'door_key'").fetchone()
            if found is None:
                made = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
                change.execute("INSERT INTO meta VALUES ('door_key', ?)", [made])
        key: SSHKey = asyncssh.import_private_key(found["value"] if found else made)
        return key

    def give_codes(self, student: str) -> list[str]:
        """Fresh codes for a student; those they had let nobody in any more."""
        codes = [_code() for _ in range(EACH)]
        rows = [(student, self.hash(student, code), now(), None) for code in codes]
        with self._database.transaction() as change:
            change.execute("DELETE FROM code WHERE student = ?", [student])
            change.executemany("INSERT INTO code VALUES (?, ?, ?, ?)", rows)
        return codes

    def have_codes(self) -> set[str]:
        """Who has a code that would let them in."""
        query = "SELECT DISTINCT student FROM code WHERE used IS NULL AND made > ?"
        return {row["student"] for row in self._database.rows(query, [oldest()])}

    def hash(self, student: str, code: str) -> str:
        """What is stored of a code (scrypt, RFC 7914: 2 MiB and some five milliseconds: 59 bits need no more, and who
        is a stranger can have it done as often as they like). From any thread."""
        plain = "".join(letter for letter in code.lower() if letter in LETTERS)
        return scrypt(plain.encode(), salt=self._class.salt(student), n=2**11, r=8, p=1, dklen=32).hex()

    def use(self, student: str, hashed: str) -> bool:
        """Whether the code of that `hash` lets the student in; never again from now on."""
        query = f"""UPDATE code SET used = ? WHERE student = ? AND hash = ? AND used IS NULL AND made > ?
                    AND student IN ({IN_CLASS})"""
        with self._database.transaction() as change:
            used = change.execute(query, [now(), student, hashed, oldest()]).rowcount == 1
        killpoint("door.used")
        return used

    def students(self) -> set[str]:
        """Who is in the class now."""
        return {row["id"] for row in self._database.rows(IN_CLASS)}

    def keys(self, student: str) -> list[str]:
        """The public keys that let a student in: type and base64, as in authorized_keys (sshd(8))."""
        query = f"SELECT key FROM login_key WHERE student = ? AND student IN ({IN_CLASS}) ORDER BY added, key"
        return [row["key"] for row in self._database.rows(query, [student])]

    def add_key(self, student: str, text: str) -> str:
        """Let a public key in from now on; its fingerprint. UsageError for what is none, or too weak, or too many."""
        key = read_key(text)
        plain, fingerprint = plain_key(key), key.get_fingerprint()
        with self._database.transaction() as change:
            count = change.execute("SELECT count(*) FROM login_key WHERE student = ?", [student]).fetchone()[0]
            if count >= MOST_KEYS:
                raise UsageError(t("{count} keys are the most.", count=MOST_KEYS), "key remove FINGERPRINT")
            change.execute("INSERT OR IGNORE INTO login_key VALUES (?, ?, ?)", [student, plain, now()])
        return fingerprint

    def remove_key(self, student: str, fingerprint: str) -> None:
        """No longer let in the key of that fingerprint; UsageError where there is none."""
        for plain in self.keys(student):
            if read_key(plain).get_fingerprint() == fingerprint:
                with self._database.transaction() as change:
                    change.execute("DELETE FROM login_key WHERE student = ? AND key = ?", [student, plain])
                return
        raise UsageError(t("No key of yours has the fingerprint {shown}.", shown=fingerprint[:80]), "key")


def read_key(text: str) -> SSHKey:
    """A public key from a line in OpenSSH's format, its comment left out; UsageError for anything else."""
    asyncssh = need_asyncssh()
    words = text.split()[:2]
    if len(text) > MOST_KEY or len(words) != 2 or not words[0].startswith(_KINDS) or not text.isascii():
        raise UsageError(t("This is no public key of a kind that is taken."), "ssh-keygen -t ed25519")
    try:
        key: SSHKey = asyncssh.import_public_key(" ".join(words))
    except (asyncssh.KeyImportError, ValueError, OverflowError):
        raise UsageError(t("This is no public key of a kind that is taken."), "ssh-keygen -t ed25519") from None
    if words[0] == "ssh-rsa" and getattr(key.pyca_key, "key_size", 0) < 2048:
        raise UsageError(t("An RSA key needs 2048 bits or more."), "ssh-keygen -t ed25519")
    return key


def plain_key(key: SSHKey) -> str:
    """A public key as it is stored: type and base64, without a comment."""
    return " ".join(key.export_public_key().decode().split()[:2])


def need_asyncssh() -> ModuleType:
    """The library; CannotRun where it is not installed."""
    try:
        import asyncssh
    except ImportError:
        raise CannotRun(t("asyncssh is not installed."), "pip install 'kvmlab[door]'") from None
    return asyncssh


def _code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return "-".join(letters[at : at + PART] for at in range(0, LENGTH, PART))


def oldest() -> str:
    """When those codes were made that let nobody in any more: then, or before."""
    return (datetime.now(UTC) - timedelta(days=DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
