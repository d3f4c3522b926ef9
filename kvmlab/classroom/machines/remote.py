"""What is done for a student at a computer of their own, over ssh(1).

A small script there runs kvmlab with a time limit and prints its exit status, its complaint and its evidence, with
their sizes and a checksum, behind a word that was made up for this call: whatever else a computer prints is not taken
for an answer. The student is root there, so what comes back is hostile, and proves only what a computer of theirs says:
of a check the facts alone are taken, and graded here.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from hashlib import sha256
from time import monotonic
from typing import NamedTuple

from kvmlab.classroom.actions import ActionOutcome, evidence_in, outcome_of
from kvmlab.classroom.children import ChildOutput, Children, Done, complaint_in
from kvmlab.classroom.folder import Class
from kvmlab.classroom.machines.inventory import Machine
from kvmlab.classroom.regrade import Grader
from kvmlab.classroom.roster.student import Student
from kvmlab.course import Course
from kvmlab.course.progress import now
from kvmlab.errors import AuthorError, CouldNotLook
from kvmlab.safe_text import plain
from kvmlab.words import language, t

MOST_ANSWER = 8_000_000  # bytes
SSH_FAILED = 255
"""The exit status of ssh(1) where it had no line to the computer, or no more."""
WIDTH = 100
"""How many computers are asked at once: they do the work."""
SCRIPT = """
word=$1 seconds=$2 evidence=$3
shift 3
echo "$word begun"
folder=$(mktemp -d) || exit 3
trap 'rm -rf "$folder"' EXIT
cd "$folder" && touch evidence said
PATH=$PATH:${XDG_DATA_HOME:-$HOME/.local/share}/kvmlab/bin
[ -z "$evidence" ] || set -- "$@" --evidence "$folder/evidence"
timeout -k 5 "$seconds" "$@" >/dev/null 2>said </dev/null
status=$?
tail -c 4000 said >last
echo "$word ended $status $(wc -c <evidence) $(wc -c <last) $(sha256sum <evidence | cut -c 1-64)"
cat evidence last
"""
_QUIET = ("BatchMode=yes", "ControlMaster=no", "ControlPath=none", "ForwardAgent=no", "ClearAllForwardings=yes",
          "PermitLocalCommand=no", "ServerAliveInterval=15", "ServerAliveCountMax=3", "LogLevel=ERROR")  # fmt: skip


class Machines(NamedTuple):
    """As `Actions`, for students whose computers stand in an inventory. `deadline_s`: what each of them has in all;
    `grader`: of the lab, for `check`; `began`: when it was told to (time.monotonic)."""

    of_class: Class
    course: Course
    inventory: Mapping[str, Machine]
    students: Sequence[Student]
    children: Children
    deadline_s: int
    grader: Grader | None
    began: float

    def start(self, student: Student, lab: str) -> ActionOutcome:
        """A lab host with the lab on it, of the student's variant."""
        return self._done(student, t("ready"), "--variant", self.of_class.seed(student), "start", lab)

    def reset(self, student: Student, lab: str) -> ActionOutcome:
        """A fresh lab host in place of the one there is."""
        return self._done(student, t("as at the start"), "--variant", self.of_class.seed(student), "reset", lab)

    def finish(self, student: Student, lab: str) -> ActionOutcome:
        """No lab host any more."""
        return self._done(student, t("finished"), "finish", lab)

    def check(self, student: Student, lab: str) -> ActionOutcome:
        """Look, and bring the facts, to be graded here; when that was is told by our clock, not by theirs."""
        assert self.grader
        done, raw = self._asked(student, "check", lab, "--json", evidence=True)
        try:
            found = evidence_in(raw, lab)
        except CouldNotLook as trouble:
            return ActionOutcome(3, done.said or trouble.message.rstrip("."))
        seed = self.of_class.seed(student)
        if found["course"] != self.course.tag:
            return ActionOutcome(3, t("kvmlab there has another course"))
        if found["variant"] != seed:
            return ActionOutcome(3, t("the lab there is not this student's variant"))
        try:
            report = self.grader.report(seed, found["facts"])
        except (ValueError, AuthorError):
            return ActionOutcome(3, t("it answered nonsense"))
        own = {"taken": now(), "parameters": dict(self.grader.parameters(seed)), "report": report}
        return outcome_of({**found, **own}, Done({"passed": 0, "failed": 1}.get(report["verdict"], 3), done.said))

    def where(self, student: Student) -> Machine | str:
        """The student's computer, or why there is none."""
        if not student.host:
            return t("the roster names no computer")
        if student.host not in self.inventory:
            return t("{host} is not in the inventory", host=student.host)
        others = [one.id for one in self.students if one.host == student.host and one.id != student.id]
        if others:
            return t("{host} is {other}'s as well", host=student.host, other=others[0])
        return self.inventory[student.host]

    def _done(self, student: Student, said: str, *argv: str) -> ActionOutcome:
        done, _ = self._asked(student, *argv)
        if done.status == 0:
            return ActionOutcome(0, said)
        return ActionOutcome(3, done.said or t("kvmlab ended with status {status}", status=done.status))

    def _asked(self, student: Student, *argv: str, evidence: bool = False) -> tuple[Done, bytes]:
        machine = self.where(student)
        if isinstance(machine, str):
            return Done(3, machine), b""
        word, left_s = f"kvmlab-{secrets.token_hex(12)}", self._left_s(student)
        command = ["sh", "-c", SCRIPT, "sh", word, str(left_s), "evidence" if evidence else "",
                   "env", f"KVMLAB_LANG={language()}", *machine.kvmlab, *argv]  # fmt: skip
        answer = self.children.answer(ssh_argv(machine, command, left_s), left_s, MOST_ANSWER)
        return read_answer(answer, word, self.deadline_s)

    def _left_s(self, student: Student) -> int:
        """The first computers are asked at once, so they have one deadline, however long it takes to begin with each;
        those that wait for a place have their own."""
        at_once = any(one.id == student.id for one in self.students[:WIDTH])
        return max(1, self.deadline_s - int(monotonic() - self.began)) if at_once else self.deadline_s


def ssh_argv(machine: Machine, command: Sequence[str], deadline_s: int) -> list[str]:
    """The argv of ssh(1) that runs a command there, asks nobody anything, and leaves nothing running here: it ends also
    where we were killed and cannot end it (timeout(1))."""
    settings = [*_QUIET, f"ConnectTimeout={max(1, min(15, deadline_s // 2))}"]
    argv = [
        "timeout",
        "--signal=KILL",
        str(deadline_s + 2),
        "ssh",
        "-T",
        *machine.options,
        *(f"-o{one}" for one in settings),
    ]
    for option, value in (("-p", machine.port), ("-l", machine.user), ("-i", machine.key)):
        argv += [option, str(value)] if value else []
    return [*argv, "--", machine.address, shlex.join(command)]


def read_answer(answer: ChildOutput, word: str, deadline_s: int) -> tuple[Done, bytes]:
    """How kvmlab ended there, and its evidence; where nothing of that came, why not."""
    mark = re.escape(word.encode())
    ended = re.search(mark + rb" ended (\d{1,3}) (\d{1,9}) (\d{1,5}) ([0-9a-f]{64})\n", answer.out)
    if ended:
        size, last = int(ended[2]), int(ended[3])
        rest = answer.out[ended.end() :]
        evidence, said = rest[:size], rest[size : size + last]
        if len(rest) == size + last and sha256(evidence).hexdigest() == ended[4].decode():
            return Done(int(ended[1]), plain(complaint_in(said), 300)), evidence
        return Done(3, t("its answer is torn")), b""
    if answer.why == "length":
        return Done(3, t("it answered with more than {mb} MB, and no result", mb=MOST_ANSWER // 1_000_000)), b""
    if answer.why == "deadline":
        begun = word.encode() + b" begun\n" in answer.out
        message = "kvmlab there did not end within {seconds} s" if begun else "no answer within {seconds} s"
        return Done(3, t(message, seconds=deadline_s)), b""
    lines = [line for line in answer.err.decode(errors="replace").splitlines() if line.strip()]
    if lines:
        return Done(3, plain(lines[-1], 200)), b""
    if answer.status == SSH_FAILED:
        return Done(3, t("the line ended before an answer came")), b""
    return Done(3, t("it answered nonsense")), b""
