"""resources-memory: the balloon of a running guest, its statistics, and more memory for its next start."""

from kvmlab.checks import Findings, Guest, Host, Params, as_seen, between, check

# What a guest's kernel does not count: its own code and tables, a good 40 MiB of a board of some hundred.
KERNEL_MIB = (20, 64)


def inside(host: Host, lab: Params) -> Guest:
    """The guest, where it has been from the start."""
    return host.guest(lab.guest, address=lab.start_address)


@check(task="boot", points=0, guard=True, zh="`{guest}` 没有重启过，也没有停下：还是开始时的那个 qemu 在跑。")
def guest_was_not_restarted(host: Host, lab: Params) -> Findings:
    """`{guest}` was not restarted, and has not stopped: it runs on in the qemu it had at the start."""
    yield host.domain(lab.guest).not_restarted()
    yield host.domain(lab.guest).shows(state="running")


@check(
    task="now",
    points=2,
    zh="现在：正在运行的 `{guest}` 有 {now_mib} MiB 内存。",
)
def guest_has_the_memory_now(host: Host, lab: Params) -> Findings:
    """Now: the running `{guest}` has {now_mib} MiB of memory."""
    yield host.domain(lab.guest).live.shows(memory_mib=lab.now_mib)


@check(
    task="now",
    needs=[guest_was_not_restarted],  # nobody can ask a paused one
    zh="`{guest}` 的内核自己也看到了：约 {now_mib} MiB，减去它自己留着的。",
)
def guest_sees_the_memory(host: Host, lab: Params) -> Findings:
    """The kernel of `{guest}` sees it, too: about {now_mib} MiB, less what it keeps for itself."""
    least, most = KERNEL_MIB
    yield inside(host, lab).memory().shows(total_mib=between(lab.now_mib - most, lab.now_mib - least))


@check(
    task="note",
    points=2,
    needs=[guest_sees_the_memory],
    zh="宿主机上的 `{note}` 里写着虚拟机内核数出来的内存总量（`free -m` 的 total）。",
)
def note_says_what_the_guest_counts(host: Host, lab: Params) -> Findings:
    """`{note}` on the host says how much memory the guest's kernel counts in all (`total` of `free -m`)."""
    total = inside(host, lab).memory().value("total_mib")
    yield host.note(lab.note, "total").shows(number=as_seen(total, percent=1))  # one rounds up, another rounds down


@check(
    task="report",
    zh="现在：气球每 {period_s} 秒向正在运行的 `{guest}` 要一次统计。",
)
def statistics_are_collected_now(host: Host, lab: Params) -> Findings:
    """Now: the balloon asks the running `{guest}` for statistics every {period_s} seconds."""
    yield host.domain(lab.guest).live.shows(stats_period_s=lab.period_s)


@check(
    task="report",
    zh="下次启动之后：`{guest}` 保存的配置里也是每 {period_s} 秒一次。",
)
def statistics_are_collected_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{guest}`, too, it is every {period_s} seconds."""
    yield host.domain(lab.guest).stored.shows(stats_period_s=lab.period_s)


@check(
    task="boot",
    zh="下次启动之后：`{guest}` 的最大内存是 {new_max_mib} MiB。",
)
def maximum_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: the largest memory of `{guest}` is {new_max_mib} MiB."""
    yield host.domain(lab.guest).stored.shows(max_memory_mib=lab.new_max_mib)


@check(
    task="boot",
    points=2,
    zh="下次启动之后：`{guest}` 有 {boot_mib} MiB 内存。",
)
def memory_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: `{guest}` has {boot_mib} MiB of memory."""
    yield host.domain(lab.guest).stored.shows(memory_mib=lab.boot_mib)
