"""`pip install .` into a fresh environment: a kvmlab that works with no checkout in sight, its course in the wheel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CHECKER = REPOSITORY / "tests/author/example/checkers/dns/names.py"
COURSE = ("course.md", "course.zh.md", "labs", "checkers", "solutions", "faults")


def run(*argv: str | Path, cwd: Path, **env: str) -> str:
    """Its standard output; it must end well."""
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "LANG": "C.UTF-8"}
    done = subprocess.run([str(word) for word in argv], cwd=cwd, env=plain | env, capture_output=True, text=True)
    assert done.returncode == 0, f"{argv}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment with kvmlab installed as a user would."""
    folder = tmp_path_factory.mktemp("wheel")
    python = getattr(sys, "_base_executable", sys.executable)
    run(python, "-m", "venv", folder / "env", cwd=folder)
    # pip's own settings, so that what script/setup fetched and compiled is not fetched and compiled again.
    kept = {name: os.environ[name] for name in os.environ if name.startswith("PIP_") or name in ("HOME", "PATH")}
    run(folder / "env/bin/pip", "install", "--quiet", REPOSITORY, cwd=folder, **kept)
    return folder / "env"


def installed(environment: Path) -> Path:
    """The package's directory there."""
    (package,) = environment.glob("lib/python3*/site-packages/kvmlab")
    return package


def files(root: Path) -> set[str]:
    """All files below `root`, but what Python itself puts there."""
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts}


def test_the_course_is_in_the_wheel_whole(environment: Path) -> None:
    own = installed(environment) / "own_course"
    wanted = {"course.md", "course.zh.md"}
    wanted |= {f"{name}/{path}" for name in COURSE[2:] for path in files(REPOSITORY / name)}
    assert files(own) == wanted


def test_every_file_of_the_package_is_in_the_wheel_and_as_executable_as_here(environment: Path) -> None:
    package = installed(environment)
    here = files(REPOSITORY / "kvmlab")
    assert {name for name in files(package) if not name.startswith("own_course/")} == here
    for name in here:
        mode = (REPOSITORY / "kvmlab" / name).stat().st_mode & 0o100
        assert (package / name).stat().st_mode & 0o100 == mode, name


def test_what_the_page_takes_from_npm_is_in_the_wheel(environment: Path) -> None:
    vendor = installed(environment) / "page/vendor"
    for name in (
        "xterm/xterm.mjs",
        "xterm/xterm.css",
        "xterm/LICENSE",
        "novnc/core/rfb.js",
        "novnc/LICENSE.txt",
        "recipe",
    ):
        assert (vendor / name).stat().st_size, name


def test_the_command_finds_the_course_it_came_with(environment: Path, tmp_path: Path) -> None:
    listed = run(environment / "bin/kvmlab", "list", cwd=tmp_path, KVMLAB_STATE=str(tmp_path / "state"))
    assert "network-bridge" in listed
    assert "storage-attach" in listed


def test_the_text_of_a_lab_can_be_read(environment: Path, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    kvmlab = environment / "bin/kvmlab"
    shown = run(kvmlab, "show", "network-bridge", cwd=tmp_path, KVMLAB_STATE=state)
    assert "10.0.0.12" in shown
    chinese = run(kvmlab, "--lang", "zh", "show", "network-bridge", cwd=tmp_path, KVMLAB_STATE=state)
    assert "网桥" in chinese


def test_the_checkers_load(environment: Path, tmp_path: Path) -> None:
    program = (
        "from kvmlab.cli.context import own_course\n"
        "from kvmlab.grading.load import load_answers, load_checks\n"
        "for path in sorted((own_course() / 'checkers').rglob('*.py')):\n"
        "    (load_answers if path.stem == 'quiz' else load_checks)(path); print(path)\n"
    )
    loaded = run(environment / "bin/python", "-c", program, cwd=tmp_path)
    assert str(installed(environment) / "own_course/checkers/network/bridge.py") in loaded


def metadata(environment: Path, cwd: Path) -> dict[str, list[str]]:
    """What the installed package says of itself."""
    program = (
        "import json; from importlib.metadata import metadata\n"
        "found = metadata('kvmlab'); print(json.dumps({key: found.get_all(key) for key in found}))"
    )
    return json.loads(run(environment / "bin/python", "-c", program, cwd=cwd))  # type: ignore[no-any-return]


def test_it_says_what_may_be_done_with_it(environment: Path, tmp_path: Path) -> None:
    """The licence by its SPDX identifier, and its text beside the metadata."""
    said = metadata(environment, tmp_path)
    assert (said["License-Expression"], said["License-File"]) == (["Apache-2.0"], ["LICENSE"])
    (text,) = environment.glob("lib/python3*/site-packages/kvmlab-*.dist-info/licenses/LICENSE")
    assert text.read_bytes() == (REPOSITORY / "LICENSE").read_bytes()


def test_one_version(environment: Path, tmp_path: Path) -> None:
    """The command and the package's metadata say the same, and the changelog has it, released or to be so."""
    (version,) = metadata(environment, tmp_path)["Version"]
    assert run(environment / "bin/kvmlab", "--version", cwd=tmp_path) == f"kvmlab {version}\n"
    assert version in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


MISSPELT = {
    "fact": ("shows(active=True,", "shows(activ=True,", '"activ" for "shows"'),
    "noun": ("host.network(", "host.netwrok(", '"Host" has no attribute "netwrok"'),
    "wanted": ("active=True,", 'active="yes",', 'Argument "active" to "shows"'),
}


def types(environment: Path, checker: Path) -> tuple[int, str]:
    """What mypy says of a checker whose author has the installed kvmlab, and no checkout."""
    argv = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(environment / "bin/python")]
    argv += ["--cache-dir", str(environment / "mypy"), checker.name]
    done = subprocess.run(argv, cwd=checker.parent, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_checker_has_types(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "names.py").write_text(CHECKER.read_text(encoding="utf-8"), encoding="utf-8")
    status, said = types(environment, tmp_path / "names.py")
    assert status == 0, said


@pytest.mark.parametrize(("right", "wrong", "error"), MISSPELT.values(), ids=MISSPELT.keys())
def test_what_is_misspelt_in_a_checker_is_a_type_error(
    environment: Path, tmp_path: Path, right: str, wrong: str, error: str
) -> None:
    text = CHECKER.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "names.py").write_text(text.replace(right, wrong), encoding="utf-8")
    status, said = types(environment, tmp_path / "names.py")
    assert status == 1 and error in said, said
