"""A pytest plugin for `script/test quick`: leaves out what takes long, and says what that is."""

from __future__ import annotations

from pathlib import Path

import pytest

LEFT_OUT = {
    "tests/packaging": "the wheel is built and installed",
    "tests/bundle": "bundles are made and opened",
    "tests/page": "a server is asked",
    "tests/classroom/door": "servers that students come in through are started and killed",
    "tests/script": "scripts are run",
    "tests/promises": "what kvmlab promises as a whole",
    "tests/cli/test_contract.py": "kvmlab is started many times",
    "tests/cli/test_quiz.py": "kvmlab is started many times",
    "tests/receipts": "hundreds of receipts are signed",
    "tests/cli/test_warm.py": "a process that forks is started, asked by several at once, killed",
    "tests/test_liveness.py": "processes are waited for",
    "tests/labhost/test_patiently.py": "guests' processes are waited for",
    "tests/labhost/test_trial.py": "one that says nothing is waited for",
    "tests/classroom/machines": "machines that hang are waited for",
    "tests/classroom/test_careless.py": "kvmlabs wait for each other",
    "tests/cli/door": "what is typed at a terminal is waited for",
    "tests/remote": "servers that say nothing are waited for",
    "tests/guest/test_search.py": "guests that say nothing are waited for",
    "tests/author/test_lint.py::test_our_own_course_has_no_errors": "`kvmlab lint` of the whole course",
    "tests/checks/test_vocabulary.py::test_mypy_names_a_misspelt_fact": "mypy is run",
}
"""A test, a module or a folder, and why it is left out."""


def is_left_out(test: str) -> bool:
    """Whether the table has it, or what it is in."""
    return any(test == place or test.startswith((f"{place}/", f"{place}::", f"{place}[")) for place in LEFT_OUT)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Folders and modules that are left out are not even read."""
    place = collection_path.relative_to(config.rootpath) if collection_path.is_relative_to(config.rootpath) else None
    return True if str(place) in LEFT_OUT else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave them out."""
    left = [item for item in items if is_left_out(item.nodeid)]
    items[:] = [item for item in items if not is_left_out(item.nodeid)]
    config.hook.pytest_deselected(items=left)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so."""
    terminalreporter.section("left out; ./script/test has them, and lab hosts and guests")
    for place, why in LEFT_OUT.items():
        terminalreporter.line(f"{place}: {why}")
