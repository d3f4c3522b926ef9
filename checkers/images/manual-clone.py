"""images-manual-clone: a guest copied by hand, on a NAT network of its own, with a fixed address."""

from kvmlab.checks import Findings, Guest, Host, Params, all_of, check, count, lacks, not_

NIC = "eth0"  # the guest's only NIC, as the guest calls it


def inside(host: Host, lab: Params) -> Guest:
    """The clone, looked for where it belongs at the end."""
    return host.guest(lab.clone, address=lab.address)


@check(
    task="disk",
    points=3,
    zh="`{disk}` 自成一体，格式是 {format}，大小和 `{guest}` 的磁盘一样。",
)
def disk_is_a_full_copy(host: Host, lab: Params) -> Findings:
    """`{disk}` stands on its own: format {format}, as large as the disk of `{guest}`, without a backing file."""
    size = host.image_file(lab.guest_disk).value("virtual_size_bytes")
    yield host.image_file(lab.disk).shows(format=lab.format, virtual_size_bytes=size, backing=None)


@check(task="definition", points=0, guard=True, zh="`{guest}` 还是原来的样子：UUID、内存、网卡和磁盘都没有变。")
def original_is_as_it_was(host: Host, lab: Params) -> Findings:
    """`{guest}` is as it was: its UUID, its memory, its NIC, its disk."""
    original = host.domain(lab.guest).stored
    yield original.shows(uuid=lab.guest_uuid, memory_mib=lab.guest_mib, interfaces=[lab.guest_mac])
    yield original.interface(index=0).shows(source="default")
    yield original.disk(index=0).shows(source=lab.guest_disk, format=lab.guest_format)


@check(
    task="definition",
    zh="有一台名为 `{clone}` 的虚拟机，而且是持久的：libvirt 保存着它的配置，内存和 vCPU 与 `{guest}` 一样多。",
)
def clone_is_defined(host: Host, lab: Params) -> Findings:
    """There is a persistent guest `{clone}`, with as much memory and as many vCPUs as `{guest}`."""
    yield host.domain(lab.clone).shows(persistent=True)
    original = host.domain(lab.guest).stored
    yield host.domain(lab.clone).stored.shows(
        memory_mib=lab.guest_mib, max_memory_mib=lab.guest_mib,
        vcpus=original.value("vcpus"), max_vcpus=original.value("max_vcpus"),
    )  # fmt: skip


@check(
    task="definition",
    points=2,
    needs=[clone_is_defined],
    zh="`{clone}` 有自己的 UUID；只有一块网卡，MAC 地址也是自己的。",
)
def clone_has_its_own_identity(host: Host, lab: Params) -> Findings:
    """`{clone}` has a UUID of its own, and one NIC, with a MAC address of its own."""
    own = all_of(count(1), lacks(lab.guest_mac))
    yield host.domain(lab.clone).stored.shows(uuid=not_(lab.guest_uuid), interfaces=own)


@check(
    task="definition",
    needs=[clone_is_defined],
    zh="`{clone}` 唯一的磁盘是 `{disk}`，按 {format} 格式读取。",
)
def clone_uses_its_own_disk(host: Host, lab: Params) -> Findings:
    """The only disk of `{clone}` is `{disk}`, read as {format}."""
    stored = host.domain(lab.clone).stored
    yield stored.shows(disks=count(1))
    yield stored.disk(index=0).shows(source=lab.disk, format=lab.format)


@check(
    task="network",
    zh="虚拟网络 `{network}` 做 NAT，宿主机地址 {gateway_cidr}，DHCP 范围 {range_start} 到 {range_end}。",
)
def network_is_nat_with_its_range(host: Host, lab: Params) -> Findings:
    """The network `{network}` does NAT, with the host at {gateway_cidr} and DHCP from {range_start} to {range_end}."""
    dhcp_range = f"{lab.range_start}-{lab.range_end}"
    yield host.network(lab.network).shows(forward="nat", address=lab.gateway_cidr, dhcp_range=dhcp_range)


@check(task="network", zh="虚拟网络 `{network}` 已启动，是持久的（保存的配置也一样），并且随 libvirtd 自动启动。")
def network_is_there_to_stay(host: Host, lab: Params) -> Findings:
    """The network `{network}` is active, persistent (stored as it is now), and starts with libvirtd."""
    yield host.network(lab.network).shows(active=True, persistent=True, autostart=True)
    dhcp_range = f"{lab.range_start}-{lab.range_end}"
    yield host.network(lab.network).stored.shows(forward="nat", address=lab.gateway_cidr, dhcp_range=dhcp_range)


@check(task="network", needs=[clone_is_defined], zh="现在：正在运行的 `{clone}` 的网卡接在 `{network}` 上。")
def clone_is_on_the_network_now(host: Host, lab: Params) -> Findings:
    """Now: the NIC of the running `{clone}` is on `{network}`."""
    yield host.domain(lab.clone).live.interface(index=0).shows(source=lab.network)


@check(task="network", needs=[clone_is_defined], zh="下次启动之后：`{clone}` 保存的配置里，网卡也接在 `{network}` 上。")
def clone_is_on_the_network_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{clone}`, too, the NIC is on `{network}`."""
    yield host.domain(lab.clone).stored.interface(index=0).shows(source=lab.network)


@check(
    task="static",
    needs=[clone_is_on_the_network_now],
    zh="`{clone}` 从它自己的磁盘 `{disk}` 运行，并在 {address} 上应答。",
)
def clone_answers_at_its_address(host: Host, lab: Params) -> Findings:
    """`{clone}` runs from its own disk, `{disk}`, and answers at {address}."""
    live = host.domain(lab.clone).live
    yield live.disk(index=0).shows(source=lab.disk, format=lab.format, open_in_qemu=True)
    yield host.reach(lab.address).shows(answers=True, mac=live.interface(index=0).value("mac"))


@check(
    task="static",
    needs=[clone_answers_at_its_address],
    zh="现在：在 `{clone}` 里，eth0 的地址是 {cidr}，不是 DHCP 给的；默认路由和域名服务器都是 {gateway}。",
)
def address_is_fixed_now(host: Host, lab: Params) -> Findings:
    """Now: eth0 in `{clone}` has {cidr} alone, not from DHCP; {gateway} is the default route's and the name server."""
    yield inside(host, lab).address(NIC).shows(addresses=[lab.cidr], dynamic=False)
    yield inside(host, lab).route("default").shows(via=lab.gateway)
    yield inside(host, lab).resolver().shows(servers=[lab.gateway])


@check(
    task="static",
    points=2,
    needs=[clone_answers_at_its_address],
    zh="开机之后：`{clone}` 里保存的是固定地址 {cidr}，网关和域名服务器都是 {gateway}。",
)
def address_is_fixed_at_boot(host: Host, lab: Params) -> Findings:
    """After a boot: `{clone}` has stored the fixed address {cidr}, with {gateway} as gateway and name server."""
    stored = inside(host, lab).stored_network(NIC)
    yield stored.shows(method="static", address=lab.cidr, gateway=lab.gateway, dns=[lab.gateway])
