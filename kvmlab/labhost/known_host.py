"""What is known of a lab host outside: its run directory, and by it who it is and where its root directory is.

All that looks at one needs no more; whoever starts, enters or removes it needs podman (kvmlab.labhost.container).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from kvmlab import process
from kvmlab.errors import CannotRun
from kvmlab.liveness import work_of
from kvmlab.paths import State
from kvmlab.remote.host_root import HostRoot
from kvmlab.state import record
from kvmlab.words import t

IDENTITY = "identity.json"
SPARE = "spare.json"
"""In the run directory of a lab host in waiting (kvmlab.setup.spare), and of no other."""
VOLUMES = "volumes.json"
REPAIR = "repair.json"
"""In the run directory of one that is to be repaired (kvmlab.repair.record)."""


class Identity(NamedTuple):
    """What tells a lab host from everything else: who its root is outside (None: us), its SSH host key, and, once it
    is up, its first process (kvmlab.process)."""

    first_uid: int | None
    host_key: str
    init: str = ""


@dataclass(frozen=True)
class KnownLabHost:
    """A lab host by its label and its instance: every start makes a new one, so nothing old can leak into it."""

    label: str
    instance: str
    state: State

    @property
    def run_dir(self) -> Path:
        """What is known of it and laid ready for it, outside. Once it is up, it can change nothing here."""
        return self.state.run / f"{self.label}-{self.instance}"

    @property
    def start_dir(self) -> Path:
        """What it finds at /srv/kvmlab/start when it starts."""
        return self.run_dir / "start"

    @property
    def start_record(self) -> Path:
        """What there was on it at the end of its start."""
        return self.run_dir / "start.json"

    @property
    def is_spare(self) -> bool:
        """Whether it waits, whole, for a reset to take it."""
        return (self.run_dir / SPARE).is_file()

    @property
    def is_repair(self) -> bool:
        """Whether something is broken on it, or has been, for somebody to mend."""
        return (self.run_dir / REPAIR).exists()

    def work(self) -> object:
        """What changes while anything on it computes; None where that is not to be seen."""
        return work_of(process.number(self.init)) if self.init else None

    @property
    def volumes(self) -> list[tuple[Path, str]]:
        """The further (here, there) pairs that it was started with. CannotRun where nothing was noted."""
        try:
            return [(Path(here), there) for here, there in record.load(self.run_dir / VOLUMES)]
        except (OSError, ValueError, TypeError) as error:
            message = t("What was noted of the lab host is gone: {error}.", error=error)
            raise CannotRun(message, "kvmlab status") from None

    @property
    def init(self) -> str:
        """The identity of its first process (kvmlab.process), or "" where it cannot be told."""
        try:
            return self.identity.init
        except CannotRun:
            return ""

    @property
    def root(self) -> HostRoot:
        """Its root directory, seen from outside. CannotRun where it never came up."""
        identity = self.identity
        if not identity.init:
            raise CannotRun(t("The lab host was never up."), "kvmlab status")
        folder = Path(f"/proc/{process.number(identity.init)}")
        return HostRoot(folder, identity.init, identity.first_uid, identity.host_key)

    @property
    def identity(self) -> Identity:
        """What was noted of it. CannotRun where nothing was."""
        try:
            return Identity(**record.load(self.run_dir / IDENTITY))
        except (OSError, ValueError, TypeError) as error:
            message = t("What was noted of the lab host is gone: {error}.", error=error)
            raise CannotRun(message, "kvmlab status") from None


def known_hosts(state: State, labels: Collection[str]) -> list[KnownLabHost]:
    """Those of `labels` whose run directory is there, whoever has left it and whether or not they were ever up."""
    parts = (folder.name.rpartition("-") for folder in state.run.iterdir())
    return [KnownLabHost(label, instance, state) for label, _, instance in parts if label in labels]
