"""A pytest plugin for script/test: a test that was skipped has not been run, so the run has failed."""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make the run fail where something was skipped (with pytest-xdist: in the process that counts)."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if reporter and skipped and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(skipped)} skipped: script/test installs what tests need, so none may be.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
