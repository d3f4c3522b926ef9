"""The quiz of the chapter principles: what is right for its live questions."""

from kvmlab.checks import Host, Params, answer


@answer("pid")
def pid(host: Host, lab: Params) -> object:
    """The process id of the guest's qemu."""
    return host.process(domain=lab.guest).value("pid")


@answer("thread")
def thread(host: Host, lab: Params) -> object:
    """The name of its first vCPU thread: "CPU 0/TCG"."""
    threads = host.process(domain=lab.guest).value("threads") or []
    return next((name for name in threads if name.startswith("CPU 0/")), None)


@answer("model")
def model(host: Host, lab: Params) -> object:
    """The model name that the guest's kernel knows."""
    return host.guest(lab.guest, address=lab.start_address).cpus().value("model")


@answer("balloon")
def balloon(host: Host, lab: Params) -> object:
    """What the balloon leaves the guest, MiB."""
    return host.domain(lab.guest).value("balloon_mib")


@answer("tap")
def tap(host: Host, lab: Params) -> object:
    """The tap of the guest's first card."""
    return host.domain(lab.guest).live.interface(mac=lab.guest_mac).value("target")


@answer("switch")
def switch(host: Host, lab: Params) -> object:
    """The bridge that the tap of its second card is a port of."""
    device = host.domain(lab.guest).live.interface(mac=lab.office_mac).value("target")
    return host.link(device).value("master") if device else None


@answer("driver")
def driver(host: Host, lab: Params) -> object:
    """The driver of eth0, as the guest has it."""
    return host.guest(lab.guest, address=lab.start_address).driver("eth0").value("driver")
