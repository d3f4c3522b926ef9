"""install-lifecycle: one guest paused, one shut down, one killed and started again, one undefined but for its disk."""

from kvmlab.checks import Findings, Host, Params, check, contains, ends_with, one_of


@check(
    task="pause",
    points=0,
    guard=True,
    zh="`{neighbour}` 从开始到现在没有停过，也没有重启过：它的 qemu 还是原来那一个。",
)
def neighbour_was_never_off(host: Host, lab: Params) -> Findings:
    """`{neighbour}` has not been off or reset since the start: its qemu is still the same."""
    yield host.domain(lab.neighbour).not_restarted()


@check(task="pause", points=2, needs=[neighbour_was_never_off], zh="`{neighbour}` 处于暂停状态。")
def neighbour_is_paused(host: Host, lab: Params) -> Findings:
    """`{neighbour}` is paused."""
    yield host.domain(lab.neighbour).shows(state="paused")


@check(task="shutdown", zh="`{asleep}` 已经关机，而且仍有定义。")
def asleep_is_off(host: Host, lab: Params) -> Findings:
    """`{asleep}` is shut off, and still defined."""
    yield host.domain(lab.asleep).shows(state="shut off")


@check(
    task="shutdown",
    points=3,
    needs=[asleep_is_off],
    zh="`{asleep}` 是正常关机的：它的内核最后说的是 `Power down`，磁盘上的文件系统已经取消挂载。",
)
def asleep_was_shut_down_properly(host: Host, lab: Params) -> Findings:
    """`{asleep}` was shut down properly: its kernel's last word is `Power down`, and its filesystem is unmounted."""
    yield host.domain(lab.asleep).console().shows(output=ends_with("reboot: Power down"))
    disk = host.domain(lab.asleep).stored.disk(index=0).value("source")
    yield host.image_file(str(disk)).shows(clean=True)


@check(task="force", points=4, zh="`{hung}` 又在运行了：新的 qemu，重新开的机。")
def hung_runs_in_a_new_qemu(host: Host, lab: Params) -> Findings:
    """`{hung}` is running again, in a new qemu, freshly booted."""
    started = one_of("booted", "unpaused")
    # Who has suspended and resumed it since has still booted it; the log tells that from a qemu that was let go on.
    yield host.domain(lab.hung).shows(state="running", reason=started, log=contains("shutting down"))


@check(task="undefine", points=4, zh="libvirt 里不再有 `{old}`，换个名字也没有。")
def old_is_unknown(host: Host, lab: Params) -> Findings:
    """libvirt does not know `{old}` any more, under no other name either."""
    yield host.domain(lab.old).missing()
    yield host.domain(lab.old).remains.shows(names=[])


@check(
    task="undefine",
    points=0,
    guard=True,
    zh="磁盘 `{old_path}` 还在，里面的快照 `{snapshot}` 也在。",
)
def old_disk_is_kept(host: Host, lab: Params) -> Findings:
    """The disk `{old_path}` is still there, with the snapshot `{snapshot}` in it."""
    yield host.image_file(lab.old_path).shows(format="qcow2", snapshots=contains(lab.snapshot))
