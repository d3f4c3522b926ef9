"""A lab's parameters, as its checks see them."""

import copy
import pickle
from typing import Any

import pytest

from kvmlab.checks import Params
from kvmlab.errors import AuthorError


def params() -> Params:
    return Params(
        {"bridge": "br0", "size_mib": 64, "names": ["a", "b"], "lan": {"gateway": "10.0.0.2", "names": {"x": "y"}}}
    )


def test_values_are_found_by_name_at_any_depth() -> None:
    lab = params()
    assert (lab.bridge, lab["size_mib"], lab.names, lab.lan.gateway, lab.lan["names"].x) == (
        "br0", 64, ("a", "b"), "10.0.0.2", "y",
    )  # fmt: skip
    assert "bridge" in lab and "other" not in lab and next(iter(lab)) == "bridge" and len(lab) == 4


def test_a_misspelt_name_is_told_with_the_nearest() -> None:
    with pytest.raises(AuthorError, match=r"no parameter brigde; did you mean `bridge`"):
        params().brigde  # noqa: B018
    with pytest.raises(AuthorError, match=r"no parameter lan\.gatway; did you mean `gateway`"):
        params().lan.gatway  # noqa: B018
    with pytest.raises(AuthorError, match=r"no parameter xyz\."):
        params()["xyz"]


def test_nothing_can_be_changed() -> None:
    with pytest.raises(AuthorError):
        params().bridge = "br1"
    with pytest.raises(TypeError):
        lab: Any = params()
        lab["bridge"] = "br1"


@pytest.mark.parametrize("name", ["read", "get", "keys", "items", "values", "fill", "_x", "__class__"])
def test_a_name_that_would_hide_a_method_is_refused(name: str) -> None:
    with pytest.raises(AuthorError, match="cannot be called"):
        Params({name: 1})


def test_what_was_read_is_noted_and_a_sentence_reads_nothing() -> None:
    lab = params()
    assert lab.fill("`{bridge}` to {lan.gateway}, {names}") == "`br0` to 10.0.0.2, a, b"
    assert lab.read == set()
    assert lab.lan.gateway and lab.bridge
    assert lab.read == {"lan", "lan.gateway", "bridge"}


def test_a_sentence_replaces_names_only() -> None:
    lab = Params({"a": "{b}", "b": "x\x1b[31m"})
    assert lab.fill("{a} {b.__class__!r} {0} {} {{a}} {a!r}") == "{b} {b.__class__!r} {0} {} {{b}} {a!r}"
    assert lab.fill("{b}") == "x\\x1b[31m"
    for sentence in ("{c}", "{b.__class__}", "{b.x}"):
        with pytest.raises(AuthorError):
            lab.fill(sentence)


def test_copies_are_equal() -> None:
    lab = params()
    assert pickle.loads(pickle.dumps(lab)) == copy.deepcopy(lab) == copy.copy(lab) == lab != Params({})
