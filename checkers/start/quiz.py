"""The live questions of the chapter start: their answers, read from the student's lab host."""

from kvmlab.checks import Host, Params, answer


@answer("type")
def hypervisor_type(host: Host, lab: Params) -> object:
    """kvm, or qemu where the lab emulates."""
    return host.domain(lab.guest).value("type")


@answer("machine")
def machine(host: Host, lab: Params) -> object:
    """The emulated board, with its version."""
    return host.domain(lab.guest).value("machine")


@answer("default-bridge")
def default_bridge(host: Host, lab: Params) -> object:
    """The bridge of libvirt's own network; None where it has been taken away."""
    return host.network("default").value("bridge")
