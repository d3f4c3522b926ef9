"""Contents made again."""

from __future__ import annotations

import pytest

from kvmlab.checks import filled, sha256, sparse


@pytest.mark.parametrize(("size", "found"), [(0, b""), (2, b"ab"), (3, b"ab\n"), (7, b"ab\nab\na")])
def test_the_same_line_over_and_over(size: int, found: bytes) -> None:
    assert filled("ab", size) == found


def test_zeros_with_a_line_here_and_there() -> None:
    mib = 1024**2
    whole = b"".join(sparse({0: "a", 2: "b"}, 3))
    assert len(whole) == 3 * mib
    assert (whole[:3], whole[2 * mib : 2 * mib + 3], whole.count(0)) == (b"a\n\0", b"b\n\0", 3 * mib - 4)


def test_the_sum_of_parts_is_that_of_the_whole() -> None:
    assert sha256(b"hel", b"lo\n") == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
