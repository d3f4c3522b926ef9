"""Snapshots of domains. Key: snapshot (DOMAIN, NAME). `virsh snapshot-list`"""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Word
from kvmlab.checks.findings import Finding
from kvmlab.checks.vocabulary.start import AsAtStart


class SnapshotFacts(Facts, total=False):
    """A snapshot of a domain."""

    current: Annotated[Flag, "virsh snapshot-current {0} --name", "it is the one the domain is based on now"]
    state: Annotated[
        Word, "virsh snapshot-info {0} {1}", 'of the domain when it was taken: "running", "shutoff", "disk-snapshot"'
    ]
    parent: Annotated[Word, "virsh snapshot-parent {0} {1}", "the snapshot before it; None: the first"]
    location: Annotated[Word, "virsh snapshot-info {0} {1}", '"internal" or "external"']


class Snapshot(AsAtStart):
    """A snapshot of a domain. `virsh snapshot-info`"""

    kind = "snapshot"
    noun = "snapshot"
    facts = SnapshotFacts
    label = "snapshot {1} of {0}"
    see = "virsh snapshot-list {0}"
    named = 1
    absent = "no such snapshot"

    def shows(self, **want: Unpack[SnapshotFacts]) -> Finding:
        return self._finding(want)
