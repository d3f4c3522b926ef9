"""How far a student is, from progress and from the labs that run: for list, status and overview."""

from typing import TYPE_CHECKING, NamedTuple

from kvmlab.course.progress import LabProgress, ProgressStore
from kvmlab.course.quiz.progress import Quizzes
from kvmlab.errors import UsageError
from kvmlab.labhost.record import Run, runs
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context
    from kvmlab.course import CatalogueEntry, Chapter


class Standing(NamedTuple):
    """One lab and how far the student is. `state`: done, running, stopped, begun, solved (by kvmlab) or new."""

    entry: "CatalogueEntry"
    progress: LabProgress
    run: Run | None

    @property
    def state(self) -> str:
        """The most telling of the six; what its lab host is goes before done."""
        was = self.progress
        if self.run:
            return "stopped" if self.run.state == "stopped" else "running"
        if was.done:
            return "done"
        if was.solved_ever:
            return "solved"
        return "begun" if was.checks or was.hints or was.started else "new"

    @property
    def points(self) -> int:
        """The best result, never more than the lab has now."""
        return min(self.progress.best_points, self.entry.points)


def standings(ctx: "Context") -> list[Standing]:
    """All labs of the course, in its order."""
    course = ctx.course
    ids, running = course.ids, runs(ctx.state, course)
    progress = ProgressStore(ctx.state, course.tag).all(ids)
    return [Standing(course.entries[one], progress[one], running.get(one)) for one in ids]


def titles(ctx: "Context", standing: Standing) -> tuple[str, dict[str, str]]:
    """The title of a lab and of its tasks; with the values it was started with where it runs."""
    from kvmlab.cli.lab import chosen_lab

    entry = standing.entry
    found = {task.id: task.title(ctx.lang) for task in entry.tasks}
    if not standing.run or entry.broken:
        return entry.title(ctx.lang), found
    try:
        lab, _ = chosen_lab(ctx, entry.id)
    except UsageError:
        return entry.title(ctx.lang), found
    return lab.title, found | {task.id: task.title for task in lab.tasks if task.id in found}


def is_repair(ctx: "Context", one: Standing) -> bool:
    """Whether what runs of it is to be repaired: then its tasks say nothing."""
    from kvmlab.cli.lab import place_of

    return one.run is not None and bool(one.run.instance) and place_of(ctx, one.entry.id).known_host(one.run).is_repair


def known_of(ctx: "Context", chapter: "Chapter") -> int:
    """How many of the questions of a chapter's quiz were answered rightly at last."""
    return Quizzes(ctx.state, ctx.course.tag).chapter(chapter.id).known(chapter.questions) if chapter.questions else 0


def state_since(run: Run) -> str:
    """What state a run is in, and for how long it has been running: "running for 3 h 5 min"."""
    how_long = _since(run.minutes) if run.state == "running" else ""
    state = state_word(run.state)
    return t("{state} {how_long}", state=state, how_long=how_long) if how_long else state


def _since(minutes: int | None) -> str:
    if minutes is None:
        return ""
    if minutes < 60:
        return t("for {minutes} min", minutes=minutes)
    if minutes < 48 * 60:
        return t("for {hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
    return t("for {days} d", days=minutes // 1440)


def state_word(state: str) -> str:
    """What a run's state is called."""
    words = {
        "starting": t("start was interrupted"),
        "running": t("running"),
        "stopping": t("finish was interrupted"),
        "stopped": t("its lab host no longer runs"),
        "damaged": t("its record is damaged"),
    }
    return words.get(state, state)
