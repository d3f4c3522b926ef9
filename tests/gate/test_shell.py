"""shellcheck has nothing to say of any shell script: programs, what shells read, and the set-ups of the labs."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conftest import our_course
from tests.gate.programs import REPOSITORY, files, programs

READ_BY_A_SHELL = {".bashrc": "bash", ".profile": "bash", "profile": "sh", "library.sh": "bash"}
RECIPES = "kvmlab/images/recipes"
WORDS, CALLER = "a list of words", "its caller sets it"
MEANT = {  # what a script does that shellcheck warns of: file, code, why
    (f"{RECIPES}/apt/download", 2086): WORDS,
    (f"{RECIPES}/bare/layer", 2221): "the first pattern is an exception from the second",
    (f"{RECIPES}/bare/layer", 2222): "the first pattern is an exception from the second",
    (f"{RECIPES}/desk/layer", 2046): WORDS,
    (f"{RECIPES}/disk/init", 2013): "a kernel's command line is words",
    (f"{RECIPES}/disk/init", 2086): WORDS,
    (f"{RECIPES}/disk/kernel", 2046): WORDS,
    (f"{RECIPES}/disk/kernel", 2086): WORDS,
    (f"{RECIPES}/installer/init", 2086): WORDS,
    (f"{RECIPES}/installer/rootfs/usr/lib/installer/install", 2015): "either leads to the next disk",
    (f"{RECIPES}/installer/rootfs/usr/lib/installer/install", 2115): "the installer's own folder, never empty",
    (f"{RECIPES}/small/rootfs/etc/init.d/rcS", 1007): "two empty ones in one line",
    (f"{RECIPES}/small/rootfs/etc/init.d/rcS", 2086): WORDS,
    (f"{RECIPES}/small/rootfs/etc/udhcpc/default.script", 2154): CALLER,
    (f"{RECIPES}/small/rootfs/usr/sbin/udhcpc", 2086): WORDS,
    ("script/bench", 2086): WORDS,
    ("script/setup", 2086): WORDS,
    ("script/try-machine", 2034): "script/try-machine.d reads it",
    ("script/try-machine.d/machine", 2016): "the machine's shell is to expand it",
}
NOT_ASKED = "SC1091"  # what a script reads in is checked by itself, or is not of this repository


def said(*argv: str) -> list[tuple[str, int, str]]:
    """What shellcheck finds: file, code, and the whole of it."""
    argv = ("shellcheck", "--format=json1", f"--exclude={NOT_ASKED}", *argv)
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)["comments"]
    return [
        (one["file"], one["code"], f"{one['file']}:{one['line']}: SC{one['code']} {one['message']}") for one in found
    ]


def scripts() -> dict[str, list[str]]:
    """Every shell script by its dialect."""
    found = defaultdict(list)
    for name, interpreter in programs():
        if interpreter.endswith("sh"):
            found[interpreter.rpartition("/")[2]].append(name)
    for path in files():
        name = str(path.relative_to(REPOSITORY))
        if path.name in READ_BY_A_SHELL:
            found[READ_BY_A_SHELL[path.name]].append(name)
        elif path.parent.name == "try-machine.d":
            found["sh"].append(name)
    return found


@pytest.mark.parametrize("dialect", ["sh", "bash"])
def test_scripts(dialect: str) -> None:
    found = said(f"--shell={dialect}", *scripts()[dialect])
    assert [text for file, code, text in found if (file, code) not in MEANT] == []


def test_every_script_has_a_dialect_that_is_checked() -> None:
    assert set(scripts()) == {"sh", "bash"} and len(scripts()["sh"]) > 35


def test_what_is_meant_is_there() -> None:
    assert [file for file, _ in MEANT if not (REPOSITORY / file).is_file()] == []


def test_set_ups(tmp_path: Path) -> None:
    """With each lab's own parameters, as `bash -euo pipefail` is given it: a failing cd ends it."""
    course = our_course()
    written = {lab_id: course.lab(lab_id).setup for lab_id in course.ids}
    for lab_id, setup in written.items():
        (tmp_path / lab_id).write_text(setup, encoding="utf-8")
    named = [str(tmp_path / lab_id) for lab_id, setup in written.items() if setup]
    assert len(named) > 15
    assert [text for _, _, text in said("--shell=bash", "--exclude=SC2164", *named)] == []
