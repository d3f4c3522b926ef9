"""network-nat: a NAT network with a range and a reserved address, the guest on it; an old network removed."""

from kvmlab.checks import Findings, Host, Matcher, Params, check, contains, lacks, show

NIC = "eth0"  # the guest's only NIC, as the guest calls it


def place(address: str) -> int:
    """An IPv4 address as a number."""
    return sum(int(part) << 8 * power for power, part in enumerate(reversed(address.split("."))))


def given_out(ranges: object) -> set[int]:
    """Every address of these ranges (FIRST-LAST): two that adjoin give out what one does."""
    ends = [str(one).partition("-")[::2] for one in ranges] if isinstance(ranges, list) else []
    return {number for first, last in ends for number in range(place(first), place(last) + 1)}


def just(planned: str) -> Matcher:
    """DHCP ranges that give out the addresses of this one and no other."""
    return Matcher(lambda found: given_out(found) == given_out([planned]), lambda: show([planned]))


@check(task="network", zh="有 NAT 网络 `{network}`：网桥 `{bridge}`，宿主机的地址 {host_address}/{prefix}。")
def network_is_there(host: Host, lab: Params) -> Findings:
    """There is a network `{network}` with NAT, the bridge `{bridge}` and the host's address {host_address}/{prefix}."""
    yield host.network(lab.network).shows(forward="nat", bridge=lab.bridge, address=f"{lab.host_address}/{lab.prefix}")


@check(task="network", zh="`{network}` 已启动。")
def network_is_active(host: Host, lab: Params) -> Findings:
    """`{network}` is started."""
    yield host.network(lab.network).shows(active=True)


@check(task="network", zh="`{network}` 的定义保存下来了：下次启动之后，NAT、网桥和宿主机的地址还是这样。")
def network_is_stored(host: Host, lab: Params) -> Findings:
    """The definition of `{network}` is stored: NAT, bridge and the host's address, after its next start, too."""
    network = host.network(lab.network)
    yield network.shows(persistent=True)
    if network.value("persistent"):
        yield network.stored.shows(forward="nat", bridge=lab.bridge, address=f"{lab.host_address}/{lab.prefix}")


@check(task="network", needs=[network_is_stored], zh="`{network}` 随宿主机自动启动。")
def network_starts_with_the_host(host: Host, lab: Params) -> Findings:
    """`{network}` starts with the host."""
    yield host.network(lab.network).shows(autostart=True)


@check(
    task="dhcp",
    points=2,
    needs=[network_is_there],
    zh="`{network}` 的 DHCP 只分配 {range_start} 到 {range_end}，现在如此，下次启动之后也如此。",
)
def range_is_as_planned(host: Host, lab: Params) -> Findings:
    """DHCP in `{network}` gives out {range_start} to {range_end} and no other, now and after its next start."""
    network = host.network(lab.network)
    planned = just(f"{lab.range_start}-{lab.range_end}")
    yield network.shows(dhcp_ranges=planned)
    if network.value("persistent"):
        yield network.stored.shows(dhcp_ranges=planned)


@check(
    task="dhcp",
    needs=[network_is_there],
    zh="`{network}` 为 {guest_mac} 保留了地址 {reserved}，现在如此，下次启动之后也如此。",
)
def address_is_reserved(host: Host, lab: Params) -> Findings:
    """`{network}` reserves {reserved} for {guest_mac}, now and after its next start."""
    network = host.network(lab.network)
    reserved = contains({lab.guest_mac: lab.reserved})
    yield network.shows(hosts=reserved)
    if network.value("persistent"):
        yield network.stored.shows(hosts=reserved)


@check(task="guest", zh="现在：正在运行的 `{guest}` 的网卡接在 `{network}` 上。")
def guest_is_on_the_network_now(host: Host, lab: Params) -> Findings:
    """Now: the NIC of the running `{guest}` is on `{network}`."""
    yield host.domain(lab.guest).live.interface(index=0).shows(type="network", source=lab.network)


@check(
    task="guest",
    zh="下次启动之后：`{guest}` 保存的配置里，网卡也接在 `{network}` 上。",
)
def guest_is_on_the_network_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{guest}`, too, the NIC is on `{network}`."""
    yield host.domain(lab.guest).stored.interface(index=0).shows(type="network", source=lab.network)


@check(
    task="guest",
    needs=[guest_is_on_the_network_now, guest_is_on_the_network_after_the_next_start],
    zh="它保留了 MAC 地址 {guest_mac}，并且是 `{guest}` 唯一的网卡。",
)
def nic_is_the_only_one_and_keeps_its_mac(host: Host, lab: Params) -> Findings:
    """It has kept its MAC address {guest_mac}, and is the only NIC of `{guest}`."""
    yield host.domain(lab.guest).live.shows(interfaces=[lab.guest_mac])
    yield host.domain(lab.guest).stored.shows(interfaces=[lab.guest_mac])


@check(
    task="guest",
    points=2,
    needs=[network_is_active, guest_is_on_the_network_now],
    zh="`{guest}` 的地址是 {reserved}/{prefix}，来自 `{network}` 的 DHCP，开机也是；默认路由也是；能到 {lan.peer}。",
)
def guest_has_the_reserved_address(host: Host, lab: Params) -> Findings:
    """`{guest}` has {reserved}/{prefix} and its default route from the DHCP of `{network}`, now and at each boot; the
    NAT of `{network}` lets it reach {lan.peer}.
    """
    yield host.network(lab.network).lease(lab.guest_mac).shows(address=f"{lab.reserved}/{lab.prefix}")
    guest = host.guest(lab.guest, address=lab.reserved)
    yield guest.address(NIC).shows(addresses=[f"{lab.reserved}/{lab.prefix}"], dynamic=True)
    yield guest.stored_network(NIC).shows(method="dhcp")
    yield guest.route().shows(via=lab.host_address)
    yield guest.reach(lab.lan.peer).shows(answers=True)


@check(task="old", zh="网络 `{old}` 没有在运行。")
def old_network_is_stopped(host: Host, lab: Params) -> Findings:
    """The network `{old}` does not run."""
    yield host.networks().shows(active=lacks(lab.old))


@check(task="old", zh="网络 `{old}` 不再有定义，换个名字也没有。")
def old_network_is_forgotten(host: Host, lab: Params) -> Findings:
    """The network `{old}` is not defined any more, under no other name either."""
    yield host.networks().shows(persistent=lacks(lab.old))
    yield host.network(lab.old).remains.shows(names=[])
