"""What was proved is taken over where nothing has changed that it hangs on, and nowhere else."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kvmlab.author.prove import case_run, kept_results
from kvmlab.author.prove.bench import Bench, Stopped
from kvmlab.author.prove.cases import Case, cases_of
from kvmlab.author.prove.mutant_trial import CAUGHT, SURVIVED
from kvmlab.author.prove.proof import Proof, ProofResult, Remark
from kvmlab.author.prove.result import CaseResult, TriedMutant
from kvmlab.course import Course
from kvmlab.course.lab.model import Survivor
from kvmlab.errors import CannotRun
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from kvmlab.setup.materials import Materials
from tests.author.planting import plant
from tests.author.test_judging import FAILED, PASSED, check, finding, report

LAB = "tiny-note"


def bench_of(
    tmp_path: Path, *changes: tuple[str, str, str], variant: str | None = None, image: str = "host:1"
) -> Bench:
    """The tiny course, changed, in one state directory."""
    folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    course = plant(folder, *changes)
    materials, state = Materials(image, Podman(), (), {}), State(tmp_path / "state")
    return Bench(course, course.lab(LAB, "en", variant), materials, state, "_prove-0", threading.Event())


def near(bench: Bench) -> Case:
    """One of its near-misses."""
    course: Course = bench.course
    found = cases_of(course.solutions(bench.lab), "labs/tiny/note", [Proof.NEAR])
    return next(case for case in found if case.name == "near-twice")


def result_of(case: Case, **more: object) -> CaseResult:
    """What came of it."""
    return CaseResult(case, 1.0, 2.0, report(check("a", FAILED, finding("x", y=False))), **more)  # type: ignore[arg-type]


def test_it_is_taken_over(tmp_path: Path) -> None:
    """All of it, by another process that has read the course anew, with the cases on its way."""
    bench, case = bench_of(tmp_path), near(bench_of(tmp_path))
    way = replace(case, on_the_way=(replace(case, proof=Proof.START, name="start"),))
    started = CaseResult(way.on_the_way[0], 1.0, 1.0, report(check("a", PASSED)), inventory={"link br0": "up"})
    kept_results.keep(bench, result_of(way, on_the_way=(started,)))
    found = kept_results.find(bench_of(tmp_path), way)
    assert found is not None and found.taken_over and found.report == result_of(way).report
    assert found.on_the_way[0].taken_over and found.on_the_way[0].inventory == {"link br0": "up"}
    assert kept_results.find(bench, case) is None, "without what was looked at on its way it is another case"
    kept_results.forget(bench, result_of(way), ())
    assert kept_results.find(bench, way) is None


CHANGES = {
    "the checker": [("checkers/tiny/note.py", "", "# changed\n")],
    "the text": [("labs/tiny/note/lab.md", "", "\nOne more sentence.\n")],
    "the set-up": [("labs/tiny/note/setup.sh.j2", "", "true\n")],
    "its steps": [("solutions/tiny/note/near-twice.md", ">> {{ note }}", ">> {{ note }} # again")],
    "what catches it": [("solutions/tiny/note/near-twice.md", '["note-says-the-line"]', '["note-is-there"]')],
    "the solution it begins from": [("solutions/tiny/note/solution.md", "id=note\n", "id=note\ntrue\n")],
}


@pytest.mark.parametrize("changed", CHANGES)
def test_after_a_change_it_is_carried_out_again(tmp_path: Path, changed: str) -> None:
    """Whatever it hangs on has changed."""
    bench = bench_of(tmp_path)
    kept_results.keep(bench, result_of(near(bench)))
    other = bench_of(tmp_path, *CHANGES[changed])
    assert kept_results.find(bench, near(bench)) is not None
    assert kept_results.find(other, near(other)) is None


def test_other_values_images_and_engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variant, an image built anew, another kvmlab: nothing is known of them."""
    bench = bench_of(tmp_path)
    case = near(bench)
    kept_results.keep(bench, result_of(case))
    for other in (bench_of(tmp_path, variant="a"), bench_of(tmp_path, image="host:2")):
        assert kept_results.find(other, case) is None
    assert kept_results.find(bench, case) is not None
    monkeypatch.setattr(kept_results, "engine", lambda: "another")
    assert kept_results.find(bench, case) is None


def test_another_near_miss_changes_nothing(tmp_path: Path) -> None:
    """Only what it hangs on counts: a case beside it, a line of prose, what kvmlab says."""
    bench = bench_of(tmp_path)
    kept_results.keep(bench, result_of(near(bench)))
    other = bench_of(
        tmp_path,
        ("solutions/tiny/note/near-no-stp.md", "type bridge", "type bridge mcast_snooping 0"),
        ("solutions/tiny/note/near-twice.md", "```bash", "More prose.\n\n```bash"),
    )
    found = kept_results.find(other, near(other))
    assert found is not None and found.case == near(other), "it says where it stands now"


def test_what_could_not_be_carried_out_is_not_kept(tmp_path: Path) -> None:
    """It is unknown, and stays so; a file that was cut short is none."""
    bench = bench_of(tmp_path)
    case = near(bench)
    kept_results.keep(bench, replace(result_of(case), trouble=CannotRun("no space")))
    assert kept_results.find(bench, case) is None
    kept_results.keep(bench, result_of(case))
    (path,) = (bench.state.proved / LAB).glob("*.pickle")
    path.write_bytes(path.read_bytes()[:40])
    assert kept_results.find(bench, case) is None


def test_what_was_stopped_half_way_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends, and its lab hosts are swept away while a step still runs in one."""
    bench = bench_of(tmp_path)

    def swept(bench: Bench, *_: object) -> dict[str, object]:
        bench.stop.set()
        return {}

    monkeypatch.setattr(case_run, "_carry_story", swept)
    with pytest.raises(Stopped):
        case_run.carry_out(bench, near(bench), 1)
    assert kept_results.find(bench, near(bench)) is None


def test_of_what_is_refuted_nothing_is_taken_over() -> None:
    """The cases that a remark names, whichever proof it is about; reset is compared with the start, so both."""
    remark = Remark("near-twice", "not caught")
    assert kept_results.to_forget(
        [ProofResult(Proof.NEAR, 2, 0.0), ProofResult(Proof.REHEARSAL, 2, 0.0, (remark,))]
    ) == {"near-twice"}
    trouble = (Remark("reset after a mess", "no space"),)
    assert kept_results.to_forget([ProofResult(Proof.RESET, 1, 0.0, trouble=trouble)]) == {
        "reset after a mess",
        "start",
    }


def test_of_the_mutants_only_those_that_refute_are_tried_again(tmp_path: Path) -> None:
    """And an explanation in the header asks for none of them anew."""
    bench = bench_of(tmp_path)
    case = replace(near(bench), proof=Proof.MUTANTS, name="mutants 1/1")
    tried = (TriedMutant("domain a: off", CAUGHT, 1.0, ("x",)), TriedMutant("domain a: paused", SURVIVED, 1.0))
    kept_results.keep(bench, result_of(case, mutants=tried))
    kept_results.forget(bench, result_of(case, mutants=tried), {"domain a: paused"})
    explained = replace(bench, lab=bench.lab._replace(survivors=(Survivor("domain a: paused", "as one likes"),)))
    again = replace(explained, resume=True)
    assert kept_results.find(again, case) is None
    assert [one.name for one in kept_results.noted(again, case, TriedMutant)] == ["domain a: off"]


def test_the_engine_is_all_but_what_only_tells() -> None:
    """A change in what looks, starts or builds counts."""
    assert not {"host", "guest", "checks", "environment", "labhost", "images"} & set(kept_results.WITHOUT)
    assert len(kept_results.engine()) == 64
