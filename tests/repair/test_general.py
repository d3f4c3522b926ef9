"""General faults: what is offered of a lab host's mutants, its probes, and its texts in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from kvmlab.course.fault.model import Symptom
from kvmlab.course.lab.model import Survivor
from kvmlab.mutants.library import changes
from kvmlab.mutants.mutator import ChangeScripts, Mutant, Named
from kvmlab.repair.general import Drawing
from kvmlab.repair.general_kinds import (
    LANGUAGES,
    NOTES,
    PREFIX,
    FaultKind,
    Offered,
    kinds,
    offered_of,
    serves,
    texts,
    used_at_all,
)
from kvmlab.repair.general_story import _is_told
from kvmlab.repair.probes import follows, probes_of
from kvmlab.repair.shown import kept_in, shown_in, solved_state
from tests.conftest import our_course
from tests.mutants.test_library import NAT, OFF, ON, POOL, device

if TYPE_CHECKING:
    from kvmlab.course import Course
    from kvmlab.repair.beginning import Beginning

LAB = our_course().lab("network-nat")
FOUND: list[Named] = [ON, OFF, NAT, POOL, device("disk", "vda"), device("interface", "52:54:00:00:07:11")]


def test_what_is_offered_is_in_the_library() -> None:
    there = {(kind, change) for kind, found in changes().items() for change in found}
    assert set(kinds()) <= there
    assert {one.level for one in kinds().values()} == {1, 2}


def test_what_leaves_a_trace_of_ours_is_not_offered() -> None:
    offered = offered_of(FOUND, LAB)
    assert {one.kind for one in offered} == {"domain", "disk", "interface", "network", "pool"}
    for one in offered:
        kept = one.mutant.change.do
        for note in NOTES:
            kept = kept.replace(note, "")
        assert ".kvmlab" not in kept, one.id
        assert one.id.startswith(PREFIX)


def test_what_the_lab_lets_pass_is_not_offered() -> None:
    survivors = (Survivor("domain *", "any"), Survivor("pool *", "any"))
    offered = offered_of(FOUND, LAB._replace(survivors=survivors))
    assert {one.kind for one in offered} == {"disk", "interface", "network"}


def test_probes_are_of_what_there_is() -> None:
    probes = {one.id: one for one in probes_of(FOUND, LAB)}
    assert set(probes) == {
        "host", "enter web 1", "out web 1", "start web 1", "pool images", "volumes images", "network lab"
    }  # fmt: skip
    assert probes["pool images"].code == "virsh vol-list images"
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
    assert serves(our_course().lab(lab)) is wanted


def test_what_only_follows_is_no_symptom_of_its_own() -> None:
    out = Symptom("out web1", "ping")
    assert follows(out, ("enter web1", "out web1"))
    assert not follows(out, ("enter web2", "out web1"))
    assert not follows(Symptom("enter web1", "true"), ("enter web1",))
    assert follows(Symptom("mount /srv/data of web1", "grep"), ("enter web1",))
    assert follows(Symptom("volumes isos", "virsh"), ("pool isos",))


def test_what_a_mutant_notes_for_itself_is_not_told() -> None:
    told = [
        line for line in f"ip route > {NOTES[1]}; test -s {NOTES[1]}\nip route del x".splitlines() if _is_told(line)
    ]
    assert told == ["ip route del x"]


def test_only_those_that_are_known_to_show_are_drawn() -> None:
    told = FaultKind(1, {})
    offered = [Offered(Mutant(f"pool {n}: stopped", ChangeScripts("", "")), "pool", "", told) for n in range(9)]
    shown = {f"{PREFIX}pool 3: stopped", f"{PREFIX}pool 5: stopped", f"{PREFIX}pool gone: undefined"}

    def turns(shown: set[str] | None) -> list[str]:
        return [one.id for one in Drawing(cast("Beginning", None), "one", shown=shown).in_turn(offered)]

    assert {*turns(shown)} == {f"{PREFIX}pool 3: stopped", f"{PREFIX}pool 5: stopped"}
    assert turns(shown) == turns(shown)
    assert turns({f"{PREFIX}pool gone: undefined"}) == turns(set()) == []
    in_a_variant = turns({f"{PREFIX}pool isos: stopped"})
    assert len(in_a_variant) == 9 and {*in_a_variant} == {*turns(None)}


def test_what_the_course_says_of_them_is_of_its_labs_and_kinds() -> None:
    course = our_course()
    for lab, found in kept_in(course.root).items():
        assert lab in course.ids
        for name, level in found.levels.items():
            what, _, change = name.removeprefix(PREFIX).partition(": ")
            assert kinds()[what.split()[0], change].level == level


@pytest.mark.parametrize("text", ["", "[]", '{"a": 3}', '{"a": {"b": "x"}}', '{"a": {"solved": "1", "faults": []}}'])
def test_a_list_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "faults").mkdir()
    (tmp_path / "faults" / "shown.json").write_text(text)
    assert kept_in(tmp_path) == {}


def test_what_was_seen_of_another_solved_state_is_not_believed(tmp_path: Path) -> None:
    course = our_course()
    lab = course.lab("network-nat", "en", None)
    solution = course.solutions(lab)[0].steps
    solved, levels = solved_state(lab, solution), {"general: network lab: stopped": 1}
    (tmp_path / "faults").mkdir()
    elsewhere = SimpleNamespace(root=tmp_path, lab=course.lab, solutions=course.solutions)
    for state, wanted in ((solved, {"network-nat": levels}), ("another", {})):
        (tmp_path / "faults" / "shown.json").write_text(
            json.dumps({"network-nat": {"solved": state, "faults": levels}})
        )
        assert shown_in(cast("Course", elsewhere), ["network-nat", "network-bridge"]) == wanted
    assert solved_state(lab._replace(intro="another text", minutes=1), solution) == solved
    assert solved_state(lab, solution[1:]) != solved != solved_state(lab._replace(guests=()), solution)


def test_a_file_that_nothing_of_libvirt_needs_is_not_offered() -> None:
    assert not used_at_all("/root/report.txt", [POOL, NAT])
    assert used_at_all("/i", [POOL])
    assert not used_at_all("/i/disk.img", [POOL])
    assert used_at_all("/srv/base.qcow2", [POOL, OFF])


def test_a_probe_does_not_end_a_pipe_before_all_is_said() -> None:
    """With pipefail, `virsh … | grep -q` fails whenever virsh still had something to say."""
    assert [one.code for one in probes_of(FOUND, LAB) if "| grep -q" in one.code] == []


def test_what_a_ticket_shows_can_be_typed_as_it_stands() -> None:
    """A student has no KVMLAB_WAIT, and nothing of kvmlab's own on the lab host is named."""
    assert [one.code for one in probes_of(FOUND, LAB) if "kvmlab" in one.code.lower() or "$" in one.code] == []
