"""install-autostart: one guest and its network come up with the host, another does not; proved by acting out a boot."""

from kvmlab.checks import Findings, Host, Params, at_least, at_most, between, check

# libvirtd starts the marked guests once per boot of the host, and then leaves this file (in memory).
MARK = "/run/libvirt/qemu/autostarted"
LIBVIRTD = r"^/usr/sbin/libvirtd\b"
# The mark of a guest, for the next boot.
LINK = "/etc/libvirt/qemu/autostart/{}.xml"
# From then on it takes this long at most, on a slow computer, until the qemu of a marked guest has written its number.
START_S = 30
# Two ages are not read in the same moment.
READ_S = 2


@check(task="network", points=2, zh="网络 `{network}` 会随宿主机自动启动。")
def network_starts_with_the_host(host: Host, lab: Params) -> Findings:
    """The network `{network}` starts with the host."""
    yield host.network(lab.network).shows(autostart=True)


# Marked or not: a guest whose network is down is not started.
@check(task="on", points=3, needs=[network_starts_with_the_host], zh="`{guest}` 会随宿主机自动启动。")
def guest_starts_with_the_host(host: Host, lab: Params) -> Findings:
    """`{guest}` starts with the host."""
    yield host.domain(lab.guest).shows(autostart=True)


@check(task="off", points=3, zh="`{idle}` 不再随宿主机自动启动，但仍有定义。")
def idle_does_not_start_with_the_host(host: Host, lab: Params) -> Findings:
    """`{idle}` does not start with the host any more, and is still defined."""
    yield host.domain(lab.idle).shows(autostart=False)


@check(task="proof", zh="`{idle}` 关着机。")
def idle_is_off(host: Host, lab: Params) -> Findings:
    """`{idle}` is shut off."""
    yield host.domain(lab.idle).shows(state="shut off")


@check(
    task="proof",
    points=2,
    needs=[idle_is_off],
    zh="在那之后，libvirtd 像宿主机刚开机时那样启动过一次，并新留下了记号。",
)
def libvirtd_started_as_after_a_boot(host: Host, lab: Params) -> Findings:
    """Since then libvirtd has started as it does after a boot of the host, and left its mark anew."""
    off_for_s = float(host.file(f"/var/log/libvirt/qemu/{lab.idle}.log").value("age_s") or 0)
    yield host.file(MARK).shows(age_s=at_most(off_for_s))
    yield host.process(LIBVIRTD).shows(age_s=at_most(off_for_s))  # else it is no libvirtd that has left the mark


@check(
    task="proof",
    points=3,
    needs=[guest_starts_with_the_host, libvirtd_started_as_after_a_boot],
    zh="这样一来，`{guest}` 就起来了：是 libvirtd 那次启动带起来的，那时已设为自动启动；不早也不晚。",
)
def guest_came_up(host: Host, lab: Params) -> Findings:
    """And so `{guest}`, marked by then, came up: at that start of libvirtd, neither before it nor later."""
    yield host.domain(lab.guest).shows(state="running")
    started_for_s = float(host.file(MARK).value("age_s") or 0)
    yield host.file(LINK.format(lab.guest)).shows(link_age_s=at_least(started_for_s - READ_S))
    at_that_start = between(started_for_s - START_S, started_for_s + READ_S)
    yield host.file(f"/run/libvirt/qemu/{lab.guest}.pid").shows(age_s=at_that_start)
