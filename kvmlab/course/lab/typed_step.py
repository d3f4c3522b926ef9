"""A step of a solution as it looks when it is typed into a shell: `$` where a command begins, `>` where one goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator


def typed(code: str) -> Iterator[tuple[str, str]]:
    """Each line of `code` with its prompt: the text of a here-document, the rest of a loop, an open quote go on."""
    begun: list[str] = []
    for line in code.rstrip().splitlines():
        yield (">" if begun else "$"), line
        begun.append(line)
        if _is_whole(begun):
            begun = []


def _is_whole(lines: list[str]) -> bool:
    """Whether a command ends here, as bash itself reads it (bash -n runs nothing); it warns of a here-document
    that does not end, and joins a line that ends in a backslash to one that is not there."""
    if lines[-1].endswith("\\") and not lines[-1].endswith("\\\\"):
        return False
    try:
        done = subprocess.run(["bash", "-n"], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return True  # without a bash here, every line has its own prompt
    return not done.stderr
