"""What `script/test quick` leaves out is there, and nothing else is left out."""

from __future__ import annotations

import pytest

from tests.conftest import REPOSITORY
from tests.quick import LEFT_OUT, is_left_out


@pytest.mark.parametrize("place", LEFT_OUT)
def test_what_is_left_out_is_there(place: str) -> None:
    file, _, test = place.partition("::")
    path = REPOSITORY / file
    assert path.exists() and (not test or f"def {test}(" in path.read_text(encoding="utf-8"))
    assert is_left_out(place)


def test_what_is_only_called_alike_is_not_left_out() -> None:
    assert is_left_out("tests/bundle/test_archive.py::test_x") and is_left_out("tests/test_liveness.py::test_x[1]")
    assert not is_left_out("tests/bundles/test_x.py::test_x") and not is_left_out(
        "tests/author/test_lint.py::test_finds"
    )
