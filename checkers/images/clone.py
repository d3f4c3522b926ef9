"""images-clone: a full clone that runs beside its original, and knows that it is another."""

from kvmlab.checks import Findings, Host, Params, all_of, at_least, check, count, lacks, not_

KEY_BYTES = 83  # what dropbear's ed25519 keys have


@check(task="clone", zh="有一台名为 `{clone}` 的虚拟机，而且是持久的：libvirt 保存着它的配置。")
def clone_is_defined(host: Host, lab: Params) -> Findings:
    """There is a guest called `{clone}`, and it is persistent: libvirt keeps its definition."""
    yield host.domain(lab.clone).shows(persistent=True)


@check(
    task="clone",
    points=2,
    needs=[clone_is_defined],
    zh="`{clone}` 唯一的磁盘是 `{disk}`：一份完整的副本，按它的格式读取。",
)
def clone_has_a_disk_of_its_own(host: Host, lab: Params) -> Findings:
    """The only disk of `{clone}` is `{disk}`: a complete copy, read in its format."""
    stored, image = host.domain(lab.clone).stored, host.image_file(lab.disk)
    yield stored.shows(disks=count(1))
    yield stored.disk(index=0).shows(source=lab.disk, format=image.true_format("qcow2"))
    yield image.shows(backing=None, own_file=True)


@check(task="clone", needs=[clone_is_defined], zh="`{clone}` 只有一块网卡，MAC 地址是自己的。")
def clone_has_a_mac_of_its_own(host: Host, lab: Params) -> Findings:
    """`{clone}` has one NIC, with a MAC address of its own."""
    yield host.domain(lab.clone).stored.shows(interfaces=all_of(count(1), lacks(lab.guest_mac)))


@check(task="both", points=0, guard=True, zh="`{guest}` 正在运行。")
def original_is_running(host: Host, lab: Params) -> Findings:
    """`{guest}` is running."""
    yield host.domain(lab.guest).shows(state="running")


@check(task="both", needs=[clone_has_a_disk_of_its_own], zh="`{clone}` 正在运行，用的是 `{disk}`。")
def clone_runs_from_its_own_disk(host: Host, lab: Params) -> Findings:
    """`{clone}` is running, from `{disk}`."""
    yield host.domain(lab.clone).shows(state="running")
    yield host.domain(lab.clone).live.disk(index=0).shows(source=lab.disk, open_in_qemu=True)


@check(
    task="both",
    points=2,
    needs=[clone_runs_from_its_own_disk, original_is_running],
    zh="`{clone}` 已经开机，从 DHCP 拿到了地址。",
)
def clone_has_an_address(host: Host, lab: Params) -> Findings:
    """`{clone}` has booted, and has an address from the network's DHCP server."""
    yield host.domain(lab.clone).live.interface(index=0).shows(addresses=count(at_least(1)))


@check(task="identity", points=0, guard=True, needs=[original_is_running], zh="`{guest}` 自己的主机名没有变。")
def original_keeps_its_name(host: Host, lab: Params) -> Findings:
    """The host name of `{guest}` itself has not changed."""
    original = host.guest(lab.guest)
    yield original.shows(hostname=lab.guest)
    yield original.file("/etc/hostname").shows(lines=[lab.guest])


@check(
    task="identity",
    points=0,
    guard=True,
    needs=[original_is_running],
    zh="`{guest}` 的 SSH 主机密钥没有变：校验和还是 `{key_sum}` 里的那一个。",
)
def original_keeps_its_keys(host: Host, lab: Params) -> Findings:
    """The SSH host key of `{guest}` itself has not changed: its sum is the one in `{key_sum}`."""
    kept = str(host.file(lab.key_sum).value("text") or "").partition(" ")[0]
    yield host.guest(lab.guest).file(lab.key).shows(sha256=kept)


@check(task="identity", points=2, needs=[clone_has_an_address], zh="现在：`{clone}` 的主机名是 {clone}。")
def name_is_its_own_now(host: Host, lab: Params) -> Findings:
    """Now: the host name of `{clone}` is {clone}."""
    yield host.guest(lab.clone).shows(hostname=lab.clone)


@check(
    task="identity",
    needs=[clone_has_an_address],
    zh="开机之后：`{clone}` 的 `/etc/hostname` 里写的是 {clone}。",
)
def name_is_its_own_at_boot(host: Host, lab: Params) -> Findings:
    """After a boot: `/etc/hostname` in `{clone}` says {clone}."""
    yield host.guest(lab.clone).file("/etc/hostname").shows(lines=[lab.clone])


@check(
    task="identity",
    points=2,
    needs=[clone_has_an_address],
    zh="`{clone}` 的 SSH 主机密钥文件有一把密钥那么大，而且不是 `{guest}` 的那一把。",
)
def keys_are_its_own(host: Host, lab: Params) -> Findings:
    """The file of the SSH host key of `{clone}` is as large as a key, and not the key of `{guest}`."""
    original = host.guest(lab.guest).file(lab.key)
    size = original.value("size_bytes") or KEY_BYTES  # one that something was put behind is still the same key
    yield host.guest(lab.clone).file(lab.key).shows(sha256=not_(str(original.value("sha256"))), size_bytes=size)
