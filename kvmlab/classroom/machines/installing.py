"""kvmlab brought to students' computers: one bundle (kvmlab.bundle), over the same ssh(1) as everything else there.

A computer is asked first what it has of it. What is missing is sent, from where an earlier try was cut off, held
against its checksum there, and opened by the bundle's own `open`: nothing of kvmlab has to be there before. The same
again finds it done.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from kvmlab.bundle.archive import opened
from kvmlab.bundle.contents import read_contents
from kvmlab.classroom.children import Children, Done
from kvmlab.classroom.machines.inventory import Machine
from kvmlab.classroom.machines.remote import read_answer, ssh_argv
from kvmlab.classroom.outcome import ActionOutcome
from kvmlab.images.recipe import BuildProgress
from kvmlab.safe_text import plain
from kvmlab.words import language, t

WIDTH = 10
"""To how many computers it is sent at once: more would share the same line."""
DEADLINE_S, ASK_S = 3600, 30
MOST_ANSWER = 100_000  # bytes
WHERE = """
word=$1 sum=$2 version=$3 size=$4
echo "$word begun"
place=${XDG_DATA_HOME:-$HOME/.local/share}/kvmlab
folder=$place.bundle
file=$folder/$sum
tell() {
    echo "$word ended $1 ${#2} 0 $(printf %s "$2" | sha256sum | cut -c 1-64)"
    printf %s "$2"
}
held() { if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi; }
"""
LOOK = """
if [ "$(cat "$place.installed" 2>/dev/null)" = "$sum" ] &&
    [ "$("$place/bin/kvmlab" --version </dev/null 2>/dev/null)" = "kvmlab $version" ]; then
    tell 0 there
elif [ -f "$file" ]; then
    tell 0 "held $size"
else
    tell 0 "held $(($(held "$file.part")))"
fi
"""
TAKE = """
seconds=$5
umask 077
mkdir -p "$folder" && cd "$folder" || exit
end() {
    tail -c 4000 said >last
    echo "$word ended $1 0 $(($(held last))) $(sha256sum </dev/null | cut -c 1-64)"
    cat last
    exit
}
fail() {
    echo "kvmlab: $1" >said
    end 3
}
if [ ! -f "$file" ]; then
    cat >>"$file.part" 2>said || fail "$(tail -n 1 said)"
    [ "$(($(held "$file.part")))" -ge "$size" ] || fail cut
    if [ "$(sha256sum <"$file.part" | cut -c 1-64)" != "$sum" ]; then
        rm -f "$file.part"
        fail torn
    fi
    mv "$file.part" "$file"
fi
tar -xf "$file" open 2>said && timeout -k 5 "$seconds" ./open "$file" --to "$place" >/dev/null 2>said </dev/null
status=$?
if [ $status = 0 ]; then
    echo "$sum" >"$place.installed"
    rm -f "$file" open
fi
end $status
"""


class Parcel(NamedTuple):
    """A bundle that has been looked through: its file, version, size in bytes and SHA-256 as hex."""

    path: Path
    version: str
    size: int
    sum: str

    @classmethod
    def of(cls, path: Path, progress: BuildProgress) -> Parcel:
        """UsageError where it is no whole bundle."""
        with opened(path) as bundle:
            version = read_contents(bundle).version
            bundle.verify(progress)
        digest = sha256()
        with path.open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        return cls(path, version, path.stat().st_size, digest.hexdigest())


class Installing(NamedTuple):
    """Brings a parcel to computers; each has `deadline_s` in all."""

    parcel: Parcel
    children: Children
    deadline_s: int

    def look(self, machine: Machine) -> ActionOutcome:
        """What would be done there; nothing is."""
        done, held = self._held(machine, min(ASK_S, self.deadline_s))
        if done.status:
            return ActionOutcome(3, done.said)
        if held is None:
            return ActionOutcome(0, t("has kvmlab {version} of this bundle", version=self.parcel.version))
        mb = -(-(self.parcel.size - held) // 1_000_000)
        return ActionOutcome(0, t("would get {mb} MB, and kvmlab {version}", mb=mb, version=self.parcel.version))

    def install(self, machine: Machine) -> ActionOutcome:
        """What is missing there sent and opened; a computer that has it already is left alone."""
        until = time.monotonic() + self.deadline_s
        done, held = self._held(machine, min(ASK_S, self.deadline_s))
        if done.status:
            return ActionOutcome(3, done.said)
        if held is None:
            return ActionOutcome(0, t("has kvmlab {version} of this bundle", version=self.parcel.version))
        left = max(1, int(until - time.monotonic()))
        done, _ = self._asked(machine, TAKE, left, str(left), sends_from=held)
        if done.status:
            said = {
                "cut": t("the line was cut; the same command goes on from there"),
                "torn": t("what came there is not what was sent; the same command sends it again"),
            }
            failed = t("kvmlab ended with status {status}", status=done.status)
            return ActionOutcome(3, said.get(done.said, done.said) or failed)
        return ActionOutcome(0, t("kvmlab {version} is set up", version=self.parcel.version))

    def _held(self, machine: Machine, deadline_s: int) -> tuple[Done, int | None]:
        """How many bytes of the bundle are there; None: it is set up."""
        done, told = self._asked(machine, LOOK, deadline_s)
        found = re.fullmatch(rb"there|held (\d{1,15})", told)
        if done.status == 0 and (not found or int(found[1] or 0) > self.parcel.size):
            return Done(3, t("it answered nonsense")), 0
        return done, int(found[1]) if found and found[1] else None

    def _asked(
        self, machine: Machine, script: str, deadline_s: int, *words: str, sends_from: int | None = None
    ) -> tuple[Done, bytes]:
        word, parcel = f"kvmlab-{secrets.token_hex(12)}", self.parcel
        told: Sequence[str] = (word, parcel.sum, parcel.version, str(parcel.size), *words)
        command = ["env", f"KVMLAB_LANG={language()}", "sh", "-c", WHERE + script, "sh", *told]
        argv = ssh_argv(machine, command, deadline_s)
        if sends_from is None:
            answer = self.children.answer(argv, deadline_s, MOST_ANSWER)
        else:
            with parcel.path.open("rb") as stream:
                stream.seek(sends_from)
                answer = self.children.answer(argv, deadline_s, MOST_ANSWER, stream)
        done, told_back = read_answer(answer, word, deadline_s)
        return done._replace(said=plain(done.said, 300)), told_back
