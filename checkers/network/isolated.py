"""network-isolated: two guests on an isolated network, a third one's definition on a network without the host."""

from kvmlab.checks import Findings, Host, Params, absent, at_least, check, count, matches


def leased(host: Host, lab: Params, mac: str) -> str:
    """The address that the isolated network gave to this NIC, without prefix; "" where it gave none."""
    return str(host.network(lab.network).lease(mac).value("address") or "").partition("/")[0]


def planned(lab: Params) -> str:
    """A regular expression for an address in the isolated network, with prefix."""
    return rf"{lab.net.replace('.', '[.]')}[.]\d+/{lab.prefix}"


@check(task="network", zh="有隔离网络 `{network}`，没有通往外面的路；宿主机在里面的地址是 {host_address}/{prefix}。")
def network_is_isolated(host: Host, lab: Params) -> Findings:
    """`{network}` is isolated, without a way out, and the host is {host_address}/{prefix} in it."""
    network = host.network(lab.network)
    yield network.shows(forward="isolated", address=f"{lab.host_address}/{lab.prefix}")
    if network.value("active"):
        yield network.shows(firewall=True)


@check(task="network", zh="`{network}` 用 DHCP 分配地址，至少够两台虚拟机用。")
def network_has_dhcp(host: Host, lab: Params) -> Findings:
    """`{network}` gives out addresses by DHCP, enough for two guests."""
    yield host.network(lab.network).shows(dhcp_addresses=at_least(2))


@check(task="network", zh="`{network}` 已启动。")
def network_is_active(host: Host, lab: Params) -> Findings:
    """`{network}` is started."""
    yield host.network(lab.network).shows(active=True)


@check(task="network", zh="`{network}` 保存下来了，下次启动时也是隔离的，地址和 DHCP 也都在，并随宿主机自动启动。")
def network_starts_with_the_host(host: Host, lab: Params) -> Findings:
    """`{network}` is stored, isolated there, too, with the host's address and DHCP, and starts with the host."""
    address = f"{lab.host_address}/{lab.prefix}"
    yield host.network(lab.network).stored.shows(forward="isolated", address=address, dhcp_addresses=at_least(2))
    yield host.network(lab.network).shows(autostart=True)


@check(
    task="guests",
    zh="现在：正在运行的 `{guest}` 和 `{second}` 都接在 `{network}` 上。",
)
def guests_are_on_the_network_now(host: Host, lab: Params) -> Findings:
    """Now: the running `{guest}` and `{second}` are on the network `{network}`."""
    for name in (lab.guest, lab.second):
        yield host.domain(name).live.interface(index=0).shows(type="network", source=lab.network)


@check(
    task="guests",
    zh="下次启动之后：保存的配置里，`{guest}` 和 `{second}` 也都接在 `{network}` 上。",
)
def guests_are_on_the_network_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definitions of `{guest}` and `{second}`, too, the NIC is on `{network}`."""
    for name in (lab.guest, lab.second):
        yield host.domain(name).stored.interface(index=0).shows(type="network", source=lab.network)


@check(
    task="guests",
    points=2,
    needs=[guests_are_on_the_network_now],
    zh="两台虚拟机都保留了 MAC 地址，而且各自只有这一块网卡：没有别的路出去。",
)
def guests_keep_their_only_nic(host: Host, lab: Params) -> Findings:
    """Both have kept their MAC address, and have no other NIC: there is no way around."""
    for name, mac in ((lab.guest, lab.guest_mac), (lab.second, lab.second_mac)):
        yield host.domain(name).live.shows(interfaces=[mac])
        yield host.domain(name).stored.shows(interfaces=[mac])


@check(
    task="reach",
    needs=[network_is_active, guests_are_on_the_network_now, guests_keep_their_only_nic],
    zh="`{guest}` 和 `{second}` 从 `{network}` 的 DHCP 得到了 {net}.0/{prefix} 里的地址。",
)
def guests_have_leases(host: Host, lab: Params) -> Findings:
    """`{guest}` and `{second}` have addresses in {net}.0/{prefix} from the DHCP of `{network}`."""
    for mac in (lab.guest_mac, lab.second_mac):
        yield host.network(lab.network).lease(mac).shows(address=matches(planned(lab), f"{lab.net}.9/{lab.prefix}"))


@check(task="reach", needs=[guests_have_leases], zh="`{guest}` 和 `{second}` 互相 ping 得通。")
def guests_reach_each_other(host: Host, lab: Params) -> Findings:
    """`{guest}` and `{second}` get answers from each other."""
    first, second = leased(host, lab, lab.guest_mac), leased(host, lab, lab.second_mac)
    yield host.guest(lab.guest, address=first).reach(second).shows(answers=True)
    yield host.guest(lab.second, address=second).reach(first).shows(answers=True)


@check(
    task="reach",
    points=2,
    needs=[guests_reach_each_other],
    zh="两台虚拟机都访问不到办公网：{lan.gateway} 和 {lan.peer} 都不应答它们。",
)
def guests_reach_nobody_else(host: Host, lab: Params) -> Findings:
    """Neither of them reaches the office: {lan.gateway} and {lan.peer} do not answer them."""
    for name, mac in ((lab.guest, lab.guest_mac), (lab.second, lab.second_mac)):
        inside = host.guest(name, address=leased(host, lab, mac))
        for outside in (lab.lan.gateway, lab.lan.peer):
            yield inside.reach(outside).shows(answers=False)


@check(task="quarantine", zh="有隔离网络 `{silent}`，宿主机在里面没有地址；现在如此，下次启动之后也如此。")
def quarantine_is_without_the_host(host: Host, lab: Params) -> Findings:
    """The network `{silent}` is isolated, and the host has no address in it, now and after its next start."""
    network = host.network(lab.silent)
    yield network.shows(forward="isolated", addresses=absent)
    if network.value("active"):
        yield network.shows(firewall=True)
    if bridge := network.value("bridge"):  # what the kernel says of it, whatever libvirt's XML does
        yield host.link(str(bridge)).shows(all_addresses=absent, ports=absent)
    yield host.network(lab.silent).stored.shows(forward="isolated", addresses=absent)


@check(task="quarantine", zh="`{silent}` 已启动，并随宿主机自动启动。")
def quarantine_is_ready(host: Host, lab: Params) -> Findings:
    """`{silent}` is started, and starts with the host."""
    yield host.network(lab.silent).shows(active=True, autostart=True)


@check(task="quarantine", points=0, guard=True, zh="`{suspect}` 仍然关着，中间也没有启动过。")
def suspect_stays_off(host: Host, lab: Params) -> Findings:
    """`{suspect}` is still off, and was not started in between."""
    yield host.domain(lab.suspect).shows(state="shut off")
    yield host.domain(lab.suspect).not_restarted()


@check(
    task="quarantine",
    points=2,
    zh="下次启动时，`{suspect}` 只会接在 `{silent}` 上，没有别的网卡。",
)
def suspect_starts_in_quarantine(host: Host, lab: Params) -> Findings:
    """At its next start `{suspect}` is on `{silent}` and nothing else: it has no other NIC."""
    yield host.domain(lab.suspect).stored.interface(index=0).shows(type="network", source=lab.silent)
    yield host.domain(lab.suspect).stored.shows(interfaces=count(1))
