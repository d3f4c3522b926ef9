"""network-bridge: the host's NIC in a bridge with STP, the guest on it with a fixed address."""

from kvmlab.checks import Findings, Guest, Host, Params, check, contains

NIC = "eth0"  # the guest's only NIC, as the guest calls it


def inside(host: Host, lab: Params) -> Guest:
    """The guest, looked for where it belongs at the end."""
    return host.guest(lab.guest, address=lab.address)


@check(task="bridge", zh="宿主机上有名为 `{bridge}` 的网桥。")
def bridge_exists(host: Host, lab: Params) -> Findings:
    """The host has a bridge called `{bridge}`."""
    yield host.link(lab.bridge).shows(kind="bridge")


@check(task="bridge", needs=[bridge_exists], zh="网桥 `{bridge}` 打开了 STP。")
def bridge_has_stp(host: Host, lab: Params) -> Findings:
    """STP is on for the bridge `{bridge}`."""
    yield host.link(lab.bridge).shows(stp=True)


@check(task="uplink", zh="`{lan.nic}` 是 `{bridge}` 的端口。")
def nic_is_a_port(host: Host, lab: Params) -> Findings:
    """`{lan.nic}` is a port of `{bridge}`."""
    yield host.link(lab.lan.nic).shows(master=lab.bridge)


@check(task="uplink", zh="`{lan.nic}` 上不再有地址：端口不需要地址。")
def nic_has_no_address(host: Host, lab: Params) -> Findings:
    """`{lan.nic}` has no address any more: a port needs none."""
    yield host.link(lab.lan.nic).shows(addresses=[])


@check(task="uplink", zh="`{bridge}` 已启用，宿主机的地址 {lan.address} 在它上面。")
def bridge_has_the_address(host: Host, lab: Params) -> Findings:
    """`{bridge}` is up and has the host's address {lan.address}."""
    yield host.link(lab.bridge).shows(up=True, addresses=contains(lab.lan.address))


@check(
    task="uplink",
    needs=[bridge_has_the_address],
    zh="宿主机的默认路由从 `{bridge}` 出去，经过网关 {lan.gateway}。",
)
def default_route_uses_the_bridge(host: Host, lab: Params) -> Findings:
    """The host's default route goes out of `{bridge}`, through the gateway {lan.gateway}."""
    yield host.route("default").shows(via=lab.lan.gateway, dev=lab.bridge)


@check(
    task="stored",
    zh="宿主机开机之后：网桥 `{bridge}` 自己出现，打开了 STP，{lan.nic} 是它的端口。",
)
def bridge_is_there_after_a_boot(host: Host, lab: Params) -> Findings:
    """After a boot of the host: `{bridge}` is there by itself, with STP, and {lan.nic} is its port."""
    yield host.link(lab.bridge).stored.shows(kind="bridge", ports=contains(lab.lan.nic), stp=True)


@check(
    task="stored",
    needs=[bridge_is_there_after_a_boot],
    zh="宿主机开机之后：地址 {lan.address} 和经过 {lan.gateway} 的默认路由在 `{bridge}` 上。",
)
def host_has_its_address_after_a_boot(host: Host, lab: Params) -> Findings:
    """After a boot of the host: {lan.address} and the default route through {lan.gateway} are on `{bridge}`."""
    yield host.link(lab.bridge).stored.shows(addresses=[lab.lan.address], gateway=lab.lan.gateway)


@check(task="stored", zh="宿主机开机之后：`{lan.nic}` 上没有地址。")
def nic_has_no_address_after_a_boot(host: Host, lab: Params) -> Findings:
    """After a boot of the host: `{lan.nic}` has no address."""
    yield host.link(lab.lan.nic).stored.shows(addresses=[])


@check(task="nic", points=0, guard=True, zh="`{guest}` 正在运行，而且是持久的：libvirt 保存着它的配置。")
def guest_is_running_and_persistent(host: Host, lab: Params) -> Findings:
    """`{guest}` is running, and persistent: libvirt keeps its definition."""
    yield host.domain(lab.guest).shows(state="running", persistent=True)


@check(
    task="nic",
    needs=[guest_is_running_and_persistent],
    zh="现在：正在运行的 `{guest}` 的网卡接在网桥 `{bridge}` 上。",
)
def nic_is_on_the_bridge_now(host: Host, lab: Params) -> Findings:
    """Now: the NIC of the running `{guest}` is on the bridge `{bridge}`."""
    yield host.domain(lab.guest).live.interface(index=0).shows(bridge=lab.bridge)


@check(
    task="nic",
    needs=[guest_is_running_and_persistent],
    zh="下次启动之后：`{guest}` 保存的配置里，网卡也接在网桥 `{bridge}` 上。",
)
def nic_is_on_the_bridge_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{guest}`, too, the NIC is on the bridge `{bridge}`."""
    # On the bridge itself, or on a network of libvirt's that is this bridge and is there after a boot.
    yield host.domain(lab.guest).stored.interface(index=0).shows(bridge=lab.bridge, network_starts=True)


@check(
    task="nic",
    needs=[nic_is_on_the_bridge_now, nic_is_on_the_bridge_after_the_next_start],
    zh="`{guest}` 的网卡型号仍是 virtio，现在如此，下次启动之后也如此。",
)
def nic_is_still_virtio(host: Host, lab: Params) -> Findings:
    """The NIC of `{guest}` is still a virtio one, now and after the next start."""
    domain = host.domain(lab.guest)
    yield domain.live.interface(index=0).shows(model="virtio")
    yield domain.stored.interface(index=0).shows(model="virtio")


@check(
    task="nic",
    needs=[nic_is_on_the_bridge_now, nic_is_on_the_bridge_after_the_next_start],
    zh="它保留了 MAC 地址 {guest_mac}，并且是 `{guest}` 唯一的网卡。",
)
def nic_is_the_only_one_and_keeps_its_mac(host: Host, lab: Params) -> Findings:
    """It has kept its MAC address {guest_mac}, and is the only NIC of `{guest}`."""
    domain = host.domain(lab.guest)
    yield domain.live.shows(interfaces=[lab.guest_mac])
    yield domain.stored.shows(interfaces=[lab.guest_mac])


@check(
    task="address",
    needs=[nic_is_a_port, bridge_has_the_address, nic_is_on_the_bridge_now],
    zh="办公网里的 {lan.peer} ping 得通 {address}。",
)
def guest_answers_a_colleague(host: Host, lab: Params) -> Findings:
    """{address} answers a colleague's ping from {lan.peer}."""
    yield host.reach(lab.address, from_="peer").shows(answers=True)


# The checker itself comes to the guest from the host, through the bridge.
WAY_IN = [guest_answers_a_colleague, nic_has_no_address]


@check(task="address", needs=WAY_IN, zh="现在：在 `{guest}` 里，eth0 的地址是 {cidr}，没有别的地址。")
def guest_has_the_address_now(host: Host, lab: Params) -> Findings:
    """Now: eth0 in `{guest}` has the address {cidr}, and no other."""
    yield inside(host, lab).address(NIC).shows(addresses=[lab.cidr])


@check(task="address", needs=WAY_IN, zh="现在：在 `{guest}` 里，默认路由经过 {lan.gateway}。")
def guest_has_the_gateway_now(host: Host, lab: Params) -> Findings:
    """Now: the default route in `{guest}` goes through {lan.gateway}."""
    yield inside(host, lab).route("default").shows(via=lab.lan.gateway)


@check(task="address", needs=WAY_IN, zh="开机之后：`{guest}` 保存的网络配置给 eth0 固定地址 {cidr}。")
def guest_has_the_address_at_boot(host: Host, lab: Params) -> Findings:
    """After a boot: the network configuration stored in `{guest}` gives eth0 the fixed address {cidr}."""
    yield inside(host, lab).stored_network(NIC).shows(method="static", address=lab.cidr)


@check(
    task="address",
    needs=[guest_has_the_address_at_boot],
    zh="开机之后：`{guest}` 保存的网络配置里有网关 {lan.gateway}。",
)
def guest_has_the_gateway_at_boot(host: Host, lab: Params) -> Findings:
    """After a boot: the network configuration stored in `{guest}` names the gateway {lan.gateway}."""
    yield inside(host, lab).stored_network(NIC).shows(gateway=lab.lan.gateway)


@check(task="names", needs=WAY_IN, zh="现在：`{guest}` 只向 {lan.dns} 查询域名，`{site}` 解析为 {site_address}。")
def names_are_resolved_now(host: Host, lab: Params) -> Findings:
    """Now: `{guest}` asks {lan.dns} alone for names, and `{site}` gives {site_address}."""
    yield inside(host, lab).resolver().shows(servers=[lab.lan.dns])
    yield inside(host, lab).resolves(lab.site).shows(address=lab.site_address)


@check(
    task="names",
    needs=[guest_has_the_address_at_boot],
    zh="开机之后：`{guest}` 仍然向 {lan.dns} 查询域名。",
)
def names_are_resolved_after_a_boot(host: Host, lab: Params) -> Findings:
    """After a boot: `{guest}` still asks {lan.dns} for names."""
    yield inside(host, lab).stored_network(NIC).shows(dns=[lab.lan.dns])
