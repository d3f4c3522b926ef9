"""Parameters and variants: derived values, ranges, no collisions, the same seed the same values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmlab.course import Course
from kvmlab.course.front_matter import Front, read_front
from kvmlab.course.lab.params import parameters
from kvmlab.course.source import Source
from kvmlab.errors import AuthorError, UsageError


def front(header: str) -> Front:
    return read_front(Source("lab.md", f"+++\n{header}\n+++\n"))


def drawn(header: str, seed: str | None = None) -> dict[str, Any]:
    values = parameters(front(header), "net-x", seed)
    assert values.pop("lan")["nic"] == "ens33"
    return values


def test_derived_values_in_any_order_keep_their_type() -> None:
    header = """[parameters]
c = "{{ b }}!"
b = "{{ a * 2 }}"
a = 21
d = ["{{ a }}", {e = "{{ lan.nic }}"}]
f = "{{ a }}{{ a }}"
g = true
h = 1.5"""
    assert drawn(header) == {
        "c": "42!",
        "b": 42,
        "a": 21,
        "d": [21, {"e": "ens33"}],
        "f": "2121",
        "g": True,
        "h": 1.5,
    }


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ('[parameters]\na = "{{ b }}"\nb = "{{ a }}"', "lab.md:3: these parameters need each other: a → b → a."),
        ('[parameters]\na = "{{ a }}"', "lab.md:3: these parameters need each other: a → a."),
        ('[parameters]\na = "{{ x }}"', "lab.md:3: `x` is not a parameter."),
        ('[parameters]\na = "{{ lan.gatewy }}"', "lab.md:3: `gatewy` is not a parameter; did you mean `gateway`?"),
        ('[parameters]\na = "{{ }"', "lab.md:3: template: "),
        ("[parameters]\na = 2026-01-01", "lab.md:3: a parameter is text, a number, true or false"),
        ("[parameters]\nA = 1", "lab.md:3: `A` is not a parameter's name"),
        ("[parameters]\nlan = 1", "lab.md:3: `lan` is taken"),
        ("[parameters]\nitems = 1", "lab.md:3: `items` is taken"),
        ("[parameters]\nread = 1", "lab.md:3: `read` is taken"),
        ("[parameters]\na = 1\n[variants]\nb = [1]", "lab.md:5: `b` is not a parameter."),
        ("[parameters]\nbridge = 1\n[variants]\nbrige = [1]", "lab.md:5: `brige` is not a parameter. Did you mean"),
        ("[parameters]\na = 1\n[variants]\na = []", "lab.md:5: `a`: neither a list of choices nor a text"),
        ("[parameters]\na = 1\n[variants]\na = 'x'", "lab.md:5: `a`: neither a list of choices nor a text"),
        ("[parameters]\na = 1\n[variants]\na = ['x']", "lab.md:5: `x` is not of the parameter's type."),
        ("[parameters]\na = 'x'\n[variants]\na = '{9-1}'", "lab.md:5: `{9-1}` is an empty range."),
        ("[parameters]\na = 'x'\n[variants]\na = '{1-9/0}'", "lab.md:5: `{1-9/0}` is an empty range."),
        ("[parameters]\na = 1\n[variants]\na = 'x{1-9}'", "lab.md:5: a number's variants are one range"),
    ],
)
def test_what_is_wrong_has_its_line(header: str, message: str) -> None:
    with pytest.raises(AuthorError) as caught:
        drawn(header, "seed")
    assert caught.value.message.startswith(message)


RANGES = """[parameters]
plain = "10.0.0.1"
filled = "h07"
hex = "52:54:00:00:00:00"
steps = 256
choice = "raw"
cidr = "{{ plain }}/24"
[variants]
plain = "10.0.0.{100-199}"
filled = "h{01-20}"
hex = "52:54:00:{0x10-0xef}:{0x00-0xff}:{0x00-0xff}"
steps = "{256-1024/64}"
choice = ["raw", "qcow2"]"""


def test_ranges_and_choices_stay_inside_and_reach_their_ends() -> None:
    found = [drawn(RANGES, f"seed-{number}") for number in range(400)]
    ends = sorted({int(one["plain"].rpartition(".")[2]) for one in found})
    assert (ends[0], ends[-1]) == (100, 199)
    assert {one["filled"] for one in found} == {f"h{number:02}" for number in range(1, 21)}
    assert {one["steps"] for one in found} == set(range(256, 1025, 64))
    assert {one["choice"] for one in found} == {"raw", "qcow2"}
    for one in found:
        assert one["cidr"] == f"{one['plain']}/24"
        parts = one["hex"].split(":")
        assert all(len(part) == 2 for part in parts)
        assert 0x10 <= int(parts[3], 16) <= 0xEF


def test_the_same_seed_gives_the_same_values_and_others_differ() -> None:
    assert drawn(RANGES, "zhang") == drawn(RANGES, "zhang")
    assert len({str(drawn(RANGES, f"s{number}")) for number in range(100)}) == 100


def test_a_seed_means_the_same_tomorrow() -> None:
    """These values are what a class was given: changing how they are drawn breaks their running labs."""
    assert drawn(RANGES, "zhang-wei") == drawn(RANGES, "zhang-wei")
    assert drawn("[parameters]\na = 1\n[variants]\na = '{1-1000000}'", "zhang-wei")["a"] == PINNED


PINNED = 435530


def test_a_new_parameter_leaves_the_others_as_they_were() -> None:
    before = drawn(RANGES, "zhang")
    after = drawn(RANGES.replace("[variants]", 'more = "x"\n[variants]\nmore = "y{1-9}"'), "zhang")
    assert {key: after[key] for key in before} == before


def test_values_that_differ_in_the_course_differ_in_each_variant() -> None:
    header = """[parameters]
a = "br0"
b = "br1"
c = "{{ a }}"
[variants]
a = "br{0-2}"
b = "br{0-2}" """
    for number in range(100):
        values = drawn(header, str(number))
        assert values["a"] != values["b"]
        assert values["c"] == values["a"]


@pytest.mark.parametrize("taken", ["10.0.0.2", "10.0.0.12", "10.0.0.50", "192.168.122.1"])
def test_a_drawn_address_never_is_one_that_a_lab_host_has(taken: str) -> None:
    net, _, last = taken.rpartition(".")
    low, high = int(last), int(last) + 1
    header = f'[parameters]\na = "10.9.9.9/24"\n[variants]\na = "{net}.{{{low}-{high}}}/24"'
    assert {drawn(header, str(number))["a"] for number in range(40)} == {f"{net}.{high}/24"}


def test_a_drawn_name_never_is_that_of_a_guest_of_the_lab() -> None:
    header = '[[guests]]\nname = "web1"\n[parameters]\na = "db1"\n[variants]\na = ["web1", "app1"]'
    assert {drawn(header, str(number))["a"] for number in range(40)} == {"app1"}


def test_ranges_too_small_are_an_error_and_no_endless_loop() -> None:
    header = '[parameters]\na = "br0"\nb = "br1"\n[variants]\na = "br{5-5}"\nb = "br{5-5}"'
    with pytest.raises(AuthorError, match=r"^lab.md:5: the ranges leave no room"):
        drawn(header, "seed")


@pytest.mark.parametrize("seed", ["", "a b", "../x", "x" * 65, "a\nb", ";", "$(id)"])
def test_a_seed_that_cannot_be_one(example: Course, seed: str) -> None:
    with pytest.raises(UsageError, match="is not a variant: 1 to 64 letters") as caught:
        example.lab("net-bridge", "en", seed)
    assert caught.value.status == 2
    assert caught.value.todo == "kvmlab --variant zhang-wei start LAB"


@pytest.mark.parametrize("seed", ["1", "zhang.wei@example.org", "张伟", "a_b-c+1", "x" * 64])
def test_seeds_as_people_choose_them(example: Course, seed: str) -> None:
    lab = example.lab("net-bridge", "en", seed)
    assert lab.variant == seed
    assert lab.values["bridge"] in lab.tasks[0].text
    assert lab.guests[0].mac == lab.values["mac"]


def test_a_lab_without_variants_is_the_same_for_all(example: Course) -> None:
    assert example.lab("disk-attach", "en", "a").values == example.lab("disk-attach").values


def test_variants_are_cached_apart(copy: Path, state: Any, edit: Callable[[str, str, str], Path]) -> None:
    course = Course.load(copy, state)
    values = {seed: course.lab("net-bridge", "en", seed).values for seed in ("a", "b", "c")}
    again = Course.load(copy, state)
    assert {seed: again.lab("net-bridge", "en", seed).values for seed in values} == values
    assert values["a"] != values["b"]


NAMED = """[parameters]
image = "small"
memory_mib = 128
address = "10.0.0.122"
cidr = "{{ address }}/24"
[variants]
address = "10.0.0.{130-199}"
[named.full]
image = "full"
memory_mib = 512
"""


def test_a_variant_by_name_has_the_courses_values_but_for_its_own() -> None:
    assert drawn(NAMED, "full") == {**drawn(NAMED), "image": "full", "memory_mib": 512}


def test_a_variant_by_name_can_be_drawn_as_well() -> None:
    found = drawn(NAMED, "full+7")
    assert found == {**drawn(NAMED, "7"), "image": "full", "memory_mib": 512}
    assert found["cidr"] == f"{found['address']}/24" != drawn(NAMED)["cidr"]


def test_what_is_no_variants_name_is_a_seed() -> None:
    for seed in ("ful", "7+full", "full-7"):
        assert drawn(NAMED, seed)["image"] == "small"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("[parameters]\na = 1\n[named.full]\nb = 2", "lab.md:5: `b` is not a parameter, or of another type."),
        ('[parameters]\na = 1\n[named.full]\na = "x"', "lab.md:5: `a` is not a parameter, or of another type."),
        ("[parameters]\na = 1\n[named.full]", "lab.md:4: `[named.full]` is a table of parameters"),
        ('[parameters]\na = 1\n[named."../x"]\na = 2', "`[named.../x]` is a table of parameters"),
        ("[parameters]\na = 1\n[named]\nfull = 2", "`[named.full]` is a table of parameters"),
    ],
)
def test_a_variant_by_name_is_a_table_of_parameters(header: str, message: str) -> None:
    with pytest.raises(AuthorError) as error:
        drawn(header)
    assert message in str(error.value)
