"""storage-attach: a new volume in use in a running guest, and an old disk out of it, clean."""

from kvmlab.checks import (
    Findings,
    Guest,
    Host,
    Params,
    check,
    lacks,
    one_of,
    same_content,
)

# The guest's kernel names virtio disks in their order; without the old one, the new one is its second at boot.
SECOND = "/dev/vdb"


def inside(host: Host, lab: Params) -> Guest:
    """The guest, where it has been from the start."""
    return host.guest(lab.guest, address=lab.start_address)


def partition_of(device: str) -> str:
    """The number of a partition, "1" of /dev/vdc1; "" of a whole disk."""
    return device[len(device.rstrip("0123456789")) :]


@check(task="volume", zh="存储池 `{pool}` 里有存储卷 `{volume}`。")
def volume_is_there(host: Host, lab: Params) -> Findings:
    """The pool `{pool}` has a volume `{volume}`."""
    yield host.volume(lab.pool, lab.volume).shows(path=lab.volume_path)
    yield host.file(lab.volume_path).shows(own_file=True)


@check(task="volume", needs=[volume_is_there], zh="存储卷 `{volume}` 的格式是 {format}。")
def volume_has_the_format(host: Host, lab: Params) -> Findings:
    """The format of the volume `{volume}` is {format}."""
    # The file is asked: until its pool's next refresh, libvirt says what the volume was when it was made.
    yield host.image_file(lab.volume_path).shows(format=lab.format)


@check(task="volume", needs=[volume_is_there], zh="存储卷 `{volume}` 的容量正好是 {size_mib} MiB。")
def volume_has_the_size(host: Host, lab: Params) -> Findings:
    """The capacity of the volume `{volume}` is {size_mib} MiB, to the byte."""
    yield host.volume(lab.pool, lab.volume).shows(capacity_bytes=lab.size_mib * 1024**2)


@check(task="attach", points=0, guard=True, zh="`{guest}` 正在运行，而且是持久的：libvirt 保存着它的配置。")
def guest_is_running_and_persistent(host: Host, lab: Params) -> Findings:
    """`{guest}` is running, and persistent: libvirt keeps its definition."""
    yield host.domain(lab.guest).shows(state="running", persistent=True)


@check(
    task="attach",
    needs=[guest_is_running_and_persistent],
    zh="现在：正在运行的 `{guest}` 的磁盘 `{target}` 就是这个存储卷，而且按它的格式读取。",
)
def disk_is_attached_now(host: Host, lab: Params) -> Findings:
    """Now: the disk `{target}` of the running `{guest}` is the volume, read in the volume's format."""
    disk = host.domain(lab.guest).live.disk(target=lab.target)
    yield disk.shows(source=lab.volume_path, format=host.image_file(lab.volume_path).true_format(lab.format))


@check(
    task="attach",
    needs=[guest_is_running_and_persistent],
    zh="下次启动之后：`{guest}` 保存的配置里，磁盘 `{target}` 也是这个存储卷，也按它的格式读取。",
)
def disk_is_attached_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{guest}`, too, `{target}` is the volume, in its format."""
    disk = host.domain(lab.guest).stored.disk(target=lab.target)
    yield disk.shows(source=lab.volume_path, format=host.image_file(lab.volume_path).true_format(lab.format))


@check(
    task="mount",
    points=2,
    needs=[disk_is_attached_now],
    zh="现在：`{guest}` 的 `{mount}` 上挂载着新磁盘，文件系统是 ext4，虚拟机看得到它的全部容量。",
)
def new_disk_is_mounted_now(host: Host, lab: Params) -> Findings:
    """Now: the new disk is mounted at `{mount}` in `{guest}`, with ext4 on it, and the guest sees all of it."""
    disk, guest = host.domain(lab.guest).live.disk(target=lab.target), inside(host, lab)
    yield disk.shows(open_in_qemu=True)
    yield guest.disk_at(disk.value("pci")).shows(size_mib=disk.value("capacity_mib"))
    yield guest.mount(lab.mount).shows(fstype="ext4", disk=guest.disk_at(disk.value("pci")).value("name"))


@check(task="mount", needs=[new_disk_is_mounted_now], zh="新磁盘上有文件 `{file}`，内容是那一行字。")
def file_is_on_the_new_disk(host: Host, lab: Params) -> Findings:
    """The file `{file}` is on the new disk, with its one line."""
    yield inside(host, lab).file(lab.file).shows(kind="file", mount=lab.mount, text=same_content(lab.text))


@check(
    task="boot",
    points=2,
    needs=[new_disk_is_mounted_now],
    zh="开机之后：`/etc/fstab` 会把这个文件系统挂载到 `{mount}`，不管它所在的磁盘那时叫什么名字。",
)
def fstab_finds_it_at_every_boot(host: Host, lab: Params) -> Findings:
    """After a boot: `/etc/fstab` mounts this filesystem at `{mount}`, whatever its disk is called by then."""
    mounted = inside(host, lab).mount(lab.mount)
    line = inside(host, lab).fstab(lab.mount)
    yield line.shows(fstype=one_of("ext4", "auto"), options=lacks("noauto"))
    written = str(line.value("source") or "")
    old_disk_stays = host.domain(lab.guest).stored.disk(source=lab.old_path).value("target") is not None
    if written.startswith("/dev/vd") and not old_disk_stays:
        yield line.shows(source=SECOND + partition_of(str(mounted.value("source"))))
    elif written:
        yield line.shows(uuid=mounted.value("uuid"))


@check(task="old", needs=[guest_is_running_and_persistent], zh="现在：`{guest}` 的 `{old_mount}` 上没有挂载任何东西。")
def old_disk_is_unmounted(host: Host, lab: Params) -> Findings:
    """Now: nothing is mounted at `{old_mount}` in `{guest}`."""
    yield inside(host, lab).mount(lab.old_mount).missing()


@check(
    task="old",
    needs=[guest_is_running_and_persistent],
    zh="开机之后：`{guest}` 的 `/etc/fstab` 里不再有 `{old_mount}` 这一行。",
)
def old_disk_is_out_of_fstab(host: Host, lab: Params) -> Findings:
    """After a boot: `/etc/fstab` in `{guest}` has no line for `{old_mount}` any more."""
    yield inside(host, lab).fstab(lab.old_mount).missing()


@check(
    task="old",
    needs=[guest_is_running_and_persistent],
    zh="现在：正在运行的 `{guest}` 没有使用存储卷 `{old_volume}` 的磁盘。",
)
def old_disk_is_gone_now(host: Host, lab: Params) -> Findings:
    """Now: no disk of the running `{guest}` is the volume `{old_volume}`."""
    yield host.domain(lab.guest).live.disk(source=lab.old_path).missing()


@check(
    task="old",
    needs=[guest_is_running_and_persistent],
    zh="下次启动之后：`{guest}` 保存的配置里也没有使用存储卷 `{old_volume}` 的磁盘。",
)
def old_disk_is_gone_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{guest}`, too, no disk is the volume `{old_volume}`."""
    yield host.domain(lab.guest).stored.disk(source=lab.old_path).missing()


@check(
    task="old",
    points=0,
    guard=True,
    zh="存储卷 `{old_volume}` 仍在存储池 `{pool}` 里，容量还是 {old_mib} MiB，上面还是原来的文件系统。",
)
def old_volume_is_kept(host: Host, lab: Params) -> Findings:
    """The volume `{old_volume}` is still in the pool `{pool}`, with its {old_mib} MiB and the filesystem it had."""
    yield host.volume(lab.pool, lab.old_volume).shows(capacity_mib=lab.old_mib)
    yield host.image_file(lab.old_path).shows(virtual_size_mib=lab.old_mib, uuid=lab.old_uuid)


@check(
    task="old",
    needs=[old_volume_is_kept],
    zh="存储卷 `{old_volume}` 上的文件系统是干净的：先取消挂载（umount），再卸载磁盘（detach）。",
)
def old_filesystem_is_clean(host: Host, lab: Params) -> Findings:
    """The filesystem on the volume `{old_volume}` is clean: unmounted first, and only then detached."""
    yield host.image_file(lab.old_path).shows(clean=True)
