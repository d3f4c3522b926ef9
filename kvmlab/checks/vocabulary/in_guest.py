"""Something in a guest: its key begins (GUEST, ADDRESS or ""), and its commands are run there."""

from __future__ import annotations

from kvmlab.checks.subject import Subject
from kvmlab.safe_text import plain


class InGuest(Subject):
    """Something in a guest: its commands are run there."""

    label = "{2} in guest {0}"
    named = 2

    def _command(self, template: str) -> str:
        way_in = getattr(self.reader, "way_in", None)
        enter = way_in(self.key[0], self.key[1]) if way_in else f"ssh {plain(self.key[0])}"
        return f"{enter} {remote(super()._command(template))}"

    def _marks(self) -> dict[str, str]:
        return {"config": "/etc/network/interfaces"}


def remote(command: str) -> str:
    from shlex import quote

    return quote(command) if set(command) & set("|;<>*$&'\"()") else command
