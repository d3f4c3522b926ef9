"""images-convert: the same contents in another format, for two data disks and for a guest that boots."""

from kvmlab.checks import Findings, Host, Params, at_least, check, count, exactly, sha256, sparse


def photos(lab: Params) -> str:
    """The sum of what is on the photos' disk."""
    return sha256(*sparse({mib: f"{lab.text} {mib}" for mib in (0, 3, 9)}, lab.size_mib))


@check(task="thin", points=0, guard=True, zh="`{photos}` 还在原处，格式是 raw，内容没有变。")
def photos_are_kept(host: Host, lab: Params) -> Findings:
    """`{photos}` is where it was, raw, and its contents have not changed."""
    yield host.image_file(lab.photos).shows(format="raw", content_sha256=photos(lab))


@check(task="thin", zh="`{photos_qcow2}` 的格式是 qcow2，自成一体。")
def photos_are_qcow2(host: Host, lab: Params) -> Findings:
    """The format of `{photos_qcow2}` is qcow2, and it needs no other file."""
    yield host.image_file(lab.photos_qcow2).shows(format="qcow2", backing=None, own_file=True)


@check(
    task="thin",
    points=2,
    needs=[photos_are_qcow2],
    zh="`{photos_qcow2}` 的内容和 `{photos}` 原来的内容相同。",
)
def photos_are_the_same(host: Host, lab: Params) -> Findings:
    """The contents of `{photos_qcow2}` are those that `{photos}` had."""
    yield host.image_file(lab.photos_qcow2).shows(content_sha256=photos(lab))


@check(task="plain", zh="`{minutes_raw}` 的格式是 raw。")
def minutes_are_raw(host: Host, lab: Params) -> Findings:
    """The format of `{minutes_raw}` is raw."""
    yield host.image_file(lab.minutes_raw).shows(format="raw", own_file=True)


@check(task="plain", points=2, needs=[minutes_are_raw], zh="`{minutes_raw}` 的内容和 `{minutes}` 原来的内容相同。")
def minutes_are_the_same(host: Host, lab: Params) -> Findings:
    """The contents of `{minutes_raw}` are those that `{minutes}` had."""
    yield host.image_file(lab.minutes_raw).shows(content_sha256=sha256(*sparse({5: lab.text}, lab.size_mib)))


@check(task="guest", points=0, guard=True, zh="`{guest_raw}` 还在，格式是 raw，上面的文件系统也还在。")
def old_disk_is_kept(host: Host, lab: Params) -> Findings:
    """`{guest_raw}` is still there, raw, and there is still a filesystem on it."""
    yield host.image_file(lab.guest_raw).shows(format="raw", filesystems=count(at_least(1)))


@check(task="guest", zh="`{guest_qcow2}` 的格式是 qcow2，自成一体。")
def new_disk_is_qcow2(host: Host, lab: Params) -> Findings:
    """The format of `{guest_qcow2}` is qcow2, and it needs no other file."""
    yield host.image_file(lab.guest_qcow2).shows(format="qcow2", backing=None, own_file=True)


@check(task="guest", zh="下次启动之后：`{guest}` 保存的配置里，磁盘是 `{guest_qcow2}`，按 qcow2 读取。")
def disk_is_qcow2_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{guest}` the disk is `{guest_qcow2}`, read as qcow2."""
    yield host.domain(lab.guest).stored.disk(index=0).shows(source=lab.guest_qcow2, format="qcow2")


@check(task="guest", zh="现在：正在运行的 `{guest}` 的磁盘是 `{guest_qcow2}`，按 qcow2 读取。")
def disk_is_qcow2_now(host: Host, lab: Params) -> Findings:
    """Now: the disk of the running `{guest}` is `{guest_qcow2}`, read as qcow2."""
    yield host.domain(lab.guest).live.disk(index=0).shows(source=lab.guest_qcow2, format="qcow2")


@check(
    task="guest",
    points=2,
    needs=[new_disk_is_qcow2, disk_is_qcow2_now],
    zh="`{guest}` 从 `{guest_raw}` 的副本启动，在 {address} 应答。",
)
def guest_answers(host: Host, lab: Params) -> Findings:
    """`{guest}` has booted from a copy of `{guest_raw}`, and answers at {address}."""
    there_before = host.image_file(lab.guest_raw).value("filesystems") or []
    yield host.image_file(lab.guest_qcow2).shows(filesystems=exactly(*there_before))
    live = host.domain(lab.guest).live
    yield live.disk(index=0).shows(open_in_qemu=True)
    yield host.reach(lab.address).shows(answers=True, mac=live.interface(index=0).value("mac"))
    guest = host.guest(lab.guest, address=lab.address)
    yield guest.mount("/").shows(disk=guest.disk_at(live.disk(index=0).value("pci")).value("name"))
