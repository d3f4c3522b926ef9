"""install-define: a transient guest made persistent while it runs; a transient and a persistent copy of it."""

from kvmlab.checks import Findings, Host, Matcher, Params, all_of, as_seen, check, count, not_


def a_mac_of_its_own(host: Host, lab: Params, name: str) -> Matcher:
    """Not the MAC of the model, and not that of the other copy."""
    others = {lab.guest, lab.brief, lab.lasting} - {name}
    macs = [host.domain(other).interface(index=0).value("mac") for other in sorted(others)]
    return all_of(*(not_(mac) for mac in {lab.guest_mac, *macs} if mac))


@check(task="keep", points=0, guard=True, zh="`{guest}` 从开始到现在没有停过。")
def guest_was_never_off(host: Host, lab: Params) -> Findings:
    """`{guest}` has not been off since the start."""
    yield host.domain(lab.guest).not_restarted()


@check(
    task="keep",
    points=3,
    needs=[guest_was_never_off],
    zh="`{guest}` 是持久的：libvirt 存着它的定义，MAC 地址、磁盘、内存和 vCPU 都没有变。",
)
def guest_is_persistent(host: Host, lab: Params) -> Findings:
    """`{guest}` is persistent: libvirt keeps its definition, with the MAC address, disk, memory and vCPUs it has."""
    yield host.domain(lab.guest).shows(persistent=True)
    stored, path = host.domain(lab.guest).stored, f"{lab.pool_path}/{lab.guest}.qcow2"
    live = host.domain(lab.guest).live
    yield stored.shows(
        interfaces=[lab.guest_mac], memory_mib=live.value("max_memory_mib"),
        max_memory_mib=live.value("max_memory_mib"), vcpus=live.value("vcpus"), max_vcpus=live.value("max_vcpus"),
    )  # fmt: skip
    yield stored.disk(index=0).shows(source=path, format=host.image_file(path).true_format("qcow2"))


@check(task="brief", points=2, zh="`{brief}` 在运行，而且是临时的。")
def brief_is_transient(host: Host, lab: Params) -> Findings:
    """`{brief}` is running, and transient."""
    yield host.domain(lab.brief).shows(state="running", persistent=False)


@check(task="brief", points=2, zh="`{brief}` 用的是自己的磁盘 `{brief_disk}`，并且按它的格式读取。")
def brief_has_its_own_disk(host: Host, lab: Params) -> Findings:
    """`{brief}` has its own disk, `{brief_disk}`, read in its format."""
    kind = host.image_file(lab.brief_disk).true_format("qcow2")
    yield host.domain(lab.brief).live.disk(index=0).shows(source=lab.brief_disk, format=kind, open_in_qemu=True)


@check(task="brief", zh="`{brief}` 有自己的 MAC 地址。")
def brief_has_its_own_mac(host: Host, lab: Params) -> Findings:
    """`{brief}` has a MAC address of its own."""
    yield host.domain(lab.brief).interface(index=0).shows(mac=a_mac_of_its_own(host, lab, lab.brief))


@check(
    task="brief",
    needs=[brief_is_transient],
    zh="`{brief}` 其余和 `{guest}` 一样：内存、vCPU、网络都相同，磁盘和网卡各一。",
)
def brief_is_like_the_model(host: Host, lab: Params) -> Findings:
    """`{brief}` is like `{guest}` in all else: its memory, its vCPUs, its network; one disk, one NIC."""
    brief, model = host.domain(lab.brief).live, host.domain(lab.guest).live
    yield brief.shows(
        memory_mib=model.value("memory_mib"), vcpus=model.value("vcpus"), disks=count(1), interfaces=count(1)
    )
    nic = model.interface(index=0)
    yield brief.interface(index=0).shows(type=nic.value("type"), source=nic.value("source"), model=nic.value("model"))


@check(task="lasting", points=2, zh="`{lasting}` 在运行，而且是持久的。")
def lasting_is_persistent(host: Host, lab: Params) -> Findings:
    """`{lasting}` is running, and persistent."""
    yield host.domain(lab.lasting).shows(state="running", persistent=True)


@check(
    task="lasting",
    points=2,
    needs=[lasting_is_persistent],
    zh="`{lasting}` 用的是自己的磁盘 `{lasting_disk}`，现在和下次启动都是，并且按它的格式读取。",
)
def lasting_has_its_own_disk(host: Host, lab: Params) -> Findings:
    """`{lasting}` has its own disk, `{lasting_disk}`, now and at its next start, read in its format."""
    kind = host.image_file(lab.lasting_disk).true_format("qcow2")
    yield host.domain(lab.lasting).live.disk(index=0).shows(source=lab.lasting_disk, format=kind, open_in_qemu=True)
    yield host.domain(lab.lasting).stored.disk(index=0).shows(source=lab.lasting_disk, format=kind)


@check(task="lasting", points=2, zh="`{lasting}` 有自己的 MAC 地址。")
def lasting_has_its_own_mac(host: Host, lab: Params) -> Findings:
    """`{lasting}` has a MAC address of its own."""
    yield host.domain(lab.lasting).interface(index=0).shows(mac=a_mac_of_its_own(host, lab, lab.lasting))


@check(
    task="list",
    points=2,
    needs=[guest_is_persistent, brief_is_transient, lasting_is_persistent],
    zh="`{note}` 里写着现在所有的临时虚拟机，没有别的。",
)
def note_names_the_transient_ones(host: Host, lab: Params) -> Findings:
    """`{note}` names all guests that are transient now, and nothing else."""
    yield host.file(lab.note).shows(lines=as_seen(host.domains().value("transient")))
