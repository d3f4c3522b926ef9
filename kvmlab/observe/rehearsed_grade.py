"""A check with a rehearsal: what is said of the next start is looked at in a copy that has started."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kvmlab.checks import Host
from kvmlab.checks.reader import MissingObject, Reader, Want
from kvmlab.course import Lab
from kvmlab.errors import CouldNotLook
from kvmlab.grading.evidence import Recording
from kvmlab.grading.rehearsed_reader import RehearsedReader, ahead, guests_to_enter, refresh, to_start, with_balloon
from kvmlab.grading.runner import foreseen
from kvmlab.grading.verdicts import Report
from kvmlab.host import open_host
from kvmlab.labhost.container import LabHost
from kvmlab.observe.grade import checks_of, grade, grade_with_evidence, named, opened, run_checks
from kvmlab.setup.rehearsal import Rehearsal, rehearsed
from kvmlab.slowness import given_patience
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.images import BuildProgress

ANSWER_S = 120.0
"""How long a guest may take to boot in the copy, emulated, beside the one that runs ($KVMLAB_PATIENCE stretches it)."""
SURE_S = 3.0
"""How long after the boot what is not as wanted is looked at again."""
POLL_S = 0.1
_BOOTING = ("/run/booting", "/run/nologin")
"""What is there as long as a guest boots: of the small guest, of systemd (pam_nologin(8))."""


@dataclass(frozen=True)
class Rehearsing:
    """A lab whose next start is looked at. `checker`: its file; `only`: tasks, as of a check."""

    lab: Lab
    checker: Path
    only: Sequence[str] = ()
    answer_s: float = ANSWER_S

    def wants(self) -> list[Want]:
        """What its checks ask."""
        return foreseen(checks_of(self.lab, self.checker), self.lab.params, self.lab.tasks, self.only)

    def report(self, first: LabHost, fresh: LabHost, progress: BuildProgress) -> Report:
        """The checks of the lab on `first`, their facts about the next start in a copy of it, which is gone afterwards.

        Where no check speaks of the next start there is no copy. Raises CannotRun where there can be none.
        """
        if not ahead(self.wants()):
            return grade(self.lab, self.checker, first, only=self.only)
        return self._in_a_copy(first, fresh, progress)[0]

    def report_and_facts(
        self, first: LabHost, fresh: LabHost, progress: BuildProgress
    ) -> tuple[Report, dict[str, Any]]:
        """Likewise, with what was read (kvmlab.grading.evidence), so that it can be graded again."""
        if not ahead(self.wants()):
            return grade_with_evidence(self.lab, self.checker, first)
        return self._in_a_copy(first, fresh, progress)

    def _in_a_copy(self, first: LabHost, fresh: LabHost, progress: BuildProgress) -> tuple[Report, dict[str, Any]]:
        began, key, wants = time.monotonic(), first.state.key_pair("look_key"), self.wants()
        progress.step(t("copying the lab host"), None)
        with (
            rehearsed(first, fresh) as rehearsal,
            opened(self.lab, first) as (now, _),
            open_host(fresh.root, key, self.lab.guests) as (copy, _),
        ):
            report, facts = self._looked(rehearsal, RehearsedReader(now, copy), wants, progress)
        notes = rehearsal.packed.notes()
        return report._replace(seconds=time.monotonic() - began, notes=notes), facts

    def _looked(
        self, rehearsal: Rehearsal, both: RehearsedReader, wants: Sequence[Want], progress: BuildProgress
    ) -> tuple[Report, dict[str, Any]]:
        both.note_boot(wants)
        progress.step(t("starting the guests in the copy"), None)
        rehearsal.go_on()
        both.fails = rehearsal.start(to_start(wants))
        deadline = time.monotonic() + self.answer_s * given_patience()
        for name, address in guests_to_enter(wants).items():
            progress.step(t("waiting for {guest} in the copy", guest=name), None)
            if ("domain", name) not in both.fails:
                wait_for(both.copy, name, address, deadline)
        for name in with_balloon(wants):
            if ("domain", name) not in both.fails:
                wait_for_balloon(both.copy, name, deadline)
        return self._until_sure(both)

    def _until_sure(self, both: RehearsedReader) -> tuple[Report, dict[str, Any]]:
        """Look again for a moment at what is not as wanted, because it may still be coming; what is as wanted is so at
        once."""
        checks = checks_of(self.lab, self.checker)
        deadline = time.monotonic() + SURE_S * given_patience()
        while True:
            recording = Recording(both)
            report = run_checks(checks, recording, self.lab, only=self.only, settle_s=0)
            if time.monotonic() > deadline or not _may_change(report):
                facts = recording.noted()
                return named(report, Host(both.first)), facts  # in the copy the next start is the present
            time.sleep(POLL_S * 5)


def wait_for(copy: Reader, name: str, address: str, deadline: float) -> bool:
    """Whether a guest has booted to its end before the deadline; at once False where it does not run at all."""
    while time.monotonic() < deadline:
        refresh(copy)
        try:
            seen = _values(copy, "domain", (name, "now"), "state", "agent_channel", "agent")
            if seen.get("state") not in ("running", "in shutdown"):
                return False
            if (seen["agent"] or not seen["agent_channel"]) and not any(
                _values(copy, "guest-file", (name, address, path), "kind") for path in _BOOTING
            ):
                return True
        except CouldNotLook:
            pass
        time.sleep(POLL_S)
    return False


def wait_for_balloon(copy: Reader, name: str, deadline: float) -> bool:
    """Whether a guest that runs has, before the deadline, no more memory than is stored: it starts with its maximum."""
    while time.monotonic() < deadline:
        refresh(copy)
        with contextlib.suppress(CouldNotLook):
            now, stored = (_values(copy, "domain", (name, view), "memory_mib") for view in ("live", "stored"))
            if not now or now == stored:
                return bool(now)
        time.sleep(POLL_S)
    return False


def _values(reader: Reader, kind: str, key: tuple[str, ...], *names: str) -> Mapping[str, object]:
    """Facts of one object; none where there is no such object."""
    answer = reader.read(kind, key, names)
    return {} if isinstance(answer, MissingObject) else {name: answer[name].value for name in names}


def _may_change(report: Report) -> bool:
    """Whether some fact about the next start is not as wanted, or not yet."""
    rows = (row for check in report.checks for finding in check.findings for row in finding.facts)
    return any(row.rehearsed and not row.met for row in rows) or any(check.transient for check in report.checks)
