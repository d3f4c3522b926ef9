"""Progress: a moving line on a terminal after a while, plain lines elsewhere, time left from the last time."""

import io
import json
import re
import time
from pathlib import Path

import pytest

from kvmlab import __version__, words
from kvmlab.grading.passes import Waiting
from kvmlab.report import progress as module
from kvmlab.report.plain import time_left
from kvmlab.report.progress import History, Lines, Steps, progress, waiting
from kvmlab.report.progress_line import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def booting(left_s: float | None) -> Waiting:
    return Waiting("guest web1 is still booting\x1b[2J", left_s, 30.0, 3, 7)


def test_plain_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    out = io.StringIO()
    with progress(stream=out, history=tmp_path / "durations.json") as steps:
        for part in range(10):
            steps.step("unpacking", part / 10)
        steps.step("starting\x1b[31m the lab host")
    assert out.getvalue() == "unpacking… 0%\nstarting[31m the lab host…\n"


def test_a_wait_is_told_with_the_time_left() -> None:
    out = io.StringIO()
    with waiting(stream=out) as tell:
        tell(booting(None))
        for left in (30.0, 29.0, 28.0):
            tell(booting(left))
    assert out.getvalue() == "guest web1 is still booting[2J… 0%, 30 s left\n"


def test_a_plain_line_is_said_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.0)
    out = io.StringIO()
    lines = Lines(out)
    lines.say("saving", 0.5, 100)
    lines.say("saving", 0.75, 50)
    assert out.getvalue() == "saving… 50%, 2 min left\nsaving… 75%, 50 s left\n"


def test_none_says_nothing(tmp_path: Path) -> None:
    out = Terminal()
    with progress("none", stream=out, history=tmp_path / "x") as steps, waiting("none", stream=out) as tell:
        steps.step("a", 0.5)
        tell(booting(3))
    assert out.getvalue() == ""


def test_what_is_quick_is_never_shown_and_loads_nothing() -> None:
    out = Terminal()
    with waiting(stream=out) as tell:
        tell(booting(None))
    assert out.getvalue() == ""


def test_a_line_that_moves_is_shown_after_a_while_and_taken_away() -> None:
    out = Terminal()
    live = ProgressLine(out, 0.01)
    live.say("guest web1 is still \x1bbooting", 0.25, 12.0)
    deadline = time.monotonic() + 20
    while "s left" not in out.getvalue() and time.monotonic() < deadline:
        time.sleep(0.02)
    live.say("looking", None, None)
    live.close()
    live.close()
    assert "guest web1 is still booting" in out.getvalue()
    assert re.search(r"m(1[0-2]|\d) s left", out.getvalue())  # counted down while a slow computer began to show it
    shown = len(out.getvalue())
    live.say("too late", None, None)
    time.sleep(0.15)
    assert len(out.getvalue()) == shown


def test_an_interruption_takes_the_line_away() -> None:
    out = Terminal()
    with pytest.raises(KeyboardInterrupt), waiting(stream=out) as tell:
        tell(booting(3))
        raise KeyboardInterrupt
    time.sleep(module.AFTER_S + 0.2)
    assert out.getvalue() == ""


def test_the_time_left_is_what_it_took_the_last_time(tmp_path: Path) -> None:
    path = tmp_path / "durations.json"
    history = History(path)
    history.took("booting", 12)
    history.save()
    out = io.StringIO()
    with progress(stream=out, history=path) as steps:
        steps.step("booting")
        steps.step("saving")
    assert out.getvalue().splitlines() == ["booting… 12 s left", "saving…"]
    kept = json.loads(path.read_text(encoding="utf-8"))["found"]
    assert set(kept) == {"booting", "saving"} and kept["booting"] < 1
    assert [file.name for file in tmp_path.iterdir()] == ["durations.json"]


def test_the_time_left_is_reckoned_from_the_part_that_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    out = io.StringIO()
    steps = Steps(Lines(out), History(None))
    steps.step("building", 0.0)
    now[0] += 30
    steps.step("building", 0.25)
    assert out.getvalue().splitlines()[-1] == "building… 25%, 2 min left"


OTHER = json.dumps({"for": __version__, "found": {"a": "x"}})


@pytest.mark.parametrize("damage", ["", "[1]", "{", '{"a": "x"}', "null", "\x00", OTHER])
def test_a_damaged_history_counts_as_none(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "durations.json"
    path.write_text(damage, encoding="utf-8")
    history = History(path)
    assert history.usual("a") is None
    history.took("a", 2.0)
    history.save()
    assert History(path).usual("a") == 2.0


def test_a_history_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    history = History(tmp_path / "none" / "durations.json")
    history.took("a", 1.0)
    history.save()
    assert not list(tmp_path.iterdir())


def test_time_left_in_words() -> None:
    assert (time_left(0.4), time_left(89), time_left(150)) == ("0 s left", "89 s left", "2 min left")
    words.set_language("zh")
    assert time_left(5) == "还需 5 秒"
