"""Who may use a class's page: who has a session of the desk's."""

from __future__ import annotations

from typing import Any

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
        return cookie if cookie and await self.who(cookie) else None

    async def who(self, session: str) -> dict[str, Any]:
        """Who has that session, {"student": id} or {"instructor": True}; {} where it has ended, or never was one."""
        if len(session) > MOST:
            return {}
        said = (await self._desk.ask("session", session=session)).said
        return {name: said[name] for name in ("student", "instructor") if name in said}
