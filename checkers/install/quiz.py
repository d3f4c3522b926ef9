"""The live questions of the chapter install: their answers, read from the student's lab host."""

from kvmlab.checks import Host, Params, answer


@answer("pid")
def pid(host: Host, lab: Params) -> object:
    """The process id of the neighbour's qemu; None while it is off."""
    return host.domain(lab.neighbour).value("pid")


@answer("persistent")
def persistent(host: Host, lab: Params) -> object:
    """The names of all persistent guests; None while there is none."""
    return host.domains().value("persistent") or None


@answer("bridge")
def bridge(host: Host, lab: Params) -> object:
    """The bridge of the network."""
    return host.network(lab.network).value("bridge")
