"""A browser's session: what a one-time code becomes on the page. It hangs on the code that it began with, and ends with
that: when its owner logs out, gets new codes, or leaves the class, and on the day that stands on the slip.

So nothing more is stored, a server that is restarted knows who was let in, and who reads the gradebook's table alone
can make no session: what a browser has bears a signature by the class's secret.
"""

from __future__ import annotations

import hmac

from kvmlab.classroom.door.logins import IN_CLASS, oldest
from kvmlab.classroom.folder import Class


class Sessions:
    """The sessions of one class."""

    def __init__(self, of_class: Class) -> None:
        self._database, self._secret = of_class.book.database, of_class.secret("session")

    def of_code(self, hashed: str) -> str:
        """The session of a used code, as it is stored (`Logins.hash`)."""
        return f"{hashed}.{hmac.digest(self._secret, hashed.encode(), 'sha256').hex()}"

    def student(self, session: str) -> str | None:
        """Whose it is; None where it is none, or has ended."""
        hashed = session.partition(".")[0]
        if not hmac.compare_digest(session.encode(errors="replace"), self.of_code(hashed).encode(errors="replace")):
            return None
        query = f"SELECT student FROM code WHERE hash = ? AND used IS NOT NULL AND made > ? AND student IN ({IN_CLASS})"
        found = self._database.rows(query, [hashed, oldest()])
        return str(found[0]["student"]) if found else None

    def end(self, session: str) -> None:
        """It ends, and lets nobody in any more."""
        if self.student(session) is not None:
            with self._database.transaction() as change:
                change.execute("DELETE FROM code WHERE hash = ? AND used IS NOT NULL", [session.partition(".")[0]])
