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

from kvmlab.classroom.children import ChildOutput, Children, Done, complaint_in
from kvmlab.classroom.evidence import evidence_in
from kvmlab.classroom.folder import Class
from kvmlab.classroom.machines.inventory import Machine
from kvmlab.classroom.machines.servers import Room, Servers, server_of
from kvmlab.classroom.outcome import ActionOutcome, outcome_of
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
word=$1 seconds=$2 evidence=$3 state=$4
shift 4
echo "$word begun"
if [ -n "$state" ]; then
    KVMLAB_SHARED=${KVMLAB_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/kvmlab}
    KVMLAB_STATE=$KVMLAB_SHARED/$state KVMLAB_SPARE=0
    export KVMLAB_SHARED KVMLAB_STATE KVMLAB_SPARE
    (umask 077 && mkdir -p "${KVMLAB_STATE%/*}")
fi
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
ROOM = """
word=$1
shift
echo "$word begun"
PATH=$PATH:${XDG_DATA_HOME:-$HOME/.local/share}/kvmlab/bin
said=missing
if "$@" --version >/dev/null 2>&1 </dev/null; then
    said=$(sed -n 's/^Mem\\(Total\\|Available\\): *\\([0-9]*\\) kB$/\\2/p' /proc/meminfo | tr '\\n' ' ')$(nproc)
fi
echo "$word ended 0 ${#said} 0 $(printf %s "$said" | sha256sum | cut -c 1-64)"
printf %s "$said"
"""
_QUIET = ("BatchMode=yes", "ControlMaster=no", "ControlPath=none", "ForwardAgent=no", "ClearAllForwardings=yes",
          "PermitLocalCommand=no", "ServerAliveInterval=15", "ServerAliveCountMax=3", "LogLevel=ERROR")  # fmt: skip


class Machines(NamedTuple):
    """As `Actions`, for students whose computers stand in an inventory. `deadline_s`: what each of them has in all;
    `grader`: of the lab, for `check`; `began`: when it was told to (time.monotonic); `servers`: who is placed where."""

    of_class: Class
    course: Course
    inventory: Mapping[str, Machine]
    students: Sequence[Student]
    children: Children
    deadline_s: int
    grader: Grader | None
    began: float
    servers: Servers = Servers({})

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
        """The student's computer, or the server they are placed on, or why there is none."""
        if place := self.servers.places.get(student.id):
            return server_of(self.inventory, place.server)
        if not student.host:
            return t("the roster names no computer, and they are placed on none (kvmlab class place)")
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
        if student.id not in self.servers.places:
            return self._told(machine, "", self._left_s(student), argv, evidence=evidence)[:2]
        with self.servers.turn(machine.name) as silent:
            if silent:
                return silent, b""
            state = f"classes/{self.of_class.tag}/{self.of_class.state_name(student)}"
            done, raw, heard = self._told(machine, state, self.deadline_s, argv, evidence=evidence)
            if not heard:
                self.servers.says_nothing(machine.name, done)
            return done, raw

    def _told(
        self, machine: Machine, state: str, left_s: int, argv: Sequence[str], *, evidence: bool
    ) -> tuple[Done, bytes, bool]:
        """What one call comes to, and whether anything was heard of our script."""
        word = f"kvmlab-{secrets.token_hex(12)}"
        command = ["sh", "-c", SCRIPT, "sh", word, str(left_s), "evidence" if evidence else "", state,
                   "env", f"KVMLAB_LANG={language()}", *machine.kvmlab, *argv]  # fmt: skip
        answer = self.children.answer(ssh_argv(machine, command, left_s), left_s, MOST_ANSWER)
        return *read_answer(answer, word, self.deadline_s), begun(answer, word)

    def _left_s(self, student: Student) -> int:
        """The first computers are asked at once, so they have one deadline, however long it takes to begin with each;
        those that wait for a place have their own."""
        at_once = any(one.id == student.id for one in self.students[:WIDTH])
        return max(1, self.deadline_s - int(monotonic() - self.began)) if at_once else self.deadline_s


def room_of(machine: Machine, children: Children, deadline_s: int) -> Room:
    """What room a class server has. CouldNotLook where it does not say, or kvmlab does not run there."""
    word = f"kvmlab-{secrets.token_hex(12)}"
    argv = ssh_argv(machine, ["sh", "-c", ROOM, "sh", word, *machine.kvmlab], deadline_s)
    done, raw = read_answer(children.answer(argv, deadline_s, MOST_ANSWER), word, deadline_s)
    if done.status:
        raise CouldNotLook(done.said)
    if raw == b"missing":
        raise CouldNotLook(t("kvmlab is not there, or does not run"))
    found = re.fullmatch(rb"(\d{1,12}) (\d{1,12}) (\d{1,4})", raw)
    if not found or not int(found[3]):
        raise CouldNotLook(t("it answered nonsense"))
    return Room(int(found[1]) >> 10, int(found[2]) >> 10, int(found[3]))


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


def begun(answer: ChildOutput, word: str) -> bool:
    """Whether the script has begun there."""
    return word.encode() + b" begun\n" in answer.out


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
        message = (
            "kvmlab there did not end within {seconds} s" if begun(answer, word) else "no answer within {seconds} s"
        )
        return Done(3, t(message, seconds=deadline_s)), b""
    lines = [line for line in answer.err.decode(errors="replace").splitlines() if line.strip()]
    if lines:
        return Done(3, plain(lines[-1], 200)), b""
    if answer.status == SSH_FAILED:
        return Done(3, t("the line ended before an answer came")), b""
    return Done(3, t("it answered nonsense")), b""
