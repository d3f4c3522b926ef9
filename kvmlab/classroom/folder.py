"""A class's folder: class.toml, which its instructor edits, and gradebook.sqlite, which kvmlab keeps."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import shlex
import shutil
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from kvmlab.classroom.gradebook.book import Gradebook
from kvmlab.classroom.gradebook.database import Database
from kvmlab.classroom.policy import Policy, read_policy
from kvmlab.classroom.roster.student import Student
from kvmlab.errors import CannotRun, UsageError
from kvmlab.killpoints import killpoint
from kvmlab.labhost.own_limits import OwnLimits, limits_of, set_limits
from kvmlab.paths import State, write_atomic
from kvmlab.words import t

SETTINGS, BOOK = "class.toml", "gradebook.sqlite"
_FIRST_SETTINGS = Path(__file__).with_name("class.toml")


class Class:
    """An open class. What it is called is its folder's name, and may change; what it is, is in the gradebook."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        _must_be_private(folder)
        self.book = Gradebook(Database(folder / BOOK))
        self.tag = self.book.meta("class")
        self._secret = bytes.fromhex(self.book.meta("secret"))

    def policy(self) -> Policy:
        """What counts, as class.toml says it now; UsageError with the place of a mistake."""
        return read_policy(self.folder / SETTINGS)

    @cached_property
    def limits(self) -> OwnLimits:
        """What a student's lab hosts may take, each and together."""
        return self.policy().limits

    def seed(self, student: Student, exam: int = 0) -> str:
        """The student's variant: the same at every start, and nobody's who does not know the class's secret; in each
        `exam` another one."""
        mac = hmac.new(self._secret, (f"exam {exam}\n" * bool(exam) + student.id).encode(), sha256)
        return mac.hexdigest()[:16]

    def repair_seed(self, student: Student, lab: str, word: str) -> str:
        """Likewise what draws the fault that is hidden for the student in a lab: for each `word` another one."""
        mac = hmac.new(self._secret, f"repair {word}\n{lab}\n{student.id}".encode(), sha256)
        return mac.hexdigest()[:16]

    def secret(self, what: str) -> bytes:
        """One for that use and no other."""
        return hmac.digest(self._secret, f"secret\n{what}".encode(), "sha256")

    def salt(self, student: str) -> bytes:
        """What a student's codes are hashed with: another one for each, and no id has a line end in it."""
        return hmac.digest(self._secret, f"code\n{student}".encode(), "sha256")

    def state(self, student: Student, shared: State) -> State:
        """The student's state directory, over the images and saved guests of `shared`."""
        self.states_root(shared).mkdir(mode=0o700, exist_ok=True)
        found = State(self.state_root(student, shared), shared.shared.root)
        if limits_of(found) != self.limits:
            set_limits(found, self.limits)
        return found

    def state_root(self, student: Student, shared: State) -> Path:
        """Where it lies. It does not tell the id, which may have any letters."""
        return self.states_root(shared) / self.state_name(student)

    def state_name(self, student: Student) -> str:
        """What it is called, here and on a class server."""
        return sha256(f"{self.tag}\n{student.id}".encode()).hexdigest()[:16]

    def states_root(self, shared: State) -> Path:
        """Where all of the class's lie."""
        return shared.classes / self.tag


def create_class(folder: Path, students: Sequence[Student]) -> None:
    """Make a class's folder, all of it or nothing."""
    if folder.exists() or folder.is_symlink():
        raise UsageError(t("{path} is there already.", path=folder), shlex.join(["ls", "-la", str(folder)]))
    parent, draft = folder.parent, folder.parent / f".{folder.name[:200]}.new"
    if not parent.is_dir():
        raise UsageError(t("{path} is not a directory.", path=parent), shlex.join(["mkdir", "-p", str(parent)]))
    try:
        shutil.rmtree(draft, ignore_errors=True)  # what one who was killed has left
        draft.mkdir(mode=0o700)
        killpoint("class.folder")
        write_atomic(draft / SETTINGS, _FIRST_SETTINGS.read_text(encoding="utf-8"))
        book = Gradebook(Database.make(draft / BOOK))
        book.begin({"class": secrets.token_hex(6), "secret": secrets.token_hex(32)}, students)
        book.close()
        killpoint("class.ready")
        os.rename(draft, folder)  # noqa: PTH104
    except OSError as error:
        said = t("{path} cannot be made: {error}.", path=folder, error=error.strerror or error)
        raise CannotRun(said, shlex.join(["ls", "-ld", str(parent)])) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextlib.contextmanager
def open_class(named: str | None) -> Iterator[Class]:
    """The class in the folder `named`, else in $KVMLAB_CLASS, else in the directory we are in."""
    wanted = named or os.environ.get("KVMLAB_CLASS")
    folder = Path(wanted).absolute() if wanted else Path.cwd()
    if not (folder / SETTINGS).is_file() or not (folder / BOOK).exists():
        said = t("{path} is not a class's folder.", path=folder)
        raise UsageError(said, t("kvmlab class create NAME --roster FILE, or cd to a class's folder"))
    found = Class(folder)
    try:
        yield found
    finally:
        found.book.close()


def _must_be_private(folder: Path) -> None:
    """CannotRun where others could put another gradebook there; what they could only read is closed to them."""
    found = folder.stat()
    if found.st_uid != os.geteuid():
        said = t("{path} belongs to another user (user id {uid}).", path=folder, uid=found.st_uid)
        raise CannotRun(said, shlex.join(["ls", "-ld", str(folder)]))
    if found.st_mode & 0o022:
        said = t("Others may write in {path}, and change grades.", path=folder)
        raise CannotRun(said, shlex.join(["chmod", "700", str(folder)]))
    for path in (folder, folder / SETTINGS):
        if path.stat().st_mode & 0o077 and not path.is_symlink():
            path.chmod(0o700 if path is folder else 0o600)
