"""What is done for one student: start, check, reset, finish, by a kvmlab of the student's own.

Each does what is left to be done and says what that was, so that the same again finishes what was interrupted. None
raises for anything that is wrong with one student: the outcome says it, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from kvmlab import process
from kvmlab.classroom.children import WAIT_S, Children, Done
from kvmlab.classroom.evidence import read_evidence
from kvmlab.classroom.folder import Class
from kvmlab.classroom.outcome import ActionOutcome, outcome_of, outcome_saying
from kvmlab.classroom.policy import EXAM
from kvmlab.classroom.roster.student import Student
from kvmlab.classroom.turns import starts
from kvmlab.course import Course, ProgressStore
from kvmlab.course.exam.model import Exams
from kvmlab.course.fault.progress import Repairs
from kvmlab.errors import CannotRun, CouldNotLook, KvmlabError
from kvmlab.killpoints import killpoint
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import Condition, sweep
from kvmlab.labhost.orphans import running_containers
from kvmlab.labhost.place import LabPlace
from kvmlab.labhost.record import RUNNING, STOPPED, Run, run_of, runs
from kvmlab.labhost.together import Held, held
from kvmlab.paths import State
from kvmlab.repair.record import MENDED, OPEN, Repair, graded_as, recall
from kvmlab.repair.report import TASK
from kvmlab.words import t

EVIDENCE = "evidence.json"


class GivenRepair(NamedTuple):
    """A repair that is given to a class: the seed that draws its fault, and its level (0: any). `each`: not the same
    for all, but what the class's secret and the student's id make of the seed."""

    seed: str
    each: bool
    level: int = 0

    def seed_of(self, found: Class, student: Student, lab: str) -> str:
        """The seed of one student's."""
        return found.repair_seed(student, lab, self.seed) if self.each else self.seed


class Actions(NamedTuple):
    """What can be done for the students of a class. `shared`: the instructor's state directory."""

    of_class: Class
    course: Course
    shared: State
    children: Children

    def state(self, student: Student) -> State:
        """The student's state directory, made on first use."""
        return self.of_class.state(student, self.shared)

    def run(self, student: Student, lab: str) -> Run | None:
        """What is known of a lab that was started for a student, without making anything."""
        return run_of(self.seen(student), self.course.tag, lab)

    def place(self, student: Student, lab: str) -> LabPlace:
        """Where a lab runs for a student, without making anything."""
        return LabPlace(self.seen(student), self.course.tag, lab)

    def runs(self, student: Student) -> dict[str, Run]:
        """All labs that were started and not finished."""
        return runs(self.seen(student), self.course)

    def together(self, student: Student) -> Held | None:
        """What the student's lab hosts take together, of what they may; None where none runs, or nothing holds them."""
        state = self.seen(student)
        for lab, run in self.runs(student).items():
            init = self.place(student, lab).known_host(run).init if run.state == RUNNING else ""
            if init and process.has_ended(init) is False and (found := held(state.tag, process.number(init))):
                return found
        return None

    def strays(self, student: Student, running: Iterable[str] | None = None) -> list[str]:
        """Labs of whom a lab host runs for the student that no record tells of: somebody has removed their state
        directory by hand. `running`: all that run; else this computer's processes are looked at."""
        state = self.seen(student)
        prefix = f"kvmlab-{state.tag}-"
        names = {name.rpartition("-")[0] for name in (running_containers(prefix) if running is None else running)}
        places = [self.place(student, lab) for lab in self.course.ids]
        there = [one.lab for one in places if f"{prefix}{one.label}" in names]
        known = self.runs(student) if there else {}
        return [lab for lab in there if lab not in known]

    def start(self, student: Student, lab: str) -> ActionOutcome:
        """A lab host with the lab on it. One that runs goes on, one that was stopped is started again as it was."""
        return self._start(student, lab, self.of_class.seed(student))

    def reset(self, student: Student, lab: str | None) -> ActionOutcome:
        """A fresh lab host in place of the one there is; without `lab`, for each lab that was started."""
        return self._over(student, lab, "reset", t("as at the start"))

    def finish(self, student: Student, lab: str | None) -> ActionOutcome:
        """No lab host any more; progress and attempts stay."""
        return self._over(student, lab, "finish", t("finished"))

    def check(self, student: Student, lab: str) -> ActionOutcome:
        """Look, and bring the evidence. Where nothing at all could be looked at there is none."""
        state, repair = self.state(student), self.repair_on(student, lab)
        graded, file = graded_as(lab) if repair else lab, state.root / EVIDENCE
        file.unlink(missing_ok=True)  # what one who was killed has left
        done = self._child(student, "check", lab, "--json", "--evidence", str(file))
        killpoint("class.checked")
        try:
            found = read_evidence(file, graded)
        except CouldNotLook as trouble:
            return ActionOutcome(3, done.said or trouble.message.rstrip("."))
        finally:
            file.unlink(missing_ok=True)
        if found["variant"] != self.of_class.seed(student):
            return ActionOutcome(3, t("the lab there is not this student's variant"))
        if repair:
            hints = (self.repair_on(student, lab) or repair).hints
            return outcome_of(found, done)._replace(hints={TASK: hints} if hints else {})
        progress = ProgressStore(state, self.course.tag).lab(lab)
        return outcome_of(found, done)._replace(hints=dict(progress.hints), assisted=progress.solved)

    def repair(self, student: Student, lab: str, given: GivenRepair) -> ActionOutcome:
        """A lab host with a fault hidden on it. One that is there is left as it is: mended, given up, or still open;
        and whoever has ended this one before does not get it again, for they know its cause."""
        seed, run, there = given.seed_of(self.of_class, student, lab), self.run(student, lab), None
        ended = [one.outcome for one in Repairs(self.seen(student), self.course.tag).all()
                 if (one.lab, one.seed) == (lab, seed)]  # fmt: skip
        if run and run.state in (RUNNING, STOPPED):
            there = self.repair_on(student, lab)
            if there is None:
                return ActionOutcome(3, t("{lab} runs already for practice; finish it first", lab=lab))
            if there.fault and (there.seed, given.level or there.fault.level) != (seed, there.fault.level):
                return ActionOutcome(3, t("another repair of {lab} is there; finish it first", lab=lab))
        if ended:
            return ActionOutcome(0, t("mended already") if MENDED in ended else t("given up already"))
        with self._turn(student):
            if run and there and there.state == OPEN:
                return self._open_again(student, lab, run)
            if run and (done := self._child(student, "finish", lab)).status:  # hiding it was cut off
                return outcome_saying(done, "")
            level = ("--level", str(given.level)) if given.level else ()
            done = self._child(student, "repair", lab, "--seed", seed, *level, variant=True)
        return outcome_saying(done, t("something is broken there"))

    def _open_again(self, student: Student, lab: str, run: Run) -> ActionOutcome:
        if run.state != STOPPED:
            return ActionOutcome(0, t("ran already"))
        return outcome_saying(self._child(student, "start", "--resume", lab), t("goes on where it was"))

    def repair_on(self, student: Student, lab: str) -> Repair | None:
        """What is to be mended on the student's lab host of that lab; None where it is a lab as any other."""
        run = self.run(student, lab)
        known = self.place(student, lab).known_host(run) if run and run.instance else None
        return recall(known) if known and known.is_repair else None

    def name_of(self, student: Student, run: Run) -> str:
        """What the gradebook calls what is on that lab host of a student's."""
        return graded_as(run.lab) if self.repair_on(student, run.lab) else run.lab

    def begin_exam(self, student: Student, lab: str, seed: str) -> ActionOutcome:
        """The lab host of an exam, standing ready; what runs for practice, or an exam of their own, is left alone."""
        run, exam = self.run(student, lab), Exams(self.seen(student), self.course.tag).running()
        if exam and exam.seed != seed:
            return ActionOutcome(3, t("sits an exam of their own; they or `class enter` end it first"))
        if run and run.variant != f"{EXAM}{seed}":
            return ActionOutcome(3, t("{lab} runs already for practice; finish it first", lab=lab))
        return self._start(student, lab, f"{EXAM}{seed}")

    def hand_in(self, student: Student, lab: str, seed: str) -> ActionOutcome:
        """Grade what the student's exam has come to, unless they have handed it in before; the evidence either way."""
        exams, said = Exams(self.seen(student), self.course.tag), ""
        exam = exams.running()
        if exam and exam.seed == seed:
            said = self._child(student, "exam", "next").said
            killpoint("class.handed-in")
        mine = exams.running() or exams.last()
        if mine is None or mine.seed != seed:
            return ActionOutcome(1, t("has not sat the exam"))
        try:
            found = read_evidence(exams.evidence(mine, lab), lab)
            if found["variant"] != mine.variant:
                raise CouldNotLook("")
        except CouldNotLook:
            return ActionOutcome(1 if mine.ended else 3, said or t("nothing was handed in"))
        return outcome_of(found, Done({"passed": 0, "failed": 1}.get(found["report"]["verdict"], 3), said))

    def _start(self, student: Student, lab: str, seed: str) -> ActionOutcome:
        with self._turn(student):
            return self._started(student, lab, seed)

    def _started(self, student: Student, lab: str, seed: str) -> ActionOutcome:
        run, said = self.run(student, lab), t("ready")
        if run is None and lab in self.strays(student):
            self._remove_stray(student, lab)
        if run and run.state == STOPPED:
            done = self._child(student, "start", "--resume", lab)
            if done.status == 0 or not self._is_gone(student, lab, run):
                return outcome_saying(done, t("goes on where it was"))
            said = t("ready, from the beginning: the lab host there was is gone")
        done = self._child(student, "--variant", seed, "start", lab)
        return outcome_saying(done, t("ran already") if run and run.state == RUNNING else said)

    def _is_gone(self, student: Student, lab: str, run: Run) -> bool:
        """Whether nothing is left of a lab host: somebody has removed it by hand, and not by kvmlab."""
        place = self.place(student, lab)
        return place.host(run, remembered_podman(place.state)).condition() is Condition.GONE

    def _remove_stray(self, student: Student, lab: str) -> None:
        place = LabPlace(self.state(student), self.course.tag, lab)
        with place.lock(WAIT_S):
            if place.run() is None:
                sweep(remembered_podman(place.state), place.state, place.labels)

    def _over(self, student: Student, lab: str | None, verb: str, said: str) -> ActionOutcome:
        if verb == "finish" and (strays := [one for one in self.strays(student) if lab in (None, one)]):
            for one in strays:
                self._remove_stray(student, one)
            said = t(
                "{said}, and a lab host that no record told of any more ({labs})", said=said, labs=", ".join(strays)
            )
            if not self.runs(student):
                return ActionOutcome(0, said)
        there = [lab] if lab else list(self.runs(student))
        if not there or (verb == "finish" and not self.seen(student).root.exists()):
            return ActionOutcome(0, t("nothing runs"))
        with self._turn(student) if verb == "reset" else nullcontext():
            outcomes = [outcome_saying(self._child(student, verb, one, variant=verb == "reset"), said) for one in there]
        worst = max(outcomes, key=lambda one: one.status)
        return worst if worst.status else ActionOutcome(0, t("{labs}: {said}", labs=", ".join(there), said=said))

    def _turn(self, student: Student) -> AbstractContextManager[None]:
        """In the line in which those stand, too, who type `start` at the door."""

        def waiting(_before: int) -> None:
            if self.children.stopped:
                raise CannotRun(t("interrupted"))

        return starts(self.shared).turn(self.seen(student).root.name, waiting)

    def _child(self, student: Student, *argv: str, variant: bool = False) -> Done:
        seed = ("--variant", self.of_class.seed(student)) if variant else ()
        return self.children.run(self.state(student), *seed, *argv)

    def seen(self, student: Student) -> State:
        """Their state directory for looking only: nothing is made."""
        return State(self.of_class.state_root(student, self.shared), self.shared.shared.root)


def tried(work: Callable[[Any, Student], ActionOutcome], actions: object, student: Student) -> ActionOutcome:
    """The outcome of `work` for a student; what it raises is one, too: a state directory that cannot be used."""
    try:
        return work(actions, student)
    except KvmlabError as error:
        return ActionOutcome(3, error.message.rstrip("."))
    except OSError as error:
        return ActionOutcome(3, f"{error.filename or ''}: {error.strerror or error}".lstrip(": "))
