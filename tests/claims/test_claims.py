"""The claims as data: what they quote stands in the texts, and each can fail. `script/claims` tries them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.claims.claims import ROOT, Claim, claims

ALL = claims()


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.id)
def test_what_is_quoted_stands_in_both_languages(claim: Claim) -> None:
    assert {said: said.missing() for said in claim.says if said.missing()} == {}


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.id)
def test_a_claim_can_fail(claim: Claim) -> None:
    assert claim.shows
    assert claim.wrong("") != []
    assert (ROOT / "labs").joinpath(*claim.lab.split("-", 1)).is_dir()


def test_each_claim_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(one.id for one in ALL).items() if times > 1] == []
