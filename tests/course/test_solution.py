"""Solutions: fences become steps, a base is worked in, and what is wrong has its file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.course import Course
from kvmlab.course.lab.solution import Solution, SolutionKind
from kvmlab.errors import AuthorError, UsageError

FOLDER = "solutions/net/bridge"
Edit = Callable[[str, str, str], Path]


def solutions(root: Path, variant: str | None = None) -> dict[str, Solution]:
    course = Course.load(root)
    return {one.name: one for one in course.solutions(course.lab("net-bridge", "en", variant))}


def test_the_solution_comes_first_then_ways_then_near_misses(copy: Path) -> None:
    found = solutions(copy)
    assert list(found) == ["solution", "way-brctl", "near-alone", "near-no-uplink"]
    assert [one.kind for one in found.values()] == [
        SolutionKind.SOLUTION,
        SolutionKind.WAY,
        SolutionKind.NEAR,
        SolutionKind.NEAR,
    ]
    assert found["solution"].title == "A bridge, the short way"
    assert found["near-alone"].caught_by == ("bridge-exists", "uplink-is-a-port")


def test_only_bash_fences_are_steps(copy: Path) -> None:
    steps = solutions(copy)["solution"].steps
    assert [(step.id, step.guest, step.look) for step in steps] == [
        ("step-1", None, True),
        ("make", None, False),
        ("uplink", None, False),
        ("address", "web1", False),
    ]
    assert steps[1].code == "ip link add br0 type bridge stp_state 1\n"
    assert steps[1].prose == "Then make the bridge."
    lines = (copy / FOLDER / "solution.md").read_text(encoding="utf-8").split("\n")
    assert [lines[step.line - 1].split()[0] for step in steps] == ["ip"] * 4


def test_a_variant_reaches_the_steps(copy: Path) -> None:
    course = Course.load(copy)
    lab = course.lab("net-bridge", "en", "zhang")
    assert course.solutions(lab)[0].steps[1].code == f"ip link add {lab.values['bridge']} type bridge stp_state 1\n"


def test_a_base_is_worked_in(copy: Path) -> None:
    steps = solutions(copy)["way-brctl"].steps
    assert [(step.id, step.code.split()[0], step.file.rpartition("/")[2]) for step in steps] == [
        ("step-1", "ip", "solution.md"),
        ("make", "brctl", "way-brctl.md"),
        ("make-2", "brctl", "way-brctl.md"),
        ("uplink", "ip", "solution.md"),
        ("step-3", "brctl", "way-brctl.md"),
        ("address", "ip", "solution.md"),
    ]
    assert [step.id for step in solutions(copy)["near-no-uplink"].steps] == ["step-1", "make", "address"]


def test_before_and_a_chain_of_bases(copy: Path) -> None:
    (copy / FOLDER / "near-late.md").write_text(
        '+++\nbase = "way-brctl"\ncaught_by = ["x"]\nomit = ["address"]\n+++\n```bash before=make\ntrue\n```\n',
        encoding="utf-8",
    )
    steps = solutions(copy)["near-late"].steps
    assert [step.code.split()[0] for step in steps] == ["ip", "true", "brctl", "brctl", "ip", "brctl"]


def test_a_guest_named_by_a_parameter(copy: Path, edit: Edit) -> None:
    edit("labs/net/bridge/lab.md", "[variants]", 'guest = "web1"\n[variants]')
    edit(f"{FOLDER}/solution.md", "guest=web1", "guest={{ guest }}")
    assert solutions(copy)["solution"].steps[-1].guest == "web1"


def test_other_files_beside_them_are_none(copy: Path) -> None:
    for name in ("notes.md", "solution.zh.md", "way-.md", "near-X.md"):
        (copy / FOLDER / name).write_text("# nothing\n", encoding="utf-8")
    assert len(solutions(copy)) == 4


SOLUTION, WAY, NEAR = f"{FOLDER}/solution.md", f"{FOLDER}/way-brctl.md", f"{FOLDER}/near-no-uplink.md"
BROKEN = [
    (SOLUTION, "id=make", "id=../make", 11, "`../make` cannot be a id."),
    (SOLUTION, "id=make", "id=uplink", 15, "step `uplink` stands here and on line 11."),
    (SOLUTION, "id=make", "sudo", 11, "`sudo` is not one of guest=, id="),
    (SOLUTION, "id=make", "id=a id=b", 11, "`id=b` is not one of guest="),
    (SOLUTION, "id=make", "guest='web1", 11, "the fence's first line: No closing quotation."),
    (SOLUTION, "id=make", "guest=Web1", 11, "there is no guest `Web1`; did you mean `web1`?"),
    (SOLUTION, "id=make", "guest=web1;id", 11, "`web1;id` cannot be a guest."),
    (SOLUTION, "id=make", "replace=uplink", 11, "`replace=` needs a `base` in the front matter."),
    (SOLUTION, "link add {{ bridge }}", "link add {{ brigde }}", 12, "`brigde` is not a parameter; did you mean"),
    (SOLUTION, "guest=web1", "guest={{ gest }}", 25, "`gest` is not a parameter; did you mean"),
    (SOLUTION, "# A bridge", '+++\nbase = "x"\n+++\n# A bridge', 2, "solution.md stands alone"),
    (SOLUTION, "# A bridge", '+++\ncaught_by = ["x"]\n+++\n# A bridge', 2, "`caught_by` is for near-misses"),
    (WAY, "replace=make", "replace=mkae", 6, "the base has no step `mkae`. Did you mean `make`?"),
    (WAY, "replace=make", "replace=make after=make", 6, "one of replace=, before=, after= at a time."),
    (WAY, "replace=make", "id=make", 6, "this file has a base: say replace=ID"),
    (WAY, '"solution"', '"soluton"', 2, "there is no `soluton.md` beside it. Did you mean `solution`?"),
    (WAY, '"solution"', '"way-brctl"', 2, "these files are based on each other, in a circle: way-brctl → way-brctl."),
    (WAY, 'base = "solution"', 'omit = ["make"]', 2, "`omit` needs a `base`."),
    (WAY, "base =", "bsae =", 2, "`bsae` is not known here. Did you mean `base`?"),
    (NEAR, '["uplink-is-a-port"]', "[]", 5, "a near-miss names the check that must catch it"),
    (NEAR, '["uplink-is-a-port"]', "[1]", 5, "`1` is not an id."),
    (NEAR, 'omit = ["uplink"]', 'omit = ["up"]', 4, "the base has no step `up`."),
    (NEAR, 'omit = ["uplink"]', 'omit = ["uplink"]\nfails = ["upp"]', 5, "there is no step `upp`."),
    (SOLUTION, "# A bridge", '+++\nfails = ["make"]\n+++\n# A bridge', 2, "no step of the solution is meant to fail"),
    (f"{FOLDER}/near-alone.md", "```bash", "```sh", 1, "has no step"),
]


@pytest.mark.parametrize(("file", "old", "new", "line", "message"), BROKEN)
def test_a_broken_solution(copy: Path, edit: Edit, file: str, old: str, new: str, line: int, message: str) -> None:
    edit(file, old, new)
    with pytest.raises(AuthorError) as caught:
        solutions(copy)
    assert message in caught.value.message
    assert caught.value.message.startswith(f"{file}:{line}: ")


def test_omitted_and_replaced(copy: Path, edit: Edit) -> None:
    edit(WAY, 'title = "With brctl"', 'omit = ["make"]')
    with pytest.raises(AuthorError, match=r"step `make` is omitted and replaced\."):
        solutions(copy)


def test_a_lab_without_a_solution(copy: Path) -> None:
    course = Course.load(copy)
    with pytest.raises(
        UsageError, match=r"disk-attach has no solution: solutions/disk/attach/solution\.md is missing\."
    ):
        course.solutions(course.lab("disk-attach"))


FULL = FOLDER + "/full"


@pytest.fixture
def named(copy: Path) -> Path:
    """The example with a variant by name, and solutions of its own."""
    lab = copy / "labs/net/bridge/lab.md"
    text = lab.read_text(encoding="utf-8")
    lab.write_text(text.replace("[[guests]]", '[named.full]\nbridge = "br77"\n\n[[guests]]', 1), encoding="utf-8")
    (copy / FULL).mkdir()
    (copy / FULL / "solution.md").write_text('+++\nbase = "../way-brctl"\n+++\n```bash replace=address\ntrue\n```\n')
    return copy


def test_a_variant_by_name_has_solutions_of_its_own(named: Path) -> None:
    """They may begin from the lab's; a base that those name is one of the lab's, too."""
    found = solutions(named, "full")
    assert list(found) == ["solution"]
    steps = found["solution"].steps
    assert [step.id for step in steps] == ["step-1", "make", "make-2", "uplink", "step-3", "address"]
    assert "br77" in steps[1].code and steps[-1].code == "true\n"
    assert (
        list(solutions(named))
        == list(solutions(named, "zhang"))
        == ["solution", "way-brctl", "near-alone", "near-no-uplink"]
    )
    assert list(solutions(named, "full+zhang")) == ["solution"]


def test_a_variant_by_name_without_a_solution_has_none(named: Path) -> None:
    (named / FULL / "solution.md").unlink()
    with pytest.raises(UsageError, match=f"{FULL}/solution.md"):
        solutions(named, "full")
