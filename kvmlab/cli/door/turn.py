"""--lang LANG VERB LAB: a start or reset of a student's on the page, in their kvmlab, when it is their turn."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from kvmlab import words
from kvmlab.cli.door.starting import keep_moving, turn_to_start
from kvmlab.course import Course
from kvmlab.errors import KvmlabError
from kvmlab.paths import State
from kvmlab.process import PARENT, end_with


def main() -> NoReturn:
    """Ends as the verb does."""
    _, lang, *argv = sys.argv[1:]
    words.set_language(lang)
    if not end_with(int(os.environ[PARENT])):
        sys.exit(130)
    state = State()
    try:
        with turn_to_start(state, Course.load(Path(os.environ["KVMLAB_COURSE"]), state), argv[1:], lambda: False):
            command = [sys.executable, "-P", "-m", "kvmlab", "--lang", lang, *argv]
            with subprocess.Popen(command, env={**os.environ, PARENT: str(os.getpid())}) as process:
                keep_moving(process, 1)
        sys.exit(process.returncode)
    except KvmlabError as error:
        print(f"kvmlab: {error.message}\n  → {error.todo}" if error.todo else f"kvmlab: {error.message}")
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
