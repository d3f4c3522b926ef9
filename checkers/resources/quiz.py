"""The answers of the chapter's live questions."""

from kvmlab.checks import Host, Params, answer


@answer("most-now")
def most_now(host: Host, lab: Params) -> object:
    """The live maximum of vCPUs, whatever the definition says by now."""
    return host.domain(lab.guest).live.value("max_vcpus")


@answer("thread-now")
def thread_now(host: Host, lab: Params) -> object:
    """The thread id of the vCPU that is to be set free."""
    threads = host.process(domain=lab.guest).value("vcpu_threads") or []
    free = int(lab.free)
    return threads[free] if free < len(threads) else None


@answer("balloon-now")
def balloon_now(host: Host, lab: Params) -> object:
    """What the balloon leaves the running guest, in MiB."""
    return host.domain(lab.guest).value("balloon_mib")


@answer("image-now")
def image_now(host: Host, lab: Params) -> object:
    """The virtual size of the data disk's image, in MiB."""
    return host.image_file(lab.data_path).value("virtual_size_mib")
