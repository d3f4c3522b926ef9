"""host-bare: libvirt is installed, and works."""

from kvmlab.checks import Findings, Host, Params, check


@check(task="install", zh="已安装 libvirt。")
def libvirt_is_installed(host: Host, lab: Params) -> Findings:
    """libvirt is installed."""
    yield host.package("libvirt-daemon-system").shows(installed=True)


@check(task="start", needs=[libvirt_is_installed], zh="`tiny` 在运行。")
def domain_runs(host: Host, lab: Params) -> Findings:
    """`tiny` runs."""
    yield host.domain("tiny").shows(state="running")
    yield host.network("default").shows(active=True)
