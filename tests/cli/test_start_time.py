"""What the fast verbs load: no library of ours, and nothing of Python's that takes long."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Kvmlab
from tests.course.conftest import EXAMPLE

FAST = {
    "--help": ["--help"],
    "overview": [],
    "list": ["list"],
    "status": ["status"],
    "hint": ["hint", "net-bridge"],
    "completion": ["_complete", "bash", "show", ""],
}
OURS = {  # every module of kvmlab that a fast verb may load
    "kvmlab",
    "kvmlab.__main__",
    "kvmlab.cli",
    "kvmlab.cli.exam",
    "kvmlab.cli.exam.rules",
    "kvmlab.cli.lab",
    "kvmlab.cli.completion",
    "kvmlab.cli.completion.candidates",
    "kvmlab.cli.context",
    "kvmlab.cli.main",
    "kvmlab.cli.parsing",
    "kvmlab.cli.completion.recorder",
    "kvmlab.cli.output",
    "kvmlab.cli.student",
    "kvmlab.cli.verbs",
    "kvmlab.cli.verbs.hint",
    "kvmlab.cli.verbs.list",
    "kvmlab.cli.verbs.overview",
    "kvmlab.cli.verbs.show",
    "kvmlab.cli.verbs.status",
    "kvmlab.course",
    "kvmlab.course.catalogue",
    "kvmlab.course.lab",
    "kvmlab.course.lab.model",
    "kvmlab.course.progress",
    "kvmlab.course.quiz",
    "kvmlab.course.quiz.progress",
    "kvmlab.labhost.record",
    "kvmlab.course.store",
    "kvmlab.errors",
    "kvmlab.json_text",
    "kvmlab.labhost",
    "kvmlab.labhost.computer",
    "kvmlab.labhost.computer.findings",
    "kvmlab.paths",
    "kvmlab.process",
    "kvmlab.report",
    "kvmlab.report.cells",
    "kvmlab.report.encoding",
    "kvmlab.report.plain",
    "kvmlab.safe_text",
    "kvmlab.state",
    "kvmlab.state.cache",
    "kvmlab.state.record",
    "kvmlab.suspension",
    "kvmlab.words",
}
SLOW = {  # of Python's own: each costs a millisecond or more
    "asyncio", "ast", "bz2", "calendar", "csv", "dataclasses", "datetime", "difflib", "email", "hashlib", "http",
    "importlib.metadata", "inspect", "logging", "lzma", "multiprocessing", "random", "shutil", "socket", "ssl",
    "statistics", "string", "subprocess", "tempfile", "threading", "tomllib", "unittest", "uuid", "xml", "zipfile",
}  # fmt: skip
DRIVER = """
import json, sys
from kvmlab.cli.main import main
before = len(sys.argv)
try:
    main(sys.argv[2:])
finally:
    json.dump(sorted(sys.modules), open(sys.argv[1], "w"))
"""


@pytest.fixture
def loaded(bare_kvmlab: Kvmlab, tmp_path: Path) -> dict[str, set[str]]:
    """The modules each fast verb has loaded when it ends, the course being compiled already."""
    assert bare_kvmlab("--course", str(EXAMPLE), "hint", "net-bridge").returncode == 0
    result = {}
    for name, argv in FAST.items():
        out = tmp_path / "modules.json"
        subprocess.run(
            [sys.executable, "-S", "-c", DRIVER, str(out), *argv],
            env=bare_kvmlab.environ(env={"KVMLAB_COURSE": str(EXAMPLE)}),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        result[name] = set(json.loads(out.read_text(encoding="utf-8")))
    return result


def test_fast_verbs_load_nothing_heavy(loaded: dict[str, set[str]]) -> None:
    for verb, modules in loaded.items():
        ours = {name for name in modules if name.partition(".")[0] == "kvmlab"}
        assert ours <= OURS, verb
        assert not modules & SLOW, verb
        foreign = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"kvmlab"}
        assert foreign <= {"__main__", "_sysconfigdata__linux_x86_64-linux-gnu"}, verb
