"""Who may use a class's page: who has a session of the desk's."""

from __future__ import annotations

from kvmlab.classroom.door.line import DeskLine
from kvmlab.page.keys import Keys

MOST = 200  # characters of a session


class ClassKeys(Keys):
    """Sessions are the desk's; keys and tickets of them are made here."""

    def __init__(self, secret: bytes, desk: DeskLine) -> None:
        super().__init__(secret)
        self._desk = desk

    async def whose(self, cookie: str) -> str | None:
        """The session of a cookie: it is one, if the desk says so now."""
        return cookie if cookie and await self.student(cookie) is not None else None

    async def student(self, session: str) -> str | None:
        """Who has that session; None where it has ended, or never was one."""
        if len(session) > MOST:
            return None
        found = (await self._desk.ask("session", session=session)).said.get("student")
        return found if isinstance(found, str) else None
