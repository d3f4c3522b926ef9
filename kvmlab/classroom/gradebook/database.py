"""The file gradebook.sqlite: made for its owner's eyes only, brought up to date, and changed by whole transactions."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from kvmlab.classroom.gradebook.schema import MIGRATIONS
from kvmlab.errors import CannotRun
from kvmlab.killpoints import killpoint
from kvmlab.words import t

BUSY_S = 60
"""How long another instructor's transaction is waited for; each takes milliseconds."""


class Database:
    """An open gradebook. `migrations` are the versions there are; a file of a later one is refused."""

    def __init__(self, path: Path, migrations: Sequence[str] = MIGRATIONS, *, fresh: bool = False) -> None:
        self.path = path
        _must_be_ours(path)
        with _told(path):
            self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            for setting in ("foreign_keys = ON", "secure_delete = ON", "trusted_schema = OFF"):
                self._connection.execute(f"PRAGMA {setting}")
            self._migrate(migrations, fresh)

    @classmethod
    def make(cls, path: Path, migrations: Sequence[str] = MIGRATIONS) -> Database:
        """A new one, where there is no file yet."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        return cls(path, migrations, fresh=True)

    def rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """What a SELECT finds."""
        with _told(self.path):
            return list(self._connection.execute(query, values))

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is done inside, or nothing of it, also if the power fails."""
        with _told(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                killpoint("gradebook.written")
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

    def rewrite(self) -> None:
        """Write the file anew, so that nothing is left in it of what was removed (VACUUM)."""
        with _told(self.path):
            self._connection.execute("VACUUM")

    def close(self) -> None:
        """No more is asked of it."""
        self._connection.close()

    def copies(self) -> list[Path]:
        """The copies that were made before migrations."""
        return sorted(self.path.parent.glob(f"{self.path.name}.version-*"))

    def _migrate(self, migrations: Sequence[str], fresh: bool) -> None:
        if self._version() == len(migrations):
            return
        self._connection.execute("BEGIN IMMEDIATE")  # two instructors at once: the second finds it done
        try:
            version = self._version()
            if version > len(migrations):
                said = t("{path} is of a later kvmlab (version {version}).", path=self.path, version=version)
                raise CannotRun(said, "kvmlab --version")
            if version == 0 and not fresh:
                said = t("{path} is not the gradebook of a class.", path=self.path)
                raise CannotRun(said, shlex.join(["ls", "-l", str(self.path)]))
            if 0 < version < len(migrations):
                self._copy(version)
            for number, script in enumerate(migrations[version:], version + 1):
                for statement in _statements(script):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {number}")
                killpoint(f"gradebook.version-{number}")
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.rollback()
            raise

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _copy(self, version: int) -> None:
        """Nobody writes meanwhile: we hold the lock."""
        copy = self.path.with_name(f"{self.path.name}.version-{version}")
        with contextlib.suppress(FileNotFoundError):
            copy.unlink()
        descriptor = os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as target, self.path.open("rb") as source:
            shutil.copyfileobj(source, target)
            os.fsync(target.fileno())


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; executescript() would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _must_be_ours(path: Path) -> None:
    """CannotRun unless it is a plain file of ours that nobody else can look into."""
    try:
        found = path.lstat()
    except OSError as error:
        said = t("{path} cannot be read: {reason}.", path=path, reason=error.strerror or error)
        raise CannotRun(said, shlex.join(["ls", "-la", str(path.parent)])) from None
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        said = t("{path} is not a file of yours.", path=path)
        raise CannotRun(said, shlex.join(["ls", "-l", str(path)]))
    if found.st_mode & 0o077:
        path.chmod(0o600)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """What SQLite says of the file, as an error of ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if not path.exists():
            said = t("{path} is not there any more: the class was moved or removed.", path=path)
            raise CannotRun(said, t("cd to where it is now, and the same command")) from None
        said = t("The gradebook {path} cannot be used now: {reason}.", path=path, reason=error)
        raise CannotRun(said, "df -h") from None
    except sqlite3.DatabaseError as error:
        if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
            raise
        said = t("The gradebook {path} is damaged: {reason}.", path=path, reason=error)
        raise CannotRun(said, shlex.join(["sqlite3", str(path), "PRAGMA integrity_check"])) from None
