"""The quiz of the chapter manage: what is right for its live questions."""

from kvmlab.checks import Host, Params, answer


@answer("uuid")
def uuid(host: Host, lab: Params) -> object:
    """The guest's UUID."""
    return host.domain(lab.guest).value("uuid")


@answer("count")
def count(host: Host, lab: Params) -> object:
    """How many domains there are."""
    names = host.domains().value("names")
    return None if names is None else len(names)


@answer("backing")
def backing(host: Host, lab: Params) -> object:
    """The backing file of the second guest's disk; None before there is one."""
    return host.domain(f"{lab.prefix}2").disk(index=0).value("backing")


@answer("machine")
def machine(host: Host, lab: Params) -> object:
    """The machine type of the running guest."""
    return host.domain(lab.guest).live.value("machine")
