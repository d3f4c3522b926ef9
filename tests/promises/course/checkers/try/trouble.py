"""try-trouble: one check for each way by which facts are read."""

from kvmlab.checks import Findings, Host, Params, check


@check(task="host", zh="主机可以查询。")
def host_is_asked(host: Host, lab: Params) -> Findings:
    """The host can be asked."""
    yield host.link("virbr0").shows(kind="bridge")


@check(task="libvirt", zh="libvirt 可以查询。")
def libvirt_is_asked(host: Host, lab: Params) -> Findings:
    """libvirt can be asked."""
    yield host.network("default").shows(active=True)


@check(task="guest", zh="虚拟机可以查询。")
def guest_is_asked(host: Host, lab: Params) -> Findings:
    """The guest can be asked."""
    yield host.guest(lab.guest).shows(hostname=lab.guest)


@check(task="guest", zh="虚拟机里的文件可以读取。")
def file_in_the_guest_is_read(host: Host, lab: Params) -> Findings:
    """A file in the guest can be read."""
    yield host.guest(lab.guest).file("/etc/hostname").shows(exists=True)
