"""A guest that has been reached: its fact server asked over SSH, each question once per pass."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from kvmlab.errors import CouldNotLook
from kvmlab.guest.ip_output import Nic, parse_addresses
from kvmlab.guest.look_output import Garbled, Sections, parse, word
from kvmlab.remote.deadline import Later, TooLate, later
from kvmlab.remote.ssh import Output, Unreachable, Why
from kvmlab.words import t

if TYPE_CHECKING:
    from collections.abc import Callable

CAP = 2 << 20  # bytes of one answer
TIMEOUT_S = 12.0  # for one question; the guest's own deadlines are shorter
SLOW_S = 70.0  # for a checksum
AT_ONCE = 6  # questions under way; OpenSSH allows 10 on one connection


class FactChannel(Protocol):
    """What a guest's fact server is asked over: a Session, or its guest agent."""

    @property
    def alive(self) -> bool: ...
    def run(self, command: str, *, timeout_s: float, cap: int = 0) -> Output: ...
    def close(self) -> None: ...


class GuestConnection:
    """A guest that can be asked. `address`: where it was reached over SSH, "" by its agent."""

    def __init__(self, name: str, address: str, session: FactChannel, *, patience: float = 1.0) -> None:
        self.name = name
        self.address = address
        self.channel = session
        self._patience = patience
        self._silent = False
        self._sections: dict[str, Later[Sections]] = {}
        self._answers: dict[str, Later[Sections]] = {}
        self._lock = threading.Lock()
        self._at_once = threading.BoundedSemaphore(AT_ONCE)

    @property
    def alive(self) -> bool:
        """Its connection stands, as far as is known: one to a guest that has gone may for long, and says nothing."""
        return not self._silent and self.channel.alive

    def begin(self, sections: Iterable[str]) -> None:
        """Ask for what is not known yet of `sections` ("addr", "route", …; see look.sh) in one question."""
        with self._lock:
            fresh = [name for name in dict.fromkeys(sections) if name not in self._sections]
            if fresh:
                promise = later(lambda: self._asked("snapshot " + " ".join(fresh)), "guest")
                self._sections.update(dict.fromkeys(fresh, promise))

    def snapshot(self, section: str) -> Sections:
        """The answer that holds `section`. Raises CouldNotLook."""
        self.begin([section])
        return self._wait(self._sections[section], TIMEOUT_S)

    def start(self, verb: str, *args: str) -> Later[Sections]:
        """Begin to ask another question."""
        command = " ".join((verb, *(word(each) for each in args)))
        with self._lock:
            if command not in self._answers:
                self._answers[command] = later(lambda: self._asked(command), "guest")
            return self._answers[command]

    def ask(self, verb: str, *args: str) -> Sections:
        """The answer to another question. Raises CouldNotLook."""
        return self._wait(self.start(verb, *args), SLOW_S if verb == "checksum" else TIMEOUT_S)

    def nics(self) -> dict[str, Nic]:
        """Its network devices, by name."""
        return parse_addresses("\n".join(self.lines("addr")))

    def lines(self, section: str) -> list[str]:
        """The lines of a section that is never empty in a guest that can be asked. Raises CouldNotLook."""
        found = self.snapshot(section).lines(section)
        if not found:
            raise self._trouble(t("its {section} cannot be read", section=section))
        return found

    def answers(self, within_s: float) -> bool:
        """Whether it says anything within so many seconds."""
        try:
            later(lambda: self._asked("snapshot hostname"), "guest").get(within_s)
        except (TooLate, Unreachable):
            return False
        except Garbled:
            pass
        return True

    def refresh(self) -> None:
        """Forget what was answered."""
        with self._lock:
            self._sections.clear()
            self._answers.clear()

    def close(self) -> None:
        """Hang up."""
        self.channel.close()

    def _asked(self, command: str) -> Sections:
        slow = command.startswith("checksum ")
        with self._at_once:
            output = self.channel.run(command, timeout_s=(SLOW_S if slow else TIMEOUT_S) * self._patience, cap=CAP)
        return parse(output.out)

    def _wait(self, promise: Later[Sections], timeout_s: float) -> Sections:
        if self._silent and not promise.done():  # who was silent once in a pass is not waited for again
            raise self._trouble(t("it does not answer"))
        try:
            return promise.get(timeout_s * self._patience + 2)
        except Garbled as error:
            raise self._trouble(t("what it answered is not what its fact server says ({error})", error=error)) from None
        except TooLate:
            self._silent = True
            raise self._trouble(t("it does not answer")) from None
        except Unreachable as error:
            self._silent = error.why is Why.SILENT
            raise self._trouble(_WORDS.get(error.why, str)(str(error))) from None

    def _trouble(self, reason: str) -> CouldNotLook:
        return cannot_ask(self.name, reason)


def cannot_ask(name: str, reason: str) -> CouldNotLook:
    """The error for a guest that was reached and does not answer as it should."""
    return CouldNotLook(t("Guest {guest} cannot be asked: {reason}.", guest=name, reason=reason))


_WORDS: dict[Why, Callable[[str], str]] = {
    Why.SILENT: lambda _: t("it does not answer"),
    Why.TOO_MUCH: lambda said: t("it printed {amount}", amount=said),
    Why.CLOSED: lambda _: t("it closed the connection"),
}
