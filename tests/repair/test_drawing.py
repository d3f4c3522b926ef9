"""The same seed draws the same fault; what is asked for narrows what may be drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast

from kvmlab.course.fault.reading import FaultFile
from kvmlab.repair.drawing import NONE, Offer, drawn, offers


@dataclass(frozen=True)
class File:
    """What a draw needs to know of a fault's file."""

    id: str
    labs: tuple[str, ...]
    level: int


FILES = [File(f"net-{n}", ("net-a", "net-b") if n % 2 else ("net-a",), 1 + n % 3) for n in range(12)]


def all_of(labs: list[str], level: int = 0, general: Mapping[str, Collection[int]] = NONE) -> list[Offer]:
    return offers(cast("list[FaultFile]", FILES), labs, level, general)


def test_a_fault_is_offered_for_its_labs_and_by_its_level() -> None:
    assert len(all_of(["net-a", "net-b"])) == 18
    assert {one.lab for one in all_of(["net-b", "net-c"])} == {"net-b"}
    assert {one.file and one.file.level for one in all_of(["net-a"], 2)} == {2}
    assert all_of(["net-c"]) == []


def test_a_seed_gives_the_same_whatever_the_order() -> None:
    found = all_of(["net-a", "net-b"])
    assert [drawn(found, "7") for _ in range(3)] == [drawn(all_of(["net-b", "net-a"]), "7")] * 3


def test_seeds_reach_everything_and_labs_alike() -> None:
    found = all_of(["net-a", "net-b"])
    many = [drawn(found, str(seed)) for seed in range(600)]
    assert set(many) == set(found)
    assert 200 < sum(one.lab == "net-b" for one in many) < 400


def test_general_faults_come_up_every_other_time_where_there_are_any() -> None:
    found = all_of(["net-a", "net-b"], general={"net-a": (1, 2), "net-c": (1,)})
    assert [one for one in found if one.file is None] == [Offer("net-a", None)]
    many = [drawn(found, str(seed)) for seed in range(400)]
    assert 60 < sum(one.file is None for one in many) < 140
    assert {one.lab for one in many if one.file is None} == {"net-a"}
    assert all_of(["net-a"], 3, general={"net-a": (1, 2)}) == all_of(["net-a"], 3)
    assert Offer("net-a", None) in all_of(["net-a"], 2, general={"net-a": (1, 2)})
    assert Offer("net-a", None) not in all_of(["net-a"], 2, general={"net-a": (1,)})
