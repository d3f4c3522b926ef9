"""What a lab host says of itself, which may be anything, and `check --watch` beside a `reset`."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from types import SimpleNamespace
from typing import cast

import pytest

from kvmlab.cli.context import Context
from kvmlab.cli.lab import RunningLab
from kvmlab.cli.output import write_json
from kvmlab.cli.verbs import check
from kvmlab.course.exam.model import Exam, ExamLab, Exams
from kvmlab.course.progress import now
from kvmlab.errors import CannotRun
from kvmlab.labhost.container import Condition, LabHost
from kvmlab.observe.topology import MapDomain, MapLink, Plug, Topology, topology_of
from kvmlab.report.cells import cells
from kvmlab.report.map import print_map
from kvmlab.report.plain import TextPage
from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE, record

__all__ = ["record"]


def saying(text: str) -> LabHost:
    """A lab host on which every program says `text`."""
    done = CompletedProcess([], 0, text, "no such thing")
    return cast("LabHost", SimpleNamespace(execute=lambda *_, **__: done))


@pytest.mark.parametrize("said", ["", "7", "{", '["a"]', "[" * 100_000, '[{"ifname": "x", "addr_info": ["y"]}]'])
def test_a_program_that_was_replaced_is_no_bug_of_ours(said: str) -> None:
    with pytest.raises(CannotRun, match="could not be read"):
        topology_of(saying(said))


def test_what_is_written_as_json_is_safe_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    found = {"file /etc/\udcff\x9b2J\u202e": "网"}
    write_json(found)
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert json.loads(said) == found


def test_the_map_stays_in_line_with_chinese_names() -> None:
    names = ("网卡", "vnet0")
    links = (MapLink("br0", True, (), True, ""), *(MapLink(name, True, (), False, "br0") for name in names))
    domain = MapDomain("guest", "running", tuple(Plug(name, "br0", "mac", "virtio") for name in names), ())
    stream = io.StringIO()
    print_map(TextPage(color=False, stream=stream, width=80), Topology(links, {}, (domain,)))
    ports = [line for line in stream.getvalue().splitlines() if "guest  mac" in line]
    assert len({cells(line[: line.index("guest")]) for line in ports}) == 1


@pytest.fixture
def running(bare_kvmlab: Kvmlab, record: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> RunningLab:
    """The example's lab, as its record says it runs."""
    monkeypatch.setenv("KVMLAB_STATE", str(bare_kvmlab.state.root))
    record()
    return RunningLab.of(Context(course=str(EXAMPLE)), "net-bridge")


@pytest.mark.parametrize(
    ("there", "todo"),
    [
        (Condition.RUNNING, "kvmlab doctor"),
        (Condition.STOPPED, "kvmlab start --resume net-bridge"),
        (Condition.GONE, "kvmlab reset net-bridge"),
    ],
)
def test_looking_at_a_lab_host_that_is_gone(
    running: RunningLab, monkeypatch: pytest.MonkeyPatch, there: Condition, todo: str
) -> None:
    monkeypatch.setattr(LabHost, "condition", lambda _: there)
    with pytest.raises(CannotRun) as gone, running.looked_at():
        topology_of(saying(""))
    assert gone.value.todo == todo


def test_a_watch_follows_the_lab_through_a_reset(running: RunningLab, record: Callable[..., Path]) -> None:
    assert check._as_it_runs_now(running) is running
    record(instance="i2", state="starting")
    assert check._as_it_runs_now(running) is running
    record(instance="i2")
    assert check._as_it_runs_now(running).run.instance == "i2"


def test_a_watch_ends_with_the_lab(running: RunningLab, record: Callable[..., Path]) -> None:
    record().unlink()
    with pytest.raises(CannotRun, match="has not been started"):
        check._as_it_runs_now(running)


def test_a_watch_does_not_go_on_into_an_exam(running: RunningLab, record: Callable[..., Path]) -> None:
    Exams(running.ctx.state, "example").keep(Exam("s", 60, now(), (), (ExamLab("net-bridge", 8),)))
    record(instance="i2", variant="exam-s")
    with pytest.raises(CannotRun, match="part of the exam"):
        check._as_it_runs_now(running)
