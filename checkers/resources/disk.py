"""resources-disk: an image grown and the filesystem on it, a new raw disk in, an old one out."""

from kvmlab.checks import Findings, Guest, Host, Params, at_least, check, contains, same_content

GROUP_MIB = 8  # resize2fs leaves a last block group out that would hold little but its own tables


def inside(host: Host, lab: Params) -> Guest:
    """The guest, where it has been from the start."""
    return host.guest(lab.guest, address=lab.start_address)


@check(task="image", points=2, zh="镜像 `{data_path}` 的虚拟大小是 {size_mib} MiB。")
def image_has_the_size(host: Host, lab: Params) -> Findings:
    """The image `{data_path}` has a virtual size of {size_mib} MiB."""
    yield host.image_file(lab.data_path).shows(virtual_size_mib=lab.size_mib)


@check(
    task="image",
    zh="`{guest}` 的磁盘 `{target}` 就是这个 qcow2 镜像，现在能看到 {size_mib} MiB，下次启动之后也还是它。",
)
def guest_has_the_disk(host: Host, lab: Params) -> Findings:
    """The disk `{target}` of `{guest}` is this qcow2 image, now ({size_mib} MiB) and after the next start."""
    domain = host.domain(lab.guest)
    live = domain.live.disk(target=lab.target)
    yield live.shows(source=lab.data_path, format="qcow2", readonly=False, open_in_qemu=True)
    yield inside(host, lab).disk_at(live.value("pci")).shows(size_mib=lab.size_mib)
    yield domain.stored.disk(target=lab.target).shows(source=lab.data_path, format="qcow2", readonly=False)


@check(task="filesystem", points=2, zh="现在：`{guest}` 的 `{mount}` 上挂载着这块盘，文件系统的大小和磁盘相称。")
def filesystem_has_the_room(host: Host, lab: Params) -> Findings:
    """Now: the disk is mounted at `{mount}` in `{guest}`, and its filesystem is as large as the disk allows."""
    guest = inside(host, lab)
    mount, disk = guest.mount(lab.mount), host.domain(lab.guest).live.disk(target=lab.target)
    yield mount.shows(disk=guest.disk_at(disk.value("pci")).value("name"), options=contains("rw"))
    device = str(mount.value("source") or "/dev/vdb")
    yield guest.filesystem(device).shows(reaches_mib=at_least(lab.size_mib - GROUP_MIB))


@check(task="filesystem", needs=[filesystem_has_the_room], zh="文件 `{file}` 还在，内容没有变。")
def file_is_still_there(host: Host, lab: Params) -> Findings:
    """The file `{file}` is still there, and says what it said."""
    yield inside(host, lab).file(lab.file).shows(kind="file", mount=lab.mount, text=same_content(lab.text))


@check(task="extra", zh="`{extra_path}` 是一个 {extra_mib} MiB 的 raw 镜像。")
def extra_image_is_there(host: Host, lab: Params) -> Findings:
    """`{extra_path}` is a raw image of {extra_mib} MiB."""
    yield host.image_file(lab.extra_path).shows(format="raw", virtual_size_mib=lab.extra_mib)


@check(
    task="extra",
    zh="现在：它是正在运行的 `{guest}` 的磁盘 `{extra_target}`，可读可写，虚拟机看到的是 {extra_mib} MiB。",
)
def extra_disk_is_attached_now(host: Host, lab: Params) -> Findings:
    """Now: it is the disk `{extra_target}` of the running `{guest}`, writable; the guest sees {extra_mib} MiB."""
    disk = host.domain(lab.guest).live.disk(target=lab.extra_target)
    yield disk.shows(source=lab.extra_path, format="raw", readonly=False, open_in_qemu=True)
    yield inside(host, lab).disk_at(disk.value("pci")).shows(size_mib=lab.extra_mib)


@check(task="extra", zh="下次启动之后：它也是 `{guest}` 的磁盘 `{extra_target}`。")
def extra_disk_is_attached_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: it is the disk `{extra_target}` of `{guest}`, too."""
    disk = host.domain(lab.guest).stored.disk(target=lab.extra_target)
    yield disk.shows(source=lab.extra_path, format="raw", readonly=False)


@check(task="old", points=0, guard=True, zh="镜像 `{old_path}` 还在。")
def old_image_is_kept(host: Host, lab: Params) -> Findings:
    """The image `{old_path}` is still there."""
    yield host.image_file(lab.old_path).shows(virtual_size_mib=lab.old_mib)


@check(
    task="old",
    needs=[old_image_is_kept],
    zh="现在：正在运行的 `{guest}` 没有磁盘 `{old_target}`，也没有使用 `{old_path}` 的磁盘。",
)
def old_disk_is_gone_now(host: Host, lab: Params) -> Findings:
    """Now: the running `{guest}` has no disk `{old_target}`, and none that is `{old_path}`."""
    yield host.domain(lab.guest).live.disk(source=lab.old_path).missing()
    yield host.domain(lab.guest).live.disk(target=lab.old_target).missing()


@check(
    task="old",
    needs=[old_image_is_kept],
    zh="下次启动之后：`{guest}` 的配置里也没有磁盘 `{old_target}`，没有使用 `{old_path}` 的磁盘。",
)
def old_disk_is_gone_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: `{guest}` has no disk `{old_target}`, and none that is `{old_path}`, either."""
    yield host.domain(lab.guest).stored.disk(source=lab.old_path).missing()
    yield host.domain(lab.guest).stored.disk(target=lab.old_target).missing()
