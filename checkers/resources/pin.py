"""resources-pin: the thread of a vCPU, the right vCPU pinned, and the wrong one set free."""

from kvmlab.checks import Findings, Host, Matcher, Params, as_seen, check, contains, lacks, show


def members(cpuset: str) -> set[int]:
    """The CPUs in a list such as "0-2,5", as libvirt writes it."""
    found: set[int] = set()
    for part in cpuset.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def anywhere(host: Host, lab: Params, pins: dict[str, str] | None) -> Matcher:
    """No pin for the vCPU to be free, or one to as many CPUs as the host has (that is how virsh takes a pin back)."""
    free = str(lab.free)
    said = (pins or {}).get(free)
    if said and len(members(said)) >= int(host.cpu().value("count") or 1):
        return contains({free: said})
    return lacks(free)


def on_any_cpu(host: Host, lab: Params) -> Matcher:
    """The thread of the vCPU to be free may run on as many CPUs as the host has."""
    free, cpus = str(lab.free), int(host.cpu().value("count") or 1)

    def meets(found: object) -> bool:
        where = found.get(free) if isinstance(found, dict) else None
        return bool(where) and len(members(str(where))) >= cpus

    return Matcher(meets, lambda: show({free: f"0-{cpus - 1}" if cpus > 1 else "0"}))


@check(task="thread", points=2, zh="`{note}` 里写着 `{guest}` 的 vCPU {pinned} 的线程号。")
def note_names_the_thread(host: Host, lab: Params) -> Findings:
    """`{note}` holds the thread id of vCPU {pinned} of `{guest}`."""
    threads = host.process(domain=lab.guest).value("vcpu_threads") or []
    seen = threads[lab.pinned] if lab.pinned < len(threads) else None
    yield host.note(lab.note, "thread").shows(number=as_seen(seen))


@check(task="pin", points=2, zh="现在：正在运行的 `{guest}` 的 vCPU {pinned} 只绑定在宿主机的 CPU {cpu} 上。")
def vcpu_is_pinned_now(host: Host, lab: Params) -> Findings:
    """Now: vCPU {pinned} of the running `{guest}` is pinned to the host's CPU {cpu} alone."""
    pinned = contains({str(lab.pinned): str(lab.cpu)})
    yield host.domain(lab.guest).live.shows(vcpu_pins=pinned)
    yield host.process(domain=lab.guest).shows(vcpu_cpus=pinned)  # taskset(1) goes past libvirt


@check(task="pin", points=2, zh="下次启动之后：`{guest}` 保存的配置里，vCPU {pinned} 也只绑定在 CPU {cpu} 上。")
def vcpu_is_pinned_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{guest}`, too, vCPU {pinned} is pinned to CPU {cpu} alone."""
    yield host.domain(lab.guest).stored.shows(vcpu_pins=contains({str(lab.pinned): str(lab.cpu)}))


@check(task="free", zh="现在：正在运行的 `{guest}` 的 vCPU {free} 可以在任何 CPU 上跑。")
def other_vcpu_is_free_now(host: Host, lab: Params) -> Findings:
    """Now: vCPU {free} of the running `{guest}` may run on any CPU."""
    live = host.domain(lab.guest).live
    yield live.shows(vcpu_pins=anywhere(host, lab, live.value("vcpu_pins")))
    yield host.process(domain=lab.guest).shows(vcpu_cpus=on_any_cpu(host, lab))


@check(task="free", zh="下次启动之后：`{guest}` 的 vCPU {free} 也可以在任何 CPU 上跑。")
def other_vcpu_is_free_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: vCPU {free} of `{guest}` may run on any CPU, too."""
    stored = host.domain(lab.guest).stored
    yield stored.shows(vcpu_pins=anywhere(host, lab, stored.value("vcpu_pins")))
