"""manage-batch: five guests from one template, each with what is its own, and a script that has nothing left to do."""

from kvmlab.checks import (
    Findings,
    Host,
    Params,
    all_of,
    at_least,
    check,
    contains,
    count,
    exactly,
    matches,
    not_,
    one_of,
)

COUNT = 5


def names(lab: Params) -> list[str]:
    """The five guests."""
    return [f"{lab.prefix}{number}" for number in range(1, COUNT + 1)]


def states(lab: Params) -> dict[str, str]:
    """The state of each: the first runs, the second is paused."""
    return dict(zip(names(lab), ["running", "paused", *["shut off"] * (COUNT - 2)], strict=True))


def runs(host: Host, name: str) -> bool:
    """Whether the guest has a qemu, which may be another one than is stored."""
    return host.domain(name).value("state") in ("running", "paused")


@check(task="guests", zh="虚拟机正好是 `{template}` 和 `{prefix}1` 到 `{prefix}5`，都是持久的。")
def just_these_guests(host: Host, lab: Params) -> Findings:
    """The guests are just `{template}` and `{prefix}1` to `{prefix}5`, all of them persistent."""
    all_of_them = [lab.template, *names(lab)]
    yield host.domains().shows(names=all_of_them, persistent=all_of_them)


@check(
    task="guests", zh="五台虚拟机每台有 {memory_mib} MiB 内存，开着的和保存的都是；有一块网卡，在网络 `default` 上。"
)
def guests_have_memory_and_network(host: Host, lab: Params) -> Findings:
    """Each of the five has {memory_mib} MiB of memory, running and stored, and one NIC, on the network `default`."""
    for name in names(lab):
        stored, live = host.domain(name).stored, host.domain(name).live
        yield host.domain(name).shows(memory_mib=lab.memory_mib)
        for view in (stored, live) if runs(host, name) else (stored,):
            yield view.shows(memory_mib=lab.memory_mib, interfaces=count(1))
            yield view.interface(index=0).shows(type="network", source="default")
        if runs(host, name):
            tap = str(live.interface(index=0).value("target"))
            yield host.link(tap).shows(master=host.network("default").value("bridge"))


@check(task="guests", zh="每台虚拟机的 MAC 地址都是自己的。")
def each_has_its_own_mac(host: Host, lab: Params) -> Findings:
    """Each guest has a MAC address of its own."""
    macs = {name: host.domain(name).stored.interface(index=0).value("mac") for name in [lab.template, *names(lab)]}
    for name in names(lab):
        others = [mac for other, mac in macs.items() if other != name and mac]
        yield host.domain(name).stored.interface(index=0).shows(mac=not_(one_of(*others)))
        if runs(host, name):
            yield host.domain(name).live.interface(index=0).shows(mac=not_(one_of(*others)))


@check(task="guests", zh="每台虚拟机的磁盘都是自己的文件，并且按它的格式读取。")
def each_has_its_own_disk(host: Host, lab: Params) -> Findings:
    """The disk of each guest is a file of its own, read in its format."""
    files = {name: host.domain(name).stored.disk(index=0).value("source") for name in names(lab)}
    for name in names(lab):
        others = [lab.base, *(file for other, file in files.items() if other != name and file)]
        kind = host.image_file(files[name]).true_format("qcow2") if files[name] else "qcow2"
        yield host.domain(name).stored.disk(index=0).shows(source=not_(one_of(*others)), format=kind)
        if files[name] and runs(host, name):
            yield host.domain(name).live.disk(index=0).shows(source=files[name], format=kind, open_in_qemu=True)


@check(
    task="guests",
    needs=[each_has_its_own_disk],
    zh="每块磁盘里都是模板的系统：按模板的格式叠在它上面的叠加层，或者完整的副本。",
)
def disks_have_the_system(host: Host, lab: Params) -> Findings:
    """On each disk is the template's system: it is an overlay on it, told its format, or a whole copy."""
    base = host.image_file(lab.base)
    whole = base.value("actual_size_mib") or 2
    for name in names(lab):
        image = host.image_file(str(host.domain(name).stored.disk(index=0).value("source")))
        # An overlay may be empty itself, but must know what it lies on; what stands alone has to hold as much as a
        # system does, which compressed is a half or a third.
        if image.value("backing") == lab.base:
            yield image.shows(backing_format=base.value("format"))
        else:
            there = base.value("filesystems") or []
            yield image.shows(actual_size_mib=at_least(whole / 4), filesystems=exactly(*there))


@check(task="states", points=2, zh="`{prefix}1` 正在运行，`{prefix}2` 暂停，其余三台关着，没有保存的内存。")
def guests_are_in_their_states(host: Host, lab: Params) -> Findings:
    """`{prefix}1` is running, `{prefix}2` is paused, the other three are shut off, without a saved memory."""
    for name, state in states(lab).items():
        yield host.domain(name).shows(state=state, managed_save=False)


@check(task="states", points=2, zh="宿主机开机后自动启动的是 `{prefix}1` 和 `{prefix}2`，没有别的。")
def two_start_by_themselves(host: Host, lab: Params) -> Findings:
    """`{prefix}1` and `{prefix}2` start by themselves after a boot of the host, and no other guest does."""
    yield host.domains().shows(autostart=names(lab)[:2])


@check(task="again", points=2, zh="`{script}` 是可执行的脚本，里面的程序会找 libvirt 干活，并写下 `created=…`。")
def script_is_executable(host: Host, lab: Params) -> Findings:
    """`{script}` is an executable script, a program that has libvirt do the work and writes `created=…`."""
    # What it does is seen by what stands there; but that has to be the work of a program that speaks with libvirt.
    form = r"(?s)#!\s*/\S+.*\n[^\n#]*\b(virsh|libvirt|virt-install|virt-clone|virt-xml)\b.*"
    program = all_of(matches(form, "#!/bin/bash\nvirsh list"), contains("created"), contains("changed"))
    yield host.file(lab.script).shows(kind="file", mode=matches("0?[1357][0-7]{2}", "0755"), text=program)


@check(task="again", points=4, needs=[just_these_guests], zh="`{log}` 记着：先是新建了虚拟机，最后一次什么也不用做。")
def last_run_had_nothing_to_do(host: Host, lab: Params) -> Findings:
    """`{log}` tells of a run that created guests, and its last line of one that had nothing to do."""
    form = r"(?s)(.*\n)?created=[1-9]\d* changed=\d+[ \t]*\n(.*\n)?created=0 changed=0\s*"
    yield host.file(lab.log).shows(text=matches(form, "created=3 changed=0\ncreated=0 changed=0"))
