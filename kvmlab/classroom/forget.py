"""One person removed everywhere: from the gradebook and its copies, from class.toml, and with all that ran for them.

First they are in the class no more, so that the door lets them in no more, and what they are at there is ended: else
they could start what has just been removed. Killed in the middle, the same again removes the rest: their row goes last.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shlex
import shutil
import signal
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

from kvmlab.classroom.folder import SETTINGS, Class
from kvmlab.classroom.gradebook.records import ServerPlace
from kvmlab.classroom.roster.student import Student
from kvmlab.errors import CannotRun
from kvmlab.killpoints import killpoint
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import find_containers, orphans, sweep
from kvmlab.paths import State, write_atomic
from kvmlab.process import processes
from kvmlab.words import t

HANGUP_S = 5.0
"""How long who was hung up on may take to put away what it was making."""


def forget(found: Class, student: Student, shared: State) -> Iterator[str]:
    """Remove everything of a student; yields what was removed, as it is. CannotRun names what is left."""
    place = found.book.places().get(student.id)
    found.book.leave(student.id)
    killpoint("forget.left")
    yield from _at_work(found.state_root(student, shared))
    yield from _lab_hosts(found, student, shared)
    killpoint("forget.lab_hosts")
    yield from _settings(found.folder / SETTINGS, student.id)
    killpoint("forget.settings")
    for copy in found.book.database.copies():
        copy.unlink()
        yield t("{path}, a copy of the gradebook from before an update", path=copy)
    killpoint("forget.copies")
    yield from _records(found, student.id)
    if place:
        yield _not_here(found, student, place)
    if left := traces(found, student, shared):
        said = t("{id} is still to be found in {places}.", id=student.id, places=", ".join(map(str, left)))
        raise CannotRun(said, shlex.join(["grep", "-l", student.id, *map(str, left)]))


def _not_here(found: Class, student: Student, place: ServerPlace) -> str:
    """What a class server has, which is not asked."""
    folder = f"classes/{found.tag}/{found.state_name(student)}"
    return t("not removed: {folder} on {server}, and lab hosts there", folder=folder, server=place.server)


def would_forget(found: Class, student: Student, shared: State) -> Iterator[str]:
    """What `forget` would remove; nothing is."""
    root = found.state_root(student, shared)
    if root.exists():
        state = State(root, shared.shared.root)
        yield from (
            t("the lab host {name}", name=one["name"]) for one in find_containers(remembered_podman(state), state)
        )
        yield t("{path}, with progress and what was started", path=root)
    path = found.folder / SETTINGS
    _, removed = without_exceptions(path.read_text(encoding="utf-8"), student.id)
    if removed:
        yield t("{count} exceptions in {path}", count=removed, path=path)
    for copy in found.book.database.copies():
        yield t("{path}, a copy of the gradebook from before an update", path=copy)
    attempts = found.book.database.rows("SELECT count(*) FROM attempt WHERE student = ?", [student.id])[0][0]
    yield t("in the gradebook: {attempts} attempts with their evidence, the entry in the roster", attempts=attempts)
    if place := found.book.places().get(student.id):
        yield _not_here(found, student, place)


def traces(found: Class, student: Student, shared: State) -> list[Path]:
    """The files in which something of the student is left: the state directory's, the gradebook, others of the class.

    In other files an id of fewer than four characters is not looked for: it would be found in any number.
    """
    own, book = found.state_root(student, shared), found.book.database.path
    left = [path for path in sorted(own.rglob("*")) if path.is_file()]
    columns = (("student", "id"), *((name, "student") for name in ("attempt", "outcome", "code", "login_key", "place")))
    if any(
        found.book.database.rows(f"SELECT 1 FROM {table} WHERE {name} = ?", [student.id]) for table, name in columns
    ):
        left.append(book)
    word = re.compile(rb"(?<![\w.@+-])" + re.escape(student.id.encode()) + rb"(?![\w@+-])")
    others = [path for path in sorted(found.folder.rglob("*")) if path.is_file() and path != book]
    if len(student.id) >= 4:
        left += [path for path in others if not path.is_symlink() and word.search(path.read_bytes())]
    return left


def _at_work(root: Path) -> Iterator[str]:
    """The kvmlabs that work in a state directory are hung up on, as the door does it; who stays is killed."""
    there = kvmlabs_of(root)
    for how in (signal.SIGHUP, signal.SIGKILL):
        for pid in kvmlabs_of(root):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        until = time.monotonic() + HANGUP_S
        while kvmlabs_of(root) and time.monotonic() < until:
            time.sleep(0.1)
    if there:
        yield t("what they were at: {count} kvmlabs", count=len(there))


def kvmlabs_of(root: Path) -> list[int]:
    """The processes of ours that are a kvmlab in this state directory. What podman keeps running is none."""
    wanted, found = f"KVMLAB_STATE={root}".encode(), []
    for pid in processes():
        with contextlib.suppress(OSError):
            folder = Path(f"/proc/{pid}")
            words = (folder / "cmdline").read_bytes().split(b"\0")
            mine = any(one == b"-m" and name.startswith(b"kvmlab") for one, name in itertools.pairwise(words))
            if mine and wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def _lab_hosts(found: Class, student: Student, shared: State) -> Iterator[str]:
    root = found.state_root(student, shared)
    if not root.exists():
        return
    state = State(root, shared.shared.root)
    podman = remembered_podman(state)
    hosts = find_containers(podman, state)
    labels = {one["lab"] for one in hosts} | {name.rpartition("-")[0] for name in _names(state)}
    sweep(podman, state, labels)
    for one in hosts:
        yield t("the lab host {name}", name=one["name"])
    if find_containers(podman, state) or orphans(state):
        raise CannotRun(t("A lab host of {id} cannot be removed.", id=student.id), "kvmlab doctor")
    shutil.rmtree(root)
    yield t("{path}, with progress and what was started", path=root)


def _names(state: State) -> list[str]:
    return [folder.name for folder in state.run.iterdir()]


def _settings(path: Path, student: str) -> Iterator[str]:
    """The student's exceptions, as the lines they are; CannotRun where that is not plainly to be seen."""
    text = path.read_text(encoding="utf-8")
    kept, removed = without_exceptions(text, student)
    if not removed:
        return
    before, after = tomllib.loads(text), tomllib.loads(kept)
    others = [one for one in before["exceptions"] if one.get("student") != student]
    if after != {**before, "exceptions": others} and after != {k: v for k, v in before.items() if k != "exceptions"}:
        said = t("{path} has exceptions of {id} that cannot be told from the rest.", path=path, id=student)
        raise CannotRun(said, f"${{EDITOR:-vi}} {shlex.quote(str(path))}")
    write_atomic(path, kept)
    yield t("{count} exceptions in {path}", count=removed, path=path)


def without_exceptions(text: str, student: str) -> tuple[str, int]:
    """The text of a class.toml without the [[exceptions]] of a student, and how many there were."""
    blocks = re.split(r"(?m)^(?=[ \t]*\[)", text)
    kept = [block for block in blocks if not _is_of(block, student)]
    return "".join(kept), len(blocks) - len(kept)


def _is_of(block: str, student: str) -> bool:
    if not re.match(r"[ \t]*\[\[[ \t]*exceptions[ \t]*\]\]", block):
        return False
    try:
        return bool(tomllib.loads(block)["exceptions"][0].get("student") == student)
    except (ValueError, KeyError, IndexError, AttributeError):
        return False


def _records(found: Class, student: str) -> Iterator[str]:
    """All rows at once, or none; then the file is written anew, so that not even deleted bytes are left."""
    with found.book.database.transaction() as change:
        change.execute("INSERT INTO forgetting VALUES (?)", [student])
        mine = "(SELECT number FROM attempt WHERE student = ?)"
        counts = {
            "gradings": change.execute(f"DELETE FROM grading WHERE attempt IN {mine}", [student]).rowcount,
            "outcomes": change.execute("DELETE FROM outcome WHERE student = ?", [student]).rowcount,
            "attempts": change.execute("DELETE FROM attempt WHERE student = ?", [student]).rowcount,
        }
        orphaned = "DELETE FROM evidence WHERE digest NOT IN (SELECT evidence FROM attempt)"
        counts["evidence"] = change.execute(orphaned).rowcount
        for table in ("code", "login_key", "place"):
            change.execute(f"DELETE FROM {table} WHERE student = ?", [student])
        change.execute("DELETE FROM student WHERE id = ?", [student])
        change.execute("DELETE FROM forgetting")
    killpoint("forget.records")
    found.book.database.rewrite()
    yield t("in the gradebook: {attempts} attempts, {gradings} gradings, {evidence} documents of evidence, "
            "{outcomes} outcomes, codes and keys, the entry in the roster", **counts)  # fmt: skip
