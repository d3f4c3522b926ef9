"""install-first-guest: an empty disk, an installation from a CD, and the installed system up and running."""

from kvmlab.checks import Findings, Host, Params, check, contains, exactly, lacks, matches, one_of

EVERYWHERE = one_of("0.0.0.0", "::")


@check(task="disk", zh="`{disk}` 是 raw 格式的磁盘镜像。")
def disk_is_raw(host: Host, lab: Params) -> Findings:
    """`{disk}` is a disk image of format raw."""
    yield host.image_file(lab.disk).shows(format="raw")


@check(task="disk", zh="磁盘 `{disk}` 的虚拟大小正好是 {disk_gib} GiB。")
def disk_has_the_size(host: Host, lab: Params) -> Findings:
    """The virtual size of `{disk}` is {disk_gib} GiB, to the byte."""
    yield host.image_file(lab.disk).shows(virtual_size_bytes=lab.disk_gib * 1024**3)


@check(task="guest", zh="虚拟机 `{guest}` 是持久的，有 {memory_mib} MiB 内存和 1 个 vCPU。")
def guest_is_defined(host: Host, lab: Params) -> Findings:
    """The guest `{guest}` is persistent, with {memory_mib} MiB of memory and 1 virtual CPU."""
    yield host.domain(lab.guest).stored.shows(memory_mib=lab.memory_mib, vcpus=1)


@check(task="guest", zh="`{guest}` 的磁盘就是 `{disk}`，并且按它的格式读取。")
def guest_has_the_disk(host: Host, lab: Params) -> Findings:
    """The disk of `{guest}` is `{disk}`, read in its format."""
    disk = host.domain(lab.guest).stored.disk(source=lab.disk)
    yield disk.shows(device="disk", format=host.image_file(lab.disk).true_format("raw"))


@check(task="guest", zh="`{guest}` 的网卡接在网络 `default` 上。")
def guest_is_on_the_network(host: Host, lab: Params) -> Findings:
    """The NIC of `{guest}` is on the network `default`."""
    yield host.domain(lab.guest).stored.interface(index=0).shows(type="network", source="default")


@check(task="system", zh="`{guest}` 正在运行。")
def guest_runs(host: Host, lab: Params) -> Findings:
    """`{guest}` is running."""
    yield host.domain(lab.guest).shows(state="running")


@check(
    task="system",
    points=3,
    needs=[guest_runs],
    zh="SSH 进得去的是装好的系统：它的 `/` 在 {disk_gib} GiB 磁盘的一个分区上，不在光盘上；下次启动也不从光盘。",
)
def system_is_on_the_disk(host: Host, lab: Params) -> Findings:
    """SSH leads into the installed system: its `/` is on a partition of the disk of {disk_gib} GiB, not on the CD, and
    the next start is not from the CD either.
    """
    root = host.guest(lab.guest).mount("/")
    yield root.shows(fstype="ext4", source=matches(r"/dev/(vd|sd|nvme)\w+", "/dev/vda1"), disk_mib=lab.disk_gib * 1024)
    stored = host.domain(lab.guest).stored
    harmless = [lacks("cdrom"), exactly("hd", "cdrom")]
    if not stored.disk(source=lab.iso).value("exists"):
        harmless.append(contains("cdrom"))  # from an empty drive nothing starts
    yield stored.shows(boot=one_of(*harmless), boot_disk=lab.disk)
    yield host.domain(lab.guest).live.disk(source=lab.disk).shows(open_in_qemu=True)  # a copy in its place is another


@check(task="display", needs=[guest_runs], zh="现在：`{guest}` 的 VNC 显示在所有地址上监听。")
def display_listens_everywhere_now(host: Host, lab: Params) -> Findings:
    """Now: the VNC display of `{guest}` listens on all addresses."""
    yield host.domain(lab.guest).live.graphics().shows(listen=EVERYWHERE)


@check(task="display", zh="下次启动之后：`{guest}` 的 VNC 显示也在所有地址上监听。")
def display_listens_everywhere_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: the VNC display of `{guest}` listens on all addresses, too."""
    yield host.domain(lab.guest).stored.graphics().shows(type="vnc", listen=EVERYWHERE)


@check(task="display", needs=[guest_runs], zh="VNC 客户端连接 {lan.ip} 得到应答：对方先说 RFB。")
def display_answers(host: Host, lab: Params) -> Findings:
    """A VNC client at {lan.ip} is answered: the other side says RFB."""
    port = host.domain(lab.guest).live.graphics().value("port")
    yield host.listen(port or 5900, lab.lan.ip).shows(greeting=matches(r"RFB \d{3}\.\d{3}\s*", "RFB 003.008"))


@check(task="display", needs=[guest_runs], zh="文件 `{display_note}` 里是这个显示的 URI。")
def display_is_noted(host: Host, lab: Params) -> Findings:
    """The file `{display_note}` has the URI of this display."""
    yield host.file(lab.display_note).shows(lines=[host.domain(lab.guest).live.graphics().value("uri")])


@check(task="process", needs=[guest_runs], zh="文件 `{pid_note}` 里是 `{guest}` 现在的 qemu 的进程号。")
def process_is_noted(host: Host, lab: Params) -> Findings:
    """The file `{pid_note}` has the process id of the qemu that is `{guest}` now."""
    yield host.file(lab.pid_note).shows(lines=[str(host.domain(lab.guest).value("pid"))])
