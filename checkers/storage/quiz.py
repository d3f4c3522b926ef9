"""The live questions of the chapter storage: their answers, read from the student's lab host."""

from kvmlab.checks import Host, Params, answer


@answer("kept-path")
def kept_path(host: Host, lab: Params) -> object:
    """The target of the pool that stays."""
    return host.pool(lab.kept).value("target")


@answer("other-capacity")
def other_capacity(host: Host, lab: Params) -> object:
    """The capacity, in bytes, of the volume of the same name in the other pool."""
    return host.volume(lab.other, lab.known).value("capacity_bytes")


@answer("volumes")
def volumes(host: Host, lab: Params) -> object:
    """How many volumes the pool lists now; None while it is not active."""
    pool = host.pool(lab.pool)
    found = pool.value("volumes")
    return len(found) if pool.value("active") and isinstance(found, (list, tuple)) else None
