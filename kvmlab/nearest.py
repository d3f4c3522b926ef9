"""Which name was probably meant: "did you mean"."""

from collections.abc import Iterable

MOST = 1000
"""So many names are compared at most: what a lab host has is in a student's hands."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that was most likely meant by `name`, never `name` itself; None where none is near."""
    from difflib import get_close_matches  # late: it costs a quick verb a millisecond

    others = [other for other in names if other != name][:MOST]
    found = get_close_matches(name[:100], others, n=1, cutoff=0.6)
    return found[0] if found else None
