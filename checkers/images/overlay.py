"""images-overlay: two guests on one base that nobody writes to, and a disk back in the state of the right snapshot."""

from kvmlab.checks import Findings, Host, Params, all_of, at_least, check, contains, count, lacks

SNAPSHOTS = ("monday", "tuesday", "wednesday")


def runs_from(host: Host, guest: str, overlay: str) -> Findings:
    """The guest is running, not paused, from this disk, and has got as far as DHCP: a lease may be an old one's."""
    yield host.domain(guest).shows(state="running")
    live = host.domain(guest).live
    nic = live.interface(index=0)
    yield live.disk(index=0).shows(source=overlay, format="qcow2", open_in_qemu=True)
    yield nic.shows(addresses=count(at_least(1)))
    for address in nic.value("addresses") or []:
        yield host.reach(address.partition("/")[0]).shows(answers=True, mac=nic.value("mac"))


@check(task="overlays", points=0, guard=True, zh="底层镜像 `{base}` 一个字节也没有变。")
def base_is_untouched(host: Host, lab: Params) -> Findings:
    """The base `{base}` is as it was, to the byte."""
    yield host.file(lab.sums).as_at_start()  # else the base could be written to, and its sum noted anew
    noted = str(host.file(lab.sums).value("text") or "").split()
    yield host.file(lab.base).shows(sha256=noted[0] if noted else None)


@check(task="overlays", points=2, zh="`{overlay}` 是叠在 `{base}` 上的 qcow2，并且记下了它的格式。")
def overlay_is_on_the_base(host: Host, lab: Params) -> Findings:
    """`{overlay}` is a qcow2 overlay on `{base}`, whose format is written down in it."""
    yield host.image_file(lab.overlay).shows(format="qcow2", backing=lab.base, backing_format="qcow2")


@check(task="overlays", zh="`{second_overlay}` 是叠在 `{base}` 上的 qcow2，并且记下了它的格式。")
def second_overlay_is_on_the_base(host: Host, lab: Params) -> Findings:
    """`{second_overlay}` is a qcow2 overlay on `{base}`, whose format is written down in it."""
    yield host.image_file(lab.second_overlay).shows(format="qcow2", backing=lab.base, backing_format="qcow2")


@check(task="guests", zh="`{guest}` 正在运行，用的是 `{overlay}`，已经开机，在拿到的地址上应答。")
def guest_runs_from_its_overlay(host: Host, lab: Params) -> Findings:
    """`{guest}` runs from `{overlay}`, has booted and answers at the address it has got."""
    yield from runs_from(host, lab.guest, lab.overlay)


@check(task="guests", zh="`{second}` 正在运行，用的是 `{second_overlay}`，已经开机，在拿到的地址上应答。")
def second_runs_from_its_overlay(host: Host, lab: Params) -> Findings:
    """`{second}` runs from `{second_overlay}`, has booted and answers at the address it has got."""
    yield from runs_from(host, lab.second, lab.second_overlay)


@check(
    task="guests",
    points=2,
    zh="`{second}` 是持久的，下次启动还用 `{second_overlay}`，MAC 地址是自己的，其余和 `{guest}` 一样。",
)
def second_is_a_guest_of_its_own(host: Host, lab: Params) -> Findings:
    """`{second}` is persistent, with `{second_overlay}` at its next start, too, and a MAC address of its own; apart
    from that it is like `{guest}`.
    """
    second, model = host.domain(lab.second), host.domain(lab.guest).stored
    nic = model.interface(index=0)
    runs = second.value("state") != "shut off"
    for view in (second.stored, second.live) if runs else (second.stored,):
        yield view.shows(
            interfaces=all_of(count(1), lacks(lab.guest_mac, lab.books_mac)), disks=count(1),
            memory_mib=model.value("memory_mib"), max_memory_mib=model.value("max_memory_mib"),
            vcpus=model.value("vcpus"), max_vcpus=model.value("max_vcpus"),
        )  # fmt: skip
        yield view.disk(index=0).shows(source=lab.second_overlay, format="qcow2")
        same = {"type": nic.value("type"), "source": nic.value("source"), "model": nic.value("model")}
        yield view.interface(index=0).shows(**same)


@check(task="revert", points=3, zh="`{ledger}` 的内容就是审计员记下的那一份，SHA-256 为 {right_sum}。")
def ledger_is_right_again(host: Host, lab: Params) -> Findings:
    """The contents of `{ledger}` are those the auditor knows, with the SHA-256 sum {right_sum}."""
    yield host.image_file(lab.ledger).shows(content_sha256=lab.right_sum)


@check(task="revert", points=0, guard=True, zh="`{books}` 的三个快照都还在：libvirt 里有，`{ledger}` 里面也有。")
def snapshots_are_kept(host: Host, lab: Params) -> Findings:
    """The three snapshots of `{books}` are still there: libvirt knows them, and they are in `{ledger}`."""
    yield host.domain(lab.books).shows(snapshots=contains(*SNAPSHOTS))
    yield host.image_file(lab.ledger).shows(snapshots=contains(*SNAPSHOTS))
    yield host.image_file(lab.ledger).snapshot(lab.right).shows(content_sha256=lab.right_sum)


@check(
    task="snapshot",
    points=2,
    needs=[ledger_is_right_again],
    zh="`{books}` 有快照 `{checked}`，保存着正确的内容，父快照是恢复到的那一个。",
)
def good_state_is_kept(host: Host, lab: Params) -> Findings:
    """`{books}` has a snapshot `{checked}` of the right contents, a child of the one it was reverted to."""
    yield host.snapshot(lab.books, lab.checked).shows(parent=lab.right)
    # What libvirt lists is its own note; the state itself is in the image, from which others can take it.
    yield host.image_file(lab.ledger).snapshot(lab.checked).shows(content_sha256=lab.right_sum)
