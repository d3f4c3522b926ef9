"""principles-network: three cards of one guest, on NAT, in a bridge, and on a network that is made isolated."""

from kvmlab.checks import Findings, Host, Params, as_seen, check, contains

MODEL = "virtio"  # of each of the guest's cards at the start


def tap(host: Host, lab: Params, mac: str) -> str:
    """The tap device of one of the guest's cards; "" where it has none."""
    return str(host.domain(lab.guest).live.interface(mac=mac).value("target") or "")


def plugged(host: Host, lab: Params, mac: str) -> list[str] | None:
    """Tap and bridge of one of the guest's cards, as the host's kernel has them."""
    device = tap(host, lab, mac)
    bridge = host.link(device).value("master") if device else None
    return [device, str(bridge)] if bridge else None


def exactly_these(lab: Params) -> list[str]:
    """The MAC addresses of the guest's three cards: it has no others."""
    return [lab.guest_mac, lab.office_mac, lab.back_mac]


def leads_there(host: Host, lab: Params, network: str) -> bool:
    """Whether a network of libvirt's is nothing but another name for the bridge."""
    stored = host.network(network).stored
    return bool(stored.value("forward") == "bridge" and stored.value("bridge") == lab.bridge)


@check(task="nat", points=0, guard=True, zh="`{guest}` 的 eth0 仍在网络 `default` 上：正在运行的是这样，保存的也是。")
def nat_stays(host: Host, lab: Params) -> Findings:
    """The eth0 of `{guest}` is still on the network `default`, as it runs and as it is stored."""
    yield host.domain(lab.guest).live.interface(mac=lab.guest_mac).shows(type="network", source="default")
    yield host.domain(lab.guest).stored.interface(mac=lab.guest_mac).shows(type="network", source="default")


@check(task="nat", points=2, needs=[nat_stays], zh="`{notes}` 里记下了 eth0 的 tap，以及它所在的网桥。")
def first_steps_are_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` names the tap of eth0, and the bridge it is a port of."""
    device = tap(host, lab, lab.guest_mac)
    yield host.note(lab.notes, "tap").shows(text=as_seen(device))
    yield host.note(lab.notes, "switch").shows(text=as_seen(host.link(device).value("master") if device else None))


@check(task="nat", needs=[nat_stays], zh="`{notes}` 里记下了包从宿主机的哪个设备、哪块网卡出去。")
def way_out_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` names the device and the NIC by which the packet leaves the host."""
    yield host.note(lab.notes, "out").shows(text=as_seen(host.route("10.0.0.0/24").value("dev")))
    yield host.note(lab.notes, "nic").shows(text=as_seen(lab.lan.nic))


@check(task="nat", needs=[nat_stays], zh="`{notes}` 里记下了 {lan.peer} 看到的发送方地址。")
def source_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` has the sender's address that {lan.peer} sees."""
    yield host.note(lab.notes, "source").shows(text=as_seen(lab.lan.ip))


@check(
    task="bridge",
    needs=[nat_stays],
    zh="现在：正在运行的 `{guest}` 的网卡 {office_mac} 接在网桥 `{bridge}` 上，型号不变。",
)
def card_is_on_the_bridge_now(host: Host, lab: Params) -> Findings:
    """Now: the card {office_mac} of the running `{guest}` is on the bridge `{bridge}`, of the same model."""
    card = host.domain(lab.guest).live.interface(mac=lab.office_mac)
    yield card.shows(type="bridge", bridge=lab.bridge, model=MODEL)


@check(
    task="bridge",
    needs=[nat_stays],
    zh="下次启动之后：保存的配置里，网卡 {office_mac} 也接在网桥 `{bridge}` 上，型号不变，网卡还是那三块。",
)
def card_is_on_the_bridge_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition, too, the card {office_mac} is on the bridge `{bridge}`, of the
    same model, and the cards are the three there have been."""
    card = host.domain(lab.guest).stored.interface(mac=lab.office_mac)
    if leads_there(host, lab, network := str(card.value("source") or "")):
        yield card.shows(type="network", source=network)
    else:
        yield card.shows(type="bridge", source=lab.bridge)
    yield card.shows(model=MODEL)
    yield host.domain(lab.guest).stored.shows(interfaces=exactly_these(lab))


@check(
    task="bridge",
    points=2,
    needs=[card_is_on_the_bridge_now],
    zh="`{guest}` 的 eth1 有地址 {office_address}/24，办公网里的 {lan.peer} ping 得通它。",
)
def guest_answers_a_colleague(host: Host, lab: Params) -> Findings:
    """The eth1 of `{guest}` has the address {office_address}/24, and answers a colleague's ping from {lan.peer}."""
    guest = host.guest(lab.guest, address=lab.start_address)
    yield guest.address("eth1").shows(addresses=contains(f"{lab.office_address}/24"))
    yield host.reach(lab.office_address, from_="peer").shows(answers=True)


@check(task="isolated", zh="下次启动之后：网络 `{back}` 保存的配置是隔离的，网桥和宿主机的地址没有变。")
def network_is_isolated_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After its next start: `{back}` is stored as isolated, and keeps its bridge and the host's address."""
    stored = host.network(lab.back).stored
    yield stored.shows(forward="isolated", bridge=lab.back_bridge, address=f"{lab.back_net}.1/24")


@check(task="isolated", zh="现在：网络 `{back}` 已启动，而且是隔离的，网桥和宿主机的地址没有变。")
def network_is_isolated_now(host: Host, lab: Params) -> Findings:
    """Now: the network `{back}` is active and isolated, with its bridge and the host's address."""
    network = host.network(lab.back)
    yield network.shows(active=True, forward="isolated", bridge=lab.back_bridge, address=f"{lab.back_net}.1/24")


@check(task="isolated", points=0, guard=True, zh="网络 `{back}` 随 libvirtd 一起启动。")
def network_starts_with_libvirtd(host: Host, lab: Params) -> Findings:
    """The network `{back}` starts with libvirtd."""
    yield host.network(lab.back).shows(autostart=True)


@check(
    task="isolated",
    points=2,
    needs=[network_is_isolated_now],
    zh="`{guest}` 的网卡 {back_mac} 重新接在网桥 `{back_bridge}` 上，{back_address} 应答宿主机的 ping。",
)
def card_is_plugged_in_again(host: Host, lab: Params) -> Findings:
    """The card {back_mac} of `{guest}` is plugged into `{back_bridge}` again, and {back_address} answers the host."""
    yield host.link(tap(host, lab, lab.back_mac)).shows(master=lab.back_bridge)
    yield host.reach(lab.back_address).shows(answers=True)


@check(task="ways", points=2, needs=[card_is_on_the_bridge_now], zh="`{notes}` 里记下了 eth1 的 tap 和网桥。")
def way_of_the_bridged_card_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` names tap and bridge of eth1."""
    yield host.note(lab.notes, "eth1").shows(words=as_seen(plugged(host, lab, lab.office_mac)))


@check(task="ways", needs=[card_is_plugged_in_again], zh="`{notes}` 里记下了 eth2 的 tap 和网桥。")
def way_of_the_isolated_card_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` names tap and bridge of eth2."""
    yield host.note(lab.notes, "eth2").shows(words=as_seen(plugged(host, lab, lab.back_mac)))
