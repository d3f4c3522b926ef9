"""network-route: two guests on two routed networks reach each other through the host, with their own addresses."""

from kvmlab.checks import Findings, Guest, Host, Params, check, one_of

NIC = "eth0"  # each guest's only NIC, as the guest calls it
ROUTED = one_of("route", "open")  # both leave addresses alone; with "open" the firewall is the student's own


def first(host: Host, lab: Params) -> Guest:
    """The first guest, looked for where it belongs at the end."""
    return host.guest(lab.guest, address=lab.address)


def second(host: Host, lab: Params) -> Guest:
    """The second guest, looked for where it belongs at the end."""
    return host.guest(lab.second, address=lab.second_address)


@check(
    task="networks",
    zh="有网络 `{one}` 和 `{other}`，宿主机在其中的地址分别是 {one_host}/{prefix} 和 {other_host}/{prefix}。",
)
def networks_have_the_host_in_them(host: Host, lab: Params) -> Findings:
    """The host has the address {one_host}/{prefix} in the network `{one}`, and {other_host}/{prefix} in `{other}`."""
    yield host.network(lab.one).shows(address=f"{lab.one_host}/{lab.prefix}")
    yield host.network(lab.other).shows(address=f"{lab.other_host}/{lab.prefix}")


@check(task="networks", zh="`{one}` 和 `{other}` 都已启动。")
def networks_are_active(host: Host, lab: Params) -> Findings:
    """`{one}` and `{other}` are started."""
    yield host.network(lab.one).shows(active=True)
    yield host.network(lab.other).shows(active=True)


@check(
    task="networks",
    needs=[networks_have_the_host_in_them],
    zh="`{one}` 和 `{other}` 原样转发数据包：是路由，不是 NAT，也不是隔离。",
)
def networks_route(host: Host, lab: Params) -> Findings:
    """`{one}` and `{other}` pass packets on as they are: routed, neither translated nor isolated."""
    yield host.network(lab.one).shows(forward=ROUTED)
    yield host.network(lab.other).shows(forward=ROUTED)


@check(
    task="networks",
    zh="`{one}` 和 `{other}` 是持久的，随宿主机自动启动，下次启动时也是路由，宿主机的地址也不变。",
)
def networks_start_with_the_host(host: Host, lab: Params) -> Findings:
    """`{one}` and `{other}` are stored, routed and with the host's addresses as well, and start with the host."""
    for name, address in ((lab.one, lab.one_host), (lab.other, lab.other_host)):
        yield host.network(name).stored.shows(forward=ROUTED, address=f"{address}/{lab.prefix}")
        yield host.network(name).shows(autostart=True)


@check(
    task="guests",
    points=2,
    zh="现在：正在运行的 `{guest}` 接在 `{one}` 上，`{second}` 接在 `{other}` 上。",
)
def guests_are_on_their_networks_now(host: Host, lab: Params) -> Findings:
    """Now: the running `{guest}` is on the network `{one}`, `{second}` on `{other}`."""
    yield host.domain(lab.guest).live.interface(index=0).shows(type="network", source=lab.one)
    yield host.domain(lab.second).live.interface(index=0).shows(type="network", source=lab.other)


@check(
    task="guests",
    zh="下次启动之后：保存的配置里，`{guest}` 接在 `{one}` 上，`{second}` 接在 `{other}` 上。",
)
def guests_are_on_their_networks_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definitions, too, `{guest}` is on `{one}`, `{second}` on `{other}`."""
    yield host.domain(lab.guest).stored.interface(index=0).shows(type="network", source=lab.one)
    yield host.domain(lab.second).stored.interface(index=0).shows(type="network", source=lab.other)


@check(
    task="guests",
    needs=[guests_are_on_their_networks_now],
    zh="两台虚拟机都保留了 MAC 地址，而且各自只有这一块网卡。",
)
def guests_keep_their_only_nic(host: Host, lab: Params) -> Findings:
    """Both have kept their MAC address, and have no other NIC."""
    for name, mac in ((lab.guest, lab.guest_mac), (lab.second, lab.second_mac)):
        yield host.domain(name).live.shows(interfaces=[mac])
        yield host.domain(name).stored.shows(interfaces=[mac])


# The checker comes to the guests from the host, through their networks.
WAY_IN = [networks_are_active, guests_are_on_their_networks_now]


@check(
    task="addresses",
    needs=WAY_IN,
    zh="现在：`{guest}` 的地址是 {address}/{prefix}，`{second}` 的地址是 {second_address}/{prefix}。",
)
def guests_have_their_addresses_now(host: Host, lab: Params) -> Findings:
    """Now: `{guest}` has the address {address}/{prefix}, `{second}` {second_address}/{prefix}, and no other."""
    yield first(host, lab).address(NIC).shows(addresses=[f"{lab.address}/{lab.prefix}"])
    yield second(host, lab).address(NIC).shows(addresses=[f"{lab.second_address}/{lab.prefix}"])


@check(
    task="addresses",
    needs=WAY_IN,
    zh="现在：`{guest}` 的默认路由经过 {one_host}，`{second}` 的经过 {other_host}。",
)
def guests_have_the_host_as_gateway_now(host: Host, lab: Params) -> Findings:
    """Now: the default route of `{guest}` goes through {one_host}, that of `{second}` through {other_host}."""
    yield first(host, lab).route("default").shows(via=lab.one_host)
    yield second(host, lab).route("default").shows(via=lab.other_host)


@check(
    task="addresses",
    needs=WAY_IN,
    zh="开机之后：两台虚拟机保存的网络配置里是固定地址 {address}/{prefix} 和 {second_address}/{prefix}。",
)
def guests_have_their_addresses_at_boot(host: Host, lab: Params) -> Findings:
    """After a boot: their stored fixed addresses are {address}/{prefix}, {second_address}/{prefix}."""
    yield first(host, lab).stored_network(NIC).shows(method="static", address=f"{lab.address}/{lab.prefix}")
    yield second(host, lab).stored_network(NIC).shows(method="static", address=f"{lab.second_address}/{lab.prefix}")


@check(
    task="addresses",
    needs=WAY_IN,
    zh="开机之后：保存的网关分别是 {one_host} 和 {other_host}。",
)
def guests_have_the_host_as_gateway_at_boot(host: Host, lab: Params) -> Findings:
    """After a boot: the stored gateways are {one_host} and {other_host}."""
    yield first(host, lab).stored_network(NIC).shows(gateway=lab.one_host)
    yield second(host, lab).stored_network(NIC).shows(gateway=lab.other_host)


@check(task="reach", zh="宿主机转发 IPv4 数据包。")
def host_forwards(host: Host, lab: Params) -> Findings:
    """The host forwards IPv4 packets."""
    yield host.sysctl("net.ipv4.ip_forward").shows(value="1")


THERE = [*WAY_IN, guests_have_their_addresses_now]


@check(task="reach", needs=THERE, zh="`{guest}` ping 得通 {second_address}，对方看到的是它自己的地址。")
def first_reaches_second(host: Host, lab: Params) -> Findings:
    """`{guest}` gets an answer from {second_address}, which sees its own address."""
    yield first(host, lab).reach(lab.second_address).shows(answers=True)
    yield host.flow(lab.address, lab.second_address).shows(translated=False)


@check(task="reach", needs=THERE, zh="`{second}` ping 得通 {address}，对方看到的是它自己的地址。")
def second_reaches_first(host: Host, lab: Params) -> Findings:
    """`{second}` gets an answer from {address}, which sees its own address."""
    yield second(host, lab).reach(lab.address).shows(answers=True)
    yield host.flow(lab.second_address, lab.address).shows(translated=False)
