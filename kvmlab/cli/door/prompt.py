"""What a student types at, on a terminal of their own: their kvmlab's verbs, and a few words of the door's.

It runs with the rights of the instructor's kvmlab, so whatever is typed is hostile: a line of bounded length, looked up
in a table (`allowed`), and carried out by a kvmlab that works in the student's own state directory.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

from kvmlab import words
from kvmlab.classroom.door.logins import Logins, plain_key, read_key
from kvmlab.classroom.door.terminals import collect_orphans, kill_session, sweep_orphans
from kvmlab.classroom.folder import open_class
from kvmlab.cli.door.allowed import VERBS, checked, words_of
from kvmlab.cli.door.editing import LineEditor
from kvmlab.cli.door.starting import keep_moving, turn_to_start
from kvmlab.cli.verbs import VERBS as LINES
from kvmlab.course import Course
from kvmlab.errors import KvmlabError, UsageError
from kvmlab.paths import State
from kvmlab.report.plain import TextPage
from kvmlab.safe_text import clean
from kvmlab.words import t

GIVEN = "KVMLAB_DOOR"
"""The environment variable with who came in, from the desk; what kvmlab runs below does not see it."""


class Visitor(NamedTuple):
    """Who came in: the class's folder, the student's id, and the public keys that their computer has shown."""

    folder: str
    student: str
    keys: tuple[str, ...]
    course: str


def main() -> NoReturn:
    """Run the prompt until `exit`, the end of input, or the end of the line."""
    visitor = Visitor(**json.loads(os.environ.pop(GIVEN)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # Ctrl-\ below would leave a core on the server
    collect_orphans()
    signal.signal(signal.SIGHUP, lambda *_: _gone())
    signal.signal(signal.SIGTERM, lambda *_: _gone())
    try:
        Prompt(visitor).run()
    except KvmlabError as error:
        print(f"kvmlab: {error.message}", file=sys.stderr)
    _gone()


def _gone() -> NoReturn:
    """Nothing that was started from here stays but lab hosts."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    kill_session(os.getpid())
    sweep_orphans(())
    time.sleep(0.2)  # a shell that was just being opened
    sweep_orphans(())
    os._exit(0)


class Prompt:
    """One student's."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self._state = visitor, State()
        self._course = Course.load(Path(visitor.course), self._state)
        self._editor = LineEditor(f"{self._page.paint('kvmlab', 'bold')}> ", len("kvmlab> "), self._completions)
        self._settings, self._waits, self._stopped = termios.tcgetattr(0), False, False
        for one in (signal.SIGQUIT, signal.SIGINT):
            signal.signal(one, lambda *_: self._stop())  # a handler is not inherited: below it works as ever

    @property
    def _page(self) -> TextPage:
        """Lines as wide as the terminal is now."""
        return TextPage(color=os.environ.get("TERM") != "dumb")

    def _stop(self) -> None:
        self._stopped = True
        if self._waits:
            self._ask()

    def run(self) -> None:
        """Say where they are, then do what is typed."""
        self._kvmlab([])
        self._page.line()
        self._page.line(t("`help` says what there is, `exit` leaves; what runs here goes on."))
        if self._visitor.keys:
            self._page.line(t("`key add` lets your computer in without a code from now on."))
        while (line := self._line()) is not None:
            try:
                found = words_of(line)
                if found and found[0] in ("exit", "quit", "logout"):
                    return
                if found:
                    self._do(found)
            except KvmlabError as error:
                self._page.line(f"kvmlab: {error.message}")
                if error.todo:
                    self._page.line(f"  → {error.todo}")
            except Exception as error:
                self._page.line(f"kvmlab: {clean(str(error))[:200]}")

    def _line(self) -> str | None:
        """What is typed, None at its end. The terminal is as it was, whatever was done to it below."""
        sys.stdout.flush()
        termios.tcsetattr(0, termios.TCSADRAIN, self._settings)
        self._waits = True
        try:
            return self._editor.line() if self._edits else self._plain_line()
        finally:
            self._waits = False

    def _plain_line(self) -> str | None:
        """On a terminal that can only show lines: it edits them itself."""
        self._ask()
        typed = os.read(0, 4096)
        return typed.decode(errors="replace") if typed else None

    @property
    def _edits(self) -> bool:
        return os.environ.get("TERM") != "dumb"

    def _completions(self, before: str) -> list[str]:
        """What the word that is being typed may become: a verb or a word of the door's, an option, a lab."""
        found = before.split(" ")
        found = found[1:] if found[:1] == ["kvmlab"] else found
        if len(found) <= 1:
            return [*VERBS, "help", "key", "lang", "exit"]
        verb = VERBS.get(found[0])
        if verb is None:
            return {"key": ["add", "remove"], "lang": list(words.LANGUAGES)}.get(found[0], [])
        labs = list(self._course.ids) if verb.most and found[0] not in ("read", "quiz") else []
        return [*verb.options, *verb.valued] if found[-1].startswith("-") else labs

    def _ask(self) -> None:
        if self._edits:
            self._editor.begin()
            return
        os.write(1, f"\r\n{self._page.paint('kvmlab', 'bold')}> ".encode())

    def _do(self, found: list[str]) -> None:
        own = {"help": self._help, "lang": self._lang, "key": self._key}.get(found[0])
        if own is not None:
            own(found[1:])
            return
        argv = checked(found)
        if argv[0] not in ("start", "reset"):
            self._kvmlab(argv)
            return
        self._stopped = False
        with turn_to_start(self._state, self._course, argv[1:], lambda: self._stopped):
            self._kvmlab(argv, others_wait=True)

    def _kvmlab(self, argv: list[str], *, others_wait: bool = False) -> None:
        """A verb, by a kvmlab of the student's own."""
        command = [sys.executable, "-P", "-m", "kvmlab", "--lang", words.language(), *argv]
        try:
            with subprocess.Popen(command) as process:
                if others_wait:
                    keep_moving(process, 1)
        finally:
            sweep_orphans(())

    def _help(self, _rest: list[str]) -> None:
        lines = [(name, t(LINES[name])) for name in VERBS]
        lines.append(("key", t("the keys of yours that are let in without a code; key add, key add LINE, key remove")))
        lines.append(("lang en|zh", t("the language")))
        lines.append(("exit", t("leave; what runs here goes on")))
        self._page.commands(lines)

    def _lang(self, rest: list[str]) -> None:
        if len(rest) != 1 or rest[0] not in words.LANGUAGES:
            raise UsageError(t("There are: {known}.", known=", ".join(words.LANGUAGES)), "lang en")
        words.set_language(rest[0])

    def _key(self, rest: list[str]) -> None:
        student = self._visitor.student
        with open_class(self._visitor.folder) as found:
            logins = Logins(found)
            if rest[:1] == ["add"]:
                for one in [" ".join(rest[1:])] if rest[1:] else self._shown_keys():
                    self._page.line(t("let in from now on: {key}", key=logins.add_key(student, one)))
            elif rest[:1] == ["remove"] and len(rest) == 2:
                logins.remove_key(student, rest[1])
            elif rest:
                raise UsageError(t("Of `key` there are: key, key add, key add LINE, key remove FINGERPRINT."), "key")
            known = logins.keys(student)
        for one in known:
            self._page.line(f"  {one.split()[0]}  {read_key(one).get_fingerprint()}")
        if not known:
            self._page.line(t("Only codes let you in so far."))

    def _shown_keys(self) -> list[str]:
        if not self._visitor.keys:
            said = t("Your computer has shown no key. Make one there, and give its public half here.")
            raise UsageError(said, 'ssh-keygen -t ed25519 (there); key add "ssh-ed25519 AAAA…" (here)')
        return [plain_key(read_key(one)) for one in self._visitor.keys]


if __name__ == "__main__":
    words.set_language(os.environ.get("KVMLAB_LANG", "en"))
    main()
