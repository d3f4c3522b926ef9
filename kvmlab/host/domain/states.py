"""The words for a domain's state. In a module of its own: a start needs them, and no more of what checks need."""

STATES = ("no state", "running", "idle", "paused", "in shutdown", "shut off", "crashed", "pmsuspended")
"""virDomainState, in virsh's words (virsh domstate)."""
