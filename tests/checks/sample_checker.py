"""A lab's checker, as an author writes one."""

from kvmlab.checks import Findings, Host, Params, check, contains


@check(task="bridge", zh="宿主机上有网桥 `{bridge}`。")
def bridge_exists(host: Host, lab: Params) -> Findings:
    """The host has a bridge `{bridge}`.

    What follows is for the reader of this file.
    """
    yield host.bridge(lab.bridge).shows(kind="bridge")


@check(task="bridge", needs=[bridge_exists], zh="网桥 `{bridge}` 打开了 STP。")
def bridge_has_stp(host: Host, lab: Params) -> Findings:
    """STP is on for `{bridge}`."""
    yield host.bridge(lab.bridge).shows(stp=True)


@check(task="uplink", points=2, zh="`{uplink}` 是 `{bridge}` 的端口，地址 {lan.address} 已经移到网桥上。")
def uplink_is_a_port(host: Host, lab: Params) -> Findings:
    """`{uplink}` is a port of `{bridge}`, and its address {lan.address} has moved to the bridge."""
    yield host.link(lab.uplink).shows(master=lab.bridge, addresses=[])
    yield host.bridge(lab.bridge).shows(addresses=contains(lab.lan.address))


@check(task="uplink", needs=[uplink_is_a_port], zh="默认路由经过 {lan.gateway}。")
def default_route(host: Host, lab: Params) -> Findings:
    """The default route leads through {lan.gateway}."""
    yield host.route().shows(via=lab.lan.gateway, dev=lab.bridge)


@check(task="guest", points=0, guard=True, zh="`{guest}` 仍在运行。")
def guest_still_runs(host: Host, lab: Params) -> Findings:
    """`{guest}` still runs."""
    yield host.domain(lab.guest).shows(state="running", persistent=True)


@check(task="guest", points=2, needs=[bridge_exists], zh="`{guest}` 的网卡接在 `{bridge}` 上，现在和下次启动之后都是。")
def nic_is_on_the_bridge(host: Host, lab: Params) -> Findings:
    """The NIC of `{guest}` is on `{bridge}`, now and after its next start."""
    nic = host.domain(lab.guest).interface(index=0)
    yield nic.shows(type="bridge", source=lab.bridge, mac=lab.mac)
    yield host.domain(lab.guest).stored.interface(index=0).shows(type="bridge", source=lab.bridge)


@check(task="guest", needs=[nic_is_on_the_bridge], zh="`{guest}` 里 eth0 的地址是 {cidr}。")
def guest_has_its_address(host: Host, lab: Params) -> Findings:
    """In `{guest}` eth0 has the address {cidr}."""
    yield host.guest(lab.guest, address=lab.cidr).address().shows(addresses=[lab.cidr])
