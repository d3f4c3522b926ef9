"""Work beside other work: its progress comes when it is waited for, its errors are raised then, it never outlives."""

from __future__ import annotations

import threading

import pytest

from kvmlab.errors import CannotRun
from kvmlab.images.beside import Abandoned, KeptBack, beside
from kvmlab.images.recipe import BuildProgress
from kvmlab.words import speaking, t

PATIENT_S = 60


class Heard:
    def __init__(self) -> None:
        self.steps: list[tuple[str, float | None]] = []

    def step(self, text: str, fraction: float | None = None) -> None:
        self.steps.append((text, fraction))


def test_what_is_not_waited_for_is_not_told() -> None:
    heard, begun, go_on = Heard(), threading.Event(), threading.Event()

    def work(progress: BuildProgress) -> None:
        progress.step("fetching", 0.1)
        progress.step("fetching", 0.4)
        begun.set()
        go_on.wait(PATIENT_S)
        progress.step("fetching", 0.9)

    kept_back = KeptBack(heard)
    thread = threading.Thread(target=work, args=(kept_back,))
    thread.start()
    assert begun.wait(PATIENT_S)
    assert heard.steps == []
    kept_back.show()
    go_on.set()
    thread.join(PATIENT_S)
    assert heard.steps == [("fetching", 0.4), ("fetching", 0.9)]


def test_it_is_done_when_it_was_waited_for() -> None:
    done: list[BuildProgress] = []
    with beside(Heard(), done.append) as wait:
        wait()
        assert len(done) == 1


def test_its_error_is_raised_where_it_is_waited_for() -> None:
    def fail(progress: BuildProgress) -> None:
        raise CannotRun("the network is gone")

    with pytest.raises(CannotRun, match="the network is gone"), beside(Heard(), fail) as wait:
        wait()


def test_it_ends_where_the_other_work_has_failed() -> None:
    ended: list[bool] = []

    def work(progress: BuildProgress) -> None:
        try:
            while True:
                progress.step("fetching")
        except Abandoned:
            ended.append(True)
            raise

    with pytest.raises(CannotRun, match="no space"), beside(Heard(), work):
        raise CannotRun("no space")
    assert ended == [True]


def test_it_speaks_the_language_of_who_has_begun_it() -> None:
    said: list[str] = []
    with speaking("pseudo"), beside(Heard(), lambda progress: said.append(t("building the host image"))) as wait:
        wait()
    assert said == ["⟦building the host image⟧"]
