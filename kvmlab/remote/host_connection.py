"""Access to a lab host besides libvirt: one SSH connection, and the fact server over it, each opened on first use."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from kvmlab.errors import CouldNotLook
from kvmlab.remote.deadline import Later, TooLate, at_hand, later
from kvmlab.remote.fact_server import Look, NotRead, NotThere
from kvmlab.remote.host_root import SSH, HostRoot
from kvmlab.remote.ssh import Session, Unreachable, Why, connect
from kvmlab.words import t

TIMEOUT_S = 5.0  # to connect
STANDS_S = 1.0  # to answer where a connection stands already
ANSWER_S = 12.0  # to answer one question; the fact server's own deadlines are shorter
SLOW_S = 40.0  # for questions that read a whole file
TODO = "kvmlab status"


class HostConnection:
    """SSH to a lab host over a Unix socket, and answers of its fact server, each asked once until `refresh`."""

    def __init__(self, root: HostRoot, key: Path, *, patience: float = 1.0, session: Session | None = None) -> None:
        """`session`: one that stands already."""
        self.key = key
        self.patience = patience
        self._root = root
        self._session: Later[Session] | None = at_hand(session) if session else None
        self._look: Later[Look] | None = None
        self._answers: dict[tuple[Any, ...], Later[Any]] = {}
        self._lock = threading.RLock()
        self._beyond: dict[str, Session] = {}

    @property
    def timeout_s(self) -> float:
        """How long connecting may take."""
        return TIMEOUT_S * self.patience

    def leave_standing(self, address: str, session: Session) -> None:
        """A connection through this one to port 22 of `address`, for the next who wants to go there."""
        self._beyond[address] = session

    def standing(self, address: str) -> Session | None:
        """One that was left standing, once; None where there is none, or nobody answers on it."""
        session = self._beyond.pop(address, None)
        if session is None or session.answers(STANDS_S * self.patience):
            return session
        session.close()
        return None

    def start(self) -> Later[Session]:
        """Begin to connect, if that has not begun."""
        with self._lock:
            if self._session is None:
                self._session = later(self._connect, "ssh")
            return self._session

    def session(self) -> Session:
        """The SSH connection. Raises CouldNotLook."""
        try:
            return self.start().get(self.timeout_s * 2)
        except (Unreachable, TooLate, OSError) as error:
            raise told(error) from None

    def begin(self, verb: str, **args: object) -> Later[Any]:
        """Ask the fact server, without waiting for the answer."""
        question = (verb, *sorted(args.items()))
        with self._lock:
            if question not in self._answers:
                self._answers[question] = later(lambda: self._asked(verb, args), "ask")
            return self._answers[question]

    def ask(self, verb: str, **args: object) -> Any:
        """The answer of the fact server. Raises NotThere where there is no such thing, else CouldNotLook."""
        try:
            return self.begin(verb, **args).get(SLOW_S * self.patience + self.timeout_s)
        except NotRead as error:
            raise CouldNotLook(t("The lab host says: {error}.", error=error), TODO) from None
        except TooLate:
            raise CouldNotLook(t("The lab host does not answer."), TODO) from None

    def find(self, verb: str, **args: object) -> Any:
        """As `ask`; None where there is no such thing."""
        try:
            return self.ask(verb, **args)
        except NotThere:
            return None

    def text(self, path: str) -> str | None:
        """The text of a file; None where there is no such file, or no text in it."""
        found: dict[str, str] | None = self.find("file", path=path, content=True)
        return found.get("text") if found is not None else None

    def greet(self) -> Later[Any]:
        """Ask whether it answers now, whatever it has answered before."""
        return later(lambda: self._asked("hello", {}), "ask")

    def stirs(self, within_s: int) -> bool:
        """Whether anything stirs on the lab host within so many seconds, as soon as it does. Raises NotRead."""
        return self._asked("stir", {"within": within_s}, within_s) is True

    def refresh(self) -> None:
        """A new pass: forget the answers, and connections that have gone."""
        with self._lock:
            self._answers.clear()
            if self._session is not None and self._session.done() and not self._stands():
                self._session = self._look = None

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            if self._session is not None and self._session.done() and self._stands():
                self._session.get(0).close()

    def _stands(self) -> bool:
        try:
            return self._session is not None and self._session.get(0).alive and self._look_stands()
        except Exception:
            return False

    def _look_stands(self) -> bool:
        return self._look is None or not self._look.done() or self._look.get(0).alive

    def _connect(self) -> Session:
        stream = self._root.connect(SSH, self.timeout_s)
        return connect(stream, self.key, timeout_s=self.timeout_s, host_key=self._root.host_key)

    def _started(self) -> Look:
        with self._lock:
            if self._look is None:
                self._look = later(lambda: Look(self.session().stream("look", timeout_s=self.timeout_s)), "look")
            promise = self._look
        return promise.get(self.timeout_s * 3)

    def _asked(self, verb: str, args: dict[str, object], waits_s: float = 0) -> Any:
        slow = args.get("sha256") or verb in ("image_sum", "agent_look", "copies")
        try:
            return self._started().ask(verb, **args).get(waits_s + (SLOW_S if slow else ANSWER_S) * self.patience)
        except Unreachable as error:
            raise told(error) from None


def told(error: Exception) -> CouldNotLook:
    """Why there is no SSH connection to the lab host, in words."""
    if isinstance(error, TooLate) or (isinstance(error, Unreachable) and error.why is Why.SILENT):
        return CouldNotLook(t("SSH on the lab host accepts and says nothing."), TODO)
    if isinstance(error, Unreachable) and error.why is Why.KEY_REFUSED:
        return CouldNotLook(t("SSH on the lab host refuses the checker's key."), "kvmlab doctor")
    if isinstance(error, Unreachable) and error.why is Why.ANOTHER:
        said = t("SSH on the lab host is answered by another: its host key is not this lab host's.")
        return CouldNotLook(said, TODO)
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return CouldNotLook(t("SSH on the lab host cannot be reached: {said}.", said=said.rstrip(".")), TODO)


__all__ = ["HostConnection", "NotThere", "told"]
