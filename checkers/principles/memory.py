"""principles-memory: a balloon, the four sizes of a guest's memory, what it shares, and what is never to be merged."""

from kvmlab.checks import Findings, Host, Params, as_seen, check


@check(task="balloon", points=0, guard=True, zh="`{guest}` 保存的配置里仍是 {memory_mib} MiB，最大值也是。")
def promise_is_kept(host: Host, lab: Params) -> Findings:
    """The stored definition of `{guest}` still has {memory_mib} MiB, and as much as its maximum."""
    yield host.domain(lab.guest).stored.shows(memory_mib=lab.memory_mib, max_memory_mib=lab.memory_mib)


@check(task="balloon", points=3, zh="现在：气球给正在运行的 `{guest}` 留下 {balloon_mib} MiB。")
def balloon_leaves_what_it_should(host: Host, lab: Params) -> Findings:
    """Now: the balloon leaves the running `{guest}` {balloon_mib} MiB."""
    yield host.domain(lab.guest).shows(balloon_mib=lab.balloon_mib)


@check(task="sizes", zh="`{notes}` 里记下了答应给 `{guest}` 的最大内存，以及气球留下的大小。")
def promised_and_left_are_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` has the memory that `{guest}` was promised, and what the balloon leaves it."""
    domain = host.domain(lab.guest)
    yield host.note(lab.notes, "promised").shows(number=as_seen(domain.value("max_memory_mib"), percent=lab.percent))
    yield host.note(lab.notes, "left").shows(number=as_seen(domain.value("balloon_mib"), percent=lab.percent))


@check(task="sizes", needs=[balloon_leaves_what_it_should], zh="`{notes}` 里记下了虚拟机自己数出来的总量。")
def count_of_the_guest_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` has the total that the guest's own kernel counts."""
    total = host.guest(lab.guest, address=lab.start_address).memory().value("total_mib")
    yield host.note(lab.notes, "guest").shows(number=as_seen(total, percent=lab.percent))


@check(task="sizes", points=2, zh="`{notes}` 里记下了 `{guest}` 的 qemu 的常驻内存。")
def resident_size_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` has the resident size of the qemu of `{guest}`."""
    resident = host.process(domain=lab.guest).value("rss_mib")
    yield host.note(lab.notes, "resident").shows(number=as_seen(resident, percent=lab.percent))


@check(task="shared", points=2, zh="`{notes}` 里记下了它和别的进程共用而省下的部分。")
def shared_part_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` has what it saves by sharing with other processes."""
    process = host.process(domain=lab.guest)
    resident, proportional = process.value("rss_mib"), process.value("pss_mib")
    shared = resident - proportional if resident and proportional else None
    yield host.note(lab.notes, "shared").shows(number=as_seen(shared, percent=lab.shared_percent))


@check(task="secret", points=2, zh="下次启动之后：`{other}` 的页不会和别的虚拟机的页合并。")
def pages_of_the_other_are_never_merged(host: Host, lab: Params) -> Findings:
    """After its next start: the pages of `{other}` are not merged with those of other guests."""
    yield host.domain(lab.other).stored.shows(mergeable=False)
