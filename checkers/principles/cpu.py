"""principles-cpu: another CPU model, and the process, thread and accelerator behind a guest."""

from kvmlab.checks import Findings, Host, Matcher, Params, as_seen, check, one_of

ACCELERATORS = {"kvm": "kvm", "qemu": "tcg"}  # of libvirt's domain types


def wanted(lab: Params) -> Matcher:
    """The model, or the same one by its full name: without a version qemu takes the first."""
    return one_of(lab.model, f"{lab.model}-v1")


@check(task="model", zh="下次启动之后：保存的配置里，处理器型号是 {model}。")
def model_is_stored(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition the CPU model is {model}."""
    yield host.domain(lab.guest).stored.shows(cpu_model=wanted(lab))


@check(
    task="model",
    points=2,
    zh="现在：正在运行的 `{guest}` 的处理器型号是 {model}。",
)
def model_is_running(host: Host, lab: Params) -> Findings:
    """Now: the running `{guest}` has a CPU of the model {model}."""
    yield host.domain(lab.guest).live.shows(cpu_model=wanted(lab))


@check(task="model", needs=[model_is_running], zh="`{notes}` 里记下了虚拟机眼里处理器的名字。")
def name_of_the_model_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` has the processor's name as the guest knows it."""
    seen = host.guest(lab.guest, address=lab.start_address).cpus().value("model")
    yield host.note(lab.notes, "model").shows(text=as_seen(seen))


@check(task="process", points=2, needs=[model_is_running], zh="`{notes}` 里记下了 `{guest}` 现在的 qemu 的进程号。")
def process_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` has the process id of the qemu that `{guest}` has now."""
    yield host.note(lab.notes, "pid").shows(number=as_seen(host.process(domain=lab.guest).value("pid")))


@check(task="process", points=2, needs=[model_is_running], zh="`{notes}` 里记下了 vCPU 的线程号。")
def thread_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` has the thread id of its virtual processor."""
    threads = host.process(domain=lab.guest).value("vcpu_threads")
    yield host.note(lab.notes, "vcpu").shows(number=as_seen(threads[0] if threads else None))


@check(task="accelerator", zh="`{notes}` 里记下了加速器。")
def accelerator_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` names the accelerator."""
    used = host.domain(lab.guest).live.value("type")
    yield host.note(lab.notes, "accelerator").shows(text=as_seen(ACCELERATORS.get(str(used))))


@check(task="accelerator", zh="`{notes}` 里记下了域的类型。")
def type_is_noted(host: Host, lab: Params) -> Findings:
    """`{notes}` names the domain's type."""
    yield host.note(lab.notes, "type").shows(text=as_seen(host.domain(lab.guest).live.value("type")))
