"""principles-io: an emulated NIC and disk become virtio ones, and the difference is measured against a yardstick."""

from kvmlab.checks import Findings, Guest, Host, Matcher, Params, as_seen, at_least, check, one_of

CARD = "eth0"
# The drivers a Linux guest has for the hardware that qemu plays.
DRIVERS = {"e1000": "e1000", "rtl8139": "8139cp", "ide": "ata_piix", "sata": "ahci"}


# Three names of one card: what a driver of 1.0 and what an older one gets to see (libvirt's formatdomain, "model").
VIRTIO = one_of("virtio", "virtio-transitional", "virtio-non-transitional")


def inside(host: Host, lab: Params) -> Guest:
    """The guest, where it has been from the start."""
    return host.guest(lab.guest, address=lab.start_address)


def packet_bytes(host: Host, lab: Params, mac: str) -> int | None:
    """The average size of the packets the guest has sent through one of its cards."""
    card = host.domain(lab.guest).live.interface(mac=mac)
    sent, packets = card.value("sent_bytes"), card.value("sent_packets")
    return round(sent / packets) if packets else None


def noted_average(average: int | None) -> Matcher:
    """An average as it was noted. Each look into the guest adds some dozen small packets, so that it goes down from
    then on: by a tenth after ten looks, by half after some hundred."""
    return as_seen(average, percent=20, once=2 * average if average else None)


@check(task="drivers", zh="`{drivers}` 里记下了开始时的网卡驱动。")
def driver_of_the_nic_is_noted(host: Host, lab: Params) -> Findings:
    """`{drivers}` names the driver that the NIC had at the start."""
    yield host.note(lab.drivers, "nic").shows(text=as_seen(DRIVERS[lab.nic]))


@check(task="drivers", zh="`{drivers}` 里记下了开始时磁盘控制器的驱动。")
def driver_of_the_disk_is_noted(host: Host, lab: Params) -> Findings:
    """`{drivers}` names the driver that the disk's controller had at the start."""
    yield host.note(lab.drivers, "disk").shows(text=as_seen(DRIVERS[lab.bus]))


@check(
    task="nic",
    zh="下次启动之后：保存的配置里，MAC 地址为 {guest_mac} 的网卡是 virtio，仍在 `default` 上。",
)
def nic_is_virtio_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition the NIC {guest_mac} is a virtio one, still on `default`."""
    nic = host.domain(lab.guest).stored.interface(mac=lab.guest_mac)
    yield nic.shows(model=VIRTIO, type="network", source="default")


@check(
    task="nic",
    zh="现在：正在运行的 `{guest}` 的网卡 {guest_mac} 是 virtio，仍在 `default` 上。",
)
def nic_is_virtio_now(host: Host, lab: Params) -> Findings:
    """Now: the NIC {guest_mac} of the running `{guest}` is a virtio one, still on `default`."""
    nic = host.domain(lab.guest).live.interface(mac=lab.guest_mac)
    yield nic.shows(model=VIRTIO, type="network", source="default")


@check(task="nic", zh="虚拟机里 eth0 的驱动是 virtio_net。")
def guest_drives_the_nic_with_virtio(host: Host, lab: Params) -> Findings:
    """In the guest, the driver of eth0 is virtio_net."""
    yield inside(host, lab).driver(CARD).shows(driver="virtio_net")


@check(
    task="nic",
    points=0,
    guard=True,
    zh="另一块网卡 {bench_mac} 作为标尺保持不变，型号是 {nic}。",
)
def yardstick_is_as_it_was(host: Host, lab: Params) -> Findings:
    """The other NIC, {bench_mac}, is the yardstick and stays of the model {nic}."""
    domain = host.domain(lab.guest)
    yield domain.live.interface(mac=lab.bench_mac).shows(model=lab.nic)
    yield domain.stored.interface(mac=lab.bench_mac).shows(model=lab.nic)


@check(
    task="disk",
    zh="下次启动之后：保存的配置里，磁盘 `{disk_path}` 在 virtio 总线上，格式仍是 qcow2。",
)
def disk_is_virtio_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition the disk `{disk_path}` is on the bus virtio, and still qcow2."""
    yield host.domain(lab.guest).stored.disk(source=lab.disk_path).shows(bus="virtio", format="qcow2")


@check(
    task="disk",
    points=2,
    zh="现在：正在运行的 `{guest}` 的磁盘 `{disk_path}` 在 virtio 总线上。",
)
def disk_is_virtio_now(host: Host, lab: Params) -> Findings:
    """Now: the disk `{disk_path}` of the running `{guest}` is on the bus virtio."""
    yield host.domain(lab.guest).live.disk(source=lab.disk_path).shows(bus="virtio")


@check(
    task="measure",
    needs=[nic_is_virtio_now],
    zh="从上次启动以来，虚拟机经过 virtio 网卡发出了至少 {send_mib} MiB。",
)
def virtio_was_used(host: Host, lab: Params) -> Findings:
    """Since its last start the guest has sent {send_mib} MiB or more through the virtio NIC."""
    card = host.domain(lab.guest).live.interface(mac=lab.guest_mac)
    yield card.shows(sent_bytes=at_least(lab.send_mib * 1024**2))


@check(
    task="measure",
    needs=[yardstick_is_as_it_was, nic_is_virtio_now],
    zh="从上次启动以来，虚拟机经过标尺网卡发出了至少 {send_mib} MiB。",
)
def yardstick_was_used(host: Host, lab: Params) -> Findings:
    """Since its last start the guest has sent {send_mib} MiB or more through the yardstick."""
    card = host.domain(lab.guest).live.interface(mac=lab.bench_mac)
    yield card.shows(sent_bytes=at_least(lab.send_mib * 1024**2))


@check(
    task="measure",
    needs=[virtio_was_used],
    zh="`{packets}` 里记下了 virtio 网卡发出的包的平均大小，至少是另一个的两倍。",
)
def packets_of_virtio_are_noted(host: Host, lab: Params) -> Findings:
    """`{packets}` has the average size of a packet sent through the virtio NIC: twice the other one or more."""
    note = host.note(lab.packets, "virtio")
    yield note.shows(number=noted_average(packet_bytes(host, lab, lab.guest_mac)))
    yield note.shows(number=at_least(2 * (host.note(lab.packets, "emulated").value("number") or 0)))


@check(task="measure", needs=[yardstick_was_used], zh="`{packets}` 里记下了模拟网卡发出的包的平均大小。")
def packets_of_the_yardstick_are_noted(host: Host, lab: Params) -> Findings:
    """`{packets}` has the average size of a packet sent through the emulated NIC."""
    average = packet_bytes(host, lab, lab.bench_mac)
    yield host.note(lab.packets, "emulated").shows(number=noted_average(average))
