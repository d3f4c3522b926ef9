"""Answers of the chapter's quiz that are computed from a running lab host."""

from kvmlab.checks import Host, Params, answer


@answer("live-bridge")
def bridge_of_the_other_network(host: Host, lab: Params) -> object:
    """The bridge of the network beside `default`."""
    return host.network(lab.other).value("bridge")


@answer("live-tap")
def tap_of_the_guest(host: Host, lab: Params) -> object:
    """The tap of the guest's first NIC, while it runs."""
    return host.domain(lab.guest).live.interface(index=0).value("target")


@answer("live-leases")
def leases_of_the_isolated_network(host: Host, lab: Params) -> object:
    """The addresses that the isolated network has given out; none yet: cannot be asked."""
    return sorted((host.network(lab.network).value("leases") or {}).values()) or None
