"""The answer of the live question."""

from kvmlab.checks import Host, Params, answer


@answer("name")
def name(host: Host, lab: Params) -> object:
    """As hostname(1) says there."""
    return host.guest(lab.guest).value("hostname")
