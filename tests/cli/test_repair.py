"""`kvmlab repair` before anything is started: what may be asked for, and what runs already."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.cli.context import Context
from kvmlab.cli.verbs.repair import _general_levels
from tests.conftest import Kvmlab
from tests.repair.faults import course_with_a_fault


@pytest.fixture
def repair(tmp_path: Path, bare_kvmlab: Kvmlab) -> Kvmlab:
    """kvmlab with the tiny course, in which there is a fault."""
    bare_kvmlab.env["KVMLAB_COURSE"] = str(course_with_a_fault(tmp_path))
    return bare_kvmlab


@pytest.mark.parametrize(
    ("argv", "status", "says"),
    [
        (["tiny-nope"], 2, "tiny-note"),
        (["--level", "1"], 2, "no fault of that kind"),
        (["--level", "4"], 2, "from 1 to 3"),
        (["--seed", "a b"], 2, "A seed is"),
        (["--fault", "tiny-other"], 2, "no fault of that kind"),
        (["--give-up"], 2, "No lab is running"),
        (["--give-up", "tiny-note"], 3, "has not been started"),
    ],
)
def test_what_cannot_be_is_refused(repair: Kvmlab, argv: list[str], status: int, says: str) -> None:
    done = repair("repair", *argv)
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr


def test_a_course_without_faults_has_nothing_to_repair(bare_kvmlab: Kvmlab) -> None:
    course = Path(__file__).parents[1] / "author/course"
    done = bare_kvmlab("--course", str(course), "repair")
    assert done.returncode == 2 and "no fault of that kind" in done.stderr


def test_there_is_nothing_to_explain_where_nothing_runs(repair: Kvmlab) -> None:
    assert repair("explain").returncode == 2
    assert repair("explain", "tiny-note").returncode == 3


def test_general_faults_are_drawn_where_they_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that was not tried comes in by its name alone; one that was tried, and where none shows, never."""
    shown: dict[str, dict[str, int]] = {"network-nat": {"general: pool a: stopped": 2}, "network-bridge": {}}
    monkeypatch.setattr(
        "kvmlab.repair.shown.shown_in", lambda _course, labs: {one: shown[one] for one in labs if one in shown}
    )
    ctx = Context()
    labs = ["network-bridge", "network-nat", "network-route", "install-packages"]
    assert _general_levels(labs, ctx, untried_too=False) == {"network-nat": {2}}
    assert _general_levels(labs, ctx, untried_too=True) == {"network-nat": {2}, "network-route": {1, 2}}
    assert _general_levels(["network-route"], ctx, untried_too=False) == {"network-route": {1, 2}}
    assert _general_levels(["network-bridge"], ctx, untried_too=True) == {}
