"""A terminal that takes nothing does not keep others waiting."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from kvmlab.cli.door import starting
from kvmlab.errors import CannotRun
from tests.child import child


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both sides: the client's, and the prompt's."""
    both = os.openpty()
    yield both
    for one in both:
        os.close(one)


@pytest.mark.parametrize("how", ["Ctrl-S", "nobody reads"])
def test_a_start_whose_terminal_is_stopped_is_ended(
    terminal: tuple[int, int], how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "STALLED_S", 0.5)
    client, side = terminal
    if how == "Ctrl-S":
        os.write(client, b"\x13")
    with (
        child(["cat", "/dev/zero"], stdout=side) as process,
        pytest.raises(CannotRun, match="could be shown"),
    ):
        starting.keep_moving(process, side)
    assert process.returncode == -9


def test_one_that_is_read_may_take_as_long_as_it_does(
    terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "STALLED_S", 0.5)
    with child(["sleep", "2"]) as process:
        starting.keep_moving(process, terminal[1])
    assert process.returncode == 0
