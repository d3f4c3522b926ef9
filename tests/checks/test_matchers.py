"""What a fact may be wanted to be."""

import random
import re

import pytest

from kvmlab.checks import (
    Matcher,
    absent,
    all_of,
    anything,
    as_seen,
    at_least,
    at_most,
    between,
    contains,
    count,
    ends_with,
    exactly,
    lacks,
    matches,
    not_,
    one_of,
    same_content,
)
from kvmlab.checks.matchers import as_matcher, same
from kvmlab.errors import AuthorError

VALUES: list[object] = [
    None, True, False, 0, 1, 2, 1.0, -3, "", "1", "web1", "web10", "a b", "none", [], ["a"], ["a", "b"], ["b", "a"],
    ["a", "a"], ("a", "b"), {}, {"a": "1"}, {"a": "1", "b": "2"},
]  # fmt: skip
MATCHERS: list[Matcher] = [
    absent, anything, at_least(1), at_most(1), between(0, 1), contains("a"), contains(matches("a.*", "ab")), count(1),
    count(at_least(2)), exactly("a", "b"), lacks("a"), matches("[ab]", "a"), not_("a"), one_of("a", 1),
    same_content("a b"), ends_with("b"),
    all_of(anything, not_("a")), contains({"a": "1"}),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_plain_value_is_met_by_itself_only(value: object) -> None:
    met = [other for other in VALUES if as_matcher(value).meets(other)]
    alike = [other for other in VALUES if type(other) is type(value) and other == value]
    assert all(other in met for other in alike)
    for other in met:
        assert same(value, other) and (same(other, value) or other is None)  # no value is an empty list


@pytest.mark.parametrize(("wanted", "found"), [(True, 1), (1, True), (1, "1"), ("1", 1), (False, 0), (False, None)])
def test_kinds_are_never_mixed(wanted: object, found: object) -> None:
    assert not same(wanted, found)


def test_lists_have_no_order_but_a_number() -> None:
    assert same(["a", "b"], ["b", "a"]) and same(("a",), ["a"])
    assert not same(["a"], ["a", "a"])
    assert exactly("a", "b").meets(["a", "b"]) and exactly(["a", "b"]).meets(("a", "b"))
    assert not exactly("a", "b").meets(["b", "a"])


def test_no_value_is_an_empty_list_where_a_list_is_wanted() -> None:
    assert same([], None) and same({}, None)
    assert not same(["a"], None) and not same("", None)


@pytest.mark.parametrize("matcher", MATCHERS, ids=lambda matcher: matcher.text())
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_every_matcher_takes_every_value(matcher: Matcher, value: object) -> None:
    assert isinstance(matcher.meets(value), bool)
    assert matcher.text() and matcher.shown(value)
    assert not_(matcher).meets(value) == (value is not None and not matcher.meets(value))
    assert one_of(matcher, matcher).meets(value) == matcher.meets(value) == all_of(matcher).meets(value)


def test_anything_and_absent_are_opposites() -> None:
    for value in VALUES:
        assert anything.meets(value) != absent.meets(value)


def test_contains_and_lacks_are_opposites_for_one_item() -> None:
    rng = random.Random(1)
    for _ in range(300):
        have = [rng.choice("abcd") for _ in range(rng.randrange(4))]
        item = rng.choice("abcd")
        assert contains(item).meets(have) == (item in have) == (not lacks(item).meets(have))


def test_a_text_contains_its_parts_and_never_nothing() -> None:
    assert contains("running", "br0").meets("br0 is running")
    assert not contains("").meets("text") and not contains("").meets("")
    assert not contains("a").meets(None) and lacks("a").meets(None)


def test_a_table_contains_names_and_pairs() -> None:
    table = {"52:54:00:00:00:01": "10.0.0.9"}
    assert contains("52:54:00:00:00:01").meets(table)
    assert contains({"52:54:00:00:00:01": "10.0.0.9"}).meets(table)
    assert not contains({"52:54:00:00:00:01": "10.0.0.8"}).meets(table)


def test_numbers_are_compared_as_numbers_only() -> None:
    assert at_least(2).meets(2) and not at_least(2).meets(1) and not at_least(0).meets(True)
    assert at_most(2).meets(1.5) and not at_most(2).meets("1") and not at_most(2).meets(None)
    assert between(1, 2).meets(1) and between(1, 2).meets(2) and not between(1, 2).meets(3)


def test_a_pattern_is_the_whole_text() -> None:
    assert matches("web[0-9]", "web1").meets("web1") and not matches("web[0-9]", "web1").meets("web10")
    assert not matches(".*", "").meets(["a"]) and not matches("(?s).*", "").meets("x" * 100_000)
    with pytest.raises(re.error):
        matches("(", "(")


def test_a_student_sees_a_text_that_fits_and_no_pattern() -> None:
    assert matches("web[0-9]", "web1").text() == "text like web1"
    with pytest.raises(AuthorError, match="does not fit"):
        matches("web[0-9]", "web10")


def test_what_is_to_be_seen_is_not_told() -> None:
    near = as_seen(143, percent=20)
    assert near.meets(130.0) and near.meets(170) and not near.meets(180) and not near.meets("143")
    assert as_seen("AMD EPYC").meets("amd  epyc") and not as_seen("AMD EPYC").meets("AMD")
    assert as_seen(["a", "b"]).meets(["b", "a"]) and not as_seen(["a", "b"]).meets(["a"])
    assert not as_seen(None).meets(None) and "143" not in near.text()


def test_how_far_off_a_number_may_be_is_told() -> None:
    assert "20 %" in as_seen(143, percent=20).text() and "%" not in as_seen(143).text()
    assert as_matcher(1).shown(296.0) == "296" and as_matcher(1).shown(0.5) == "0.5"


def test_what_goes_down_by_looking_was_right_when_it_was_noted() -> None:
    average = as_seen(10_000, percent=20, once=20_000)
    assert average.meets(8_000) and average.meets(15_000) and average.meets(22_000)
    assert not average.meets(7_900) and not average.meets(25_000)


def test_blanks_around_a_dash_say_nothing() -> None:
    seen = as_seen("192.168.122.2-192.168.122.254")
    assert seen.meets("192.168.122.2 - 192.168.122.254") and seen.meets("192.168.122.2–192.168.122.254")
    assert not seen.meets("192.168.122.2-192.168.122.25") and not as_seen("web1").meets("web 1")


def test_the_end_of_a_text_is_told_by_its_last_line() -> None:
    wanted = ends_with("Power down")
    assert wanted.meets("login:\n[ 11.8] reboot: Power down\r\n") and not wanted.meets("Power down\nlogin:")
    assert not wanted.meets(["Power down"]) and not wanted.meets(None)
    assert wanted.shown("Power down\n\nlogin: ") == "login:" and wanted.shown("") == "empty"
    assert wanted.text() == "Power down at its end"


def test_same_content_forgives_blanks_at_line_ends_and_says_where_it_differs() -> None:
    wanted = same_content("a\nb\n")
    assert wanted.meets("a  \r\nb\n\n\n") and not wanted.meets("a\n b") and not wanted.meets(None)
    assert wanted.shown("a\nc") == "line 2: c"
    assert wanted.shown("a") == "line 2: none"
    assert wanted.shown("a\nb\nc") == "line 3: c"


def test_words() -> None:
    assert contains("a", "b").text() == "a, b in it"
    assert one_of("qcow2", at_least(3)).text() == "qcow2 or at least 3"
    assert as_matcher([]).text() == "none" and as_matcher(False).text() == "no"
    assert count(2).shown(["a"]) == "1 (a)"
