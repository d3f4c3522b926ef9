"""General faults: what is offered of a lab host's mutants, its probes, and its texts in both languages."""

from __future__ import annotations

import re

import pytest

from kvmlab.cli.context import own_course
from kvmlab.course import Course
from kvmlab.course.fault.model import Symptom
from kvmlab.course.lab.model import Survivor
from kvmlab.mutants.library import changes
from kvmlab.mutants.mutator import Named
from kvmlab.repair.general import LANGUAGES, PREFIX, _follows, kinds, offered_of, probes_of, serves, texts
from tests.mutants.test_library import NAT, OFF, ON, POOL, device

LAB = Course.load(own_course()).lab("network-nat")
FOUND: list[Named] = [ON, OFF, NAT, POOL, device("disk", "vda"), device("interface", "52:54:00:00:07:11")]


def test_what_is_offered_is_in_the_library() -> None:
    there = {(kind, change) for kind, found in changes().items() for change in found}
    assert set(kinds()) <= there
    assert {one.level for one in kinds().values()} == {1, 2}


def test_what_leaves_a_trace_of_ours_is_not_offered() -> None:
    offered = offered_of(FOUND, LAB)
    assert {one.kind for one in offered} == {"domain", "disk", "interface", "network", "pool"}
    for one in offered:
        assert ".kvmlab" not in one.mutant.change.do, one.id
        assert one.id.startswith(PREFIX)


def test_what_the_lab_lets_pass_is_not_offered() -> None:
    survivors = (Survivor("domain *", "any"), Survivor("pool *", "any"))
    offered = offered_of(FOUND, LAB._replace(survivors=survivors))
    assert {one.kind for one in offered} == {"disk", "interface", "network"}


def test_probes_are_of_what_there_is() -> None:
    probes = {one.id: one for one in probes_of(FOUND, LAB)}
    assert set(probes) == {
        "host", "enter web 1", "out web 1", "start web 1", "volumes images", "network lab"
    }  # fmt: skip
    assert probes["volumes images"].code == "virsh vol-list images"
    assert probes["start web 1"].code == "virsh start --paused 'web 1'" and probes["start web 1"].upcoming


def test_every_text_is_there_in_both_languages() -> None:
    said = texts()
    words = {*said["probe"]} | {one["kind"] for one in said["mutant"]}
    assert {one.split()[0] for one in (probe.id for probe in probes_of(FOUND, LAB))} <= words
    assert {one["kind"] for one in said["mutant"]} == set(said["layer"])
    for one in (*said["probe"].values(), *said["mutant"]):
        assert all(one[lang] for lang in LANGUAGES)
        fields = [set(re.findall(r"\{(\w+)\}", one[lang])) for lang in LANGUAGES]
        assert fields[0] == fields[1], one
    for name, text in said["hint"].items():
        if name.endswith("_en"):
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", said["hint"][f"{name[:-3]}_zh"]))


@pytest.mark.parametrize(("lab", "wanted"), [("network-nat", True), ("install-packages", False)])
def test_a_lab_host_without_libvirt_has_none(lab: str, wanted: bool) -> None:
    assert serves(Course.load(own_course()).lab(lab)) is wanted


def test_what_only_follows_is_no_symptom_of_its_own() -> None:
    out = Symptom("out web1", "ping")
    assert _follows(out, ("enter web1", "out web1"))
    assert not _follows(out, ("enter web2", "out web1"))
    assert not _follows(Symptom("enter web1", "true"), ("enter web1",))
