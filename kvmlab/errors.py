"""What can go wrong, as the user is told of it, and the exit status each kind has.

An error says what happened, to which object, and (`todo`) what to do next as a command.
The statuses are the command line's contract: 2 wrong use, 3 could not look or cannot run here.
"""

from __future__ import annotations


class KvmlabError(Exception):
    """An error that a user is told in one or two sentences. `todo`: a command to run next, or ""."""

    status = 70

    def __init__(self, message: str, todo: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.todo = todo


class UsageError(KvmlabError):
    """Wrong use or bad input: an unknown lab, a broken lab.md (the message begins with file:line)."""

    status = 2


class AuthorError(UsageError):
    """A lab's own files contradict each other or the vocabulary: its author has to mend them."""


class CannotRun(KvmlabError):
    """This computer cannot run it now: no podman, no space, no subuid range."""

    status = 3


class CouldNotLook(KvmlabError):
    """A fact could not be read, so nothing is known of it. Never the same as a wrong fact.

    `transient`: waiting may help (a guest is still booting).
    """

    status = 3

    def __init__(self, message: str, todo: str = "", *, transient: bool = False) -> None:
        super().__init__(message, todo)
        self.transient = transient
