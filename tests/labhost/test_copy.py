"""What copying a lab host could not hold still is told in sentences, whoever has named it."""

from __future__ import annotations

import pytest

from kvmlab import words
from kvmlab.labhost.copy import Packed


def test_nothing_moved_and_nothing_is_said() -> None:
    assert Packed((), (), {}).notes() == ()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_was_not_still_is_named(language: str) -> None:
    """A few of them, without what a terminal would obey."""
    words.set_language(language)
    guests = tuple(f"web{number}\x1b[2J" for number in range(9))
    memory, disk = Packed(guests, ("srv/data.img",), {}).notes()
    assert "web0" in memory and "web2" in memory and "web3" not in memory and "\x1b" not in memory
    assert "srv/data.img" in disk and "web" not in disk
    assert Packed((), ("x" * 9000,), {}).notes()[0].count("x") <= 101
