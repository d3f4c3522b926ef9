"""resources-cpu: vCPUs now, at the next start and at most, and how a guest sees them arranged."""

from kvmlab.checks import Findings, Host, Params, check


@check(task="live", points=2, zh="现在：正在运行的 `{guest}` 有 {live} 个 vCPU。")
def vcpus_now(host: Host, lab: Params) -> Findings:
    """Now: the running `{guest}` has {live} vCPUs."""
    yield host.domain(lab.guest).live.shows(vcpus=lab.live)


@check(task="boot", points=0, guard=True, zh="`{guest}` 没有重启过，也没有停下：还是开始时的那个 qemu 在跑。")
def guest_was_not_restarted(host: Host, lab: Params) -> Findings:
    """`{guest}` was not restarted, and has not stopped: it runs on in the qemu it had at the start."""
    yield host.domain(lab.guest).not_restarted()
    yield host.domain(lab.guest).shows(state="running")


@check(task="max", points=2, zh="下次启动之后：`{guest}` 最多可以有 {new_max} 个 vCPU。")
def maximum_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: `{guest}` can have up to {new_max} vCPUs."""
    yield host.domain(lab.guest).stored.shows(max_vcpus=lab.new_max)


@check(task="boot", points=2, zh="下次启动之后：`{guest}` 一上来就有 {boot} 个 vCPU。")
def vcpus_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: `{guest}` begins with {boot} vCPUs."""
    yield host.domain(lab.guest).stored.shows(vcpus=lab.boot)


@check(task="cores", points=2, zh="`{other}` 启动时有 {cores} 个 vCPU，最多也是这么多。")
def other_has_the_vcpus(host: Host, lab: Params) -> Findings:
    """`{other}` starts with {cores} vCPUs, and has no more at most."""
    yield host.domain(lab.other).stored.shows(vcpus=lab.cores, max_vcpus=lab.cores)


@check(task="cores", points=2, zh="`{other}` 看到的是一个插槽、{cores} 个核，每核一个线程。")
def other_has_one_socket(host: Host, lab: Params) -> Findings:
    """`{other}` sees one socket with {cores} cores of one thread each."""
    wanted = {"sockets": "1", "cores": str(lab.cores), "threads": "1"}
    yield host.domain(lab.other).stored.shows(cpu_topology=wanted)
