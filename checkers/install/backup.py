"""install-backup: definitions in order, kept in a file, and found again."""

from kvmlab.checks import Findings, Host, Params, check, contains, count


@check(
    task="persist",
    points=0,
    guard=True,
    zh="`{guest}` 一直在运行，从开始到现在没有停过，磁盘 `{data_target}` 还在。",
)
def guest_still_has_its_disk(host: Host, lab: Params) -> Findings:
    """`{guest}` still runs, and has not been off since the start, with the disk `{data_target}`."""
    yield host.domain(lab.guest).not_restarted()
    yield host.domain(lab.guest).live.disk(target=lab.data_target).shows(source=lab.data)


@check(task="persist", points=2, zh="下次启动之后：`{guest}` 保存的配置里也有磁盘 `{data_target}`，格式 raw，可写。")
def disk_is_stored(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{guest}`, too, `{data_target}` is that disk, raw, writable."""
    disk = host.domain(lab.guest).stored.disk(target=lab.data_target)
    yield disk.shows(source=lab.data, format="raw", device="disk", readonly=False)


@check(task="persist", points=2, zh="下次启动之后：`{guest}` 有 {memory_mib} MiB 内存，最大内存也是。")
def memory_is_stored(host: Host, lab: Params) -> Findings:
    """After the next start: `{guest}` has {memory_mib} MiB of memory, which is also the most it can have."""
    yield host.domain(lab.guest).stored.shows(memory_mib=lab.memory_mib, max_memory_mib=lab.memory_mib)


@check(task="backup", points=3, zh="文件 `{backup}` 就是 `{guest}` 现在保存的配置，里面没有别的东西。")
def backup_is_whole(host: Host, lab: Params) -> Findings:
    """The file `{backup}` is the definition of `{guest}`, as it is stored now, and nothing else is in it."""
    yield host.file(lab.backup).shows(own_file=True)  # a link to what libvirt keeps goes where that goes
    backup = host.domain_file(lab.backup)
    yield backup.shows(uuid=host.domain(lab.guest).value("uuid"), memory_mib=lab.memory_mib)
    yield backup.shows(disks=contains(lab.data_target), as_stored=True)


@check(task="orphan", points=0, guard=True, zh="`{orphan}` 正在运行，从开始到现在没有停过。")
def orphan_runs(host: Host, lab: Params) -> Findings:
    """`{orphan}` is running, and has not been off since the start."""
    yield host.domain(lab.orphan).shows(state="running")
    yield host.domain(lab.orphan).not_restarted()


@check(task="orphan", points=2, needs=[orphan_runs], zh="`{orphan}` 是持久的：libvirt 保存着它的配置。")
def orphan_is_persistent(host: Host, lab: Params) -> Findings:
    """`{orphan}` is persistent: libvirt keeps its definition."""
    yield host.domain(lab.orphan).shows(persistent=True)


@check(
    task="orphan",
    points=2,
    needs=[orphan_is_persistent],
    zh="保存的就是原来那台：MAC 地址 {orphan_mac}、网络、磁盘、内存和 vCPU 都没有变。",
)
def orphan_is_the_same(host: Host, lab: Params) -> Findings:
    """What is kept is the guest it was: the same MAC address {orphan_mac}, network, disk, memory and vCPUs."""
    stored, live = host.domain(lab.orphan).stored, host.domain(lab.orphan).live
    yield stored.shows(  # its UUID cannot be another: libvirt takes none while it runs
        interfaces=[lab.orphan_mac], disks=count(1), max_memory_mib=live.value("max_memory_mib"),
        memory_mib=live.value("max_memory_mib"), vcpus=live.value("vcpus"), max_vcpus=live.value("max_vcpus"),
        limits=[],
    )  # fmt: skip
    yield stored.disk(index=0).shows(
        source=f"/var/lib/libvirt/images/{lab.orphan}.qcow2", format="qcow2", readonly=False
    )
    model = live.interface(index=0).value("model")
    yield stored.interface(index=0).shows(type="network", source="default", model=model)


@check(
    task="lost",
    points=2,
    zh="`{lost}` 重新定义好了，还是原来那台：UUID 和 MAC 地址 {lost_mac} 没有变，也没有多出来的限制。",
)
def lost_is_found(host: Host, lab: Params) -> Findings:
    """`{lost}` is defined again, as the guest it was: its UUID, its MAC address {lost_mac}, and no limits."""
    stored, memory = host.domain(lab.lost).stored, lab.lost_memory_mib
    yield stored.shows(uuid=lab.lost_uuid, interfaces=[lab.lost_mac], memory_mib=memory, max_memory_mib=memory,
                       vcpus=1, max_vcpus=1, limits=[])  # fmt: skip
    yield stored.interface(index=0).shows(type="network", source="default")


@check(task="lost", points=2, needs=[lost_is_found], zh="`{lost}` 的磁盘是 `{new_disk}`，只有这一块。")
def lost_has_its_disk(host: Host, lab: Params) -> Findings:
    """The disk of `{lost}` is `{new_disk}`, and it is the only one."""
    yield host.domain(lab.lost).stored.shows(disks=count(1))
    yield host.domain(lab.lost).stored.disk(index=0).shows(source=lab.new_disk, format="qcow2")
