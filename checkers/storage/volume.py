"""storage-volume: a volume half reserved, a thin one, one that came as a file, and the papers of another."""

from kvmlab.checks import Findings, Host, Params, absent, as_seen, at_most, between, check, contains, sha256

MIB = 1024**2
PAGE = 64 * 1024  # a filesystem may take some blocks more than it was asked for


@check(task="half", zh="存储池 `{pool}` 里有存储卷 `{half}`：格式 raw，容量正好 {half_mib} MiB。")
def half_has_the_capacity(host: Host, lab: Params) -> Findings:
    """The pool `{pool}` has a volume `{half}`: raw, with a capacity of {half_mib} MiB to the byte."""
    yield host.volume(lab.pool, lab.half).shows(format="raw", capacity_bytes=lab.half_mib * MIB)
    # Until its next refresh, libvirt says of a file what it was when the volume was made.
    image = host.image_file(f"{lab.pool_path}/{lab.half}")
    yield image.shows(format="raw", virtual_size_bytes=lab.half_mib * MIB, own_file=True)


@check(task="half", points=2, needs=[half_has_the_capacity], zh="存储卷 `{half}` 现在分配了 {half_now_mib} MiB。")
def half_has_the_allocation(host: Host, lab: Params) -> Findings:
    """{half_now_mib} MiB are allocated to the volume `{half}` now."""
    now = lab.half_now_mib * MIB
    yield host.volume(lab.pool, lab.half).shows(allocation_bytes=between(now, now + PAGE))


@check(task="thin", zh="存储池 `{pool}` 里有存储卷 `{thin}`，格式 qcow2，没有后端文件。")
def thin_is_qcow2(host: Host, lab: Params) -> Findings:
    """The pool `{pool}` has a volume `{thin}`, in the format qcow2, without a backing file."""
    yield host.volume(lab.pool, lab.thin).shows(format="qcow2")
    yield host.image_file(f"{lab.pool_path}/{lab.thin}").shows(format="qcow2", own_file=True, backing=absent)


@check(task="thin", needs=[thin_is_qcow2], zh="存储卷 `{thin}` 的容量正好是 {thin_gib} GiB。")
def thin_has_the_capacity(host: Host, lab: Params) -> Findings:
    """The capacity of the volume `{thin}` is {thin_gib} GiB, to the byte."""
    yield host.volume(lab.pool, lab.thin).shows(capacity_bytes=lab.thin_gib * 1024 * MIB)


@check(task="thin", needs=[thin_is_qcow2], zh="存储卷 `{thin}` 的已分配空间不超过 512 KiB。")
def thin_takes_little(host: Host, lab: Params) -> Findings:
    """At most 512 KiB are allocated to the volume `{thin}`."""
    yield host.volume(lab.pool, lab.thin).shows(allocation_bytes=at_most(MIB // 2))


@check(task="arrived", points=2, zh="libvirt 在存储池 `{pool}` 里列出存储卷 `{arrived}`。")
def arrived_is_listed(host: Host, lab: Params) -> Findings:
    """libvirt lists a volume `{arrived}` in the pool `{pool}`."""
    yield host.pool(lab.pool).shows(volumes=contains(lab.arrived))


@check(task="arrived", needs=[arrived_is_listed], zh="存储卷 `{arrived}` 的格式是 qcow2，和送来时一样。")
def arrived_has_its_format(host: Host, lab: Params) -> Findings:
    """The volume `{arrived}` has the format qcow2, as it arrived."""
    yield host.volume(lab.pool, lab.arrived).shows(format="qcow2")
    yield host.image_file(lab.arrived_path).shows(format="qcow2")  # libvirt's word is as old as its last refresh


@check(
    task="arrived",
    needs=[arrived_is_listed],
    zh="从存储卷 `{arrived}` 读到的 {arrived_mib} MiB，和送来的镜像一样；它自成一体，不依赖别的文件。",
)
def arrived_has_its_content(host: Host, lab: Params) -> Findings:
    """What a guest reads from the volume `{arrived}`, {arrived_mib} MiB, is what arrived; it needs no other file."""
    content = bytes(MIB), b"\x2e" * MIB, bytes((lab.arrived_mib - 2) * MIB)
    yield host.image_file(lab.arrived_path).shows(content_sha256=sha256(*content), backing=absent)
    yield host.file(lab.arrived_path).shows(target=absent)


@check(task="report", points=0, guard=True, zh="存储池 `{pool}` 里的存储卷 `{known}` 还在，容量 {known_mib} MiB。")
def known_volume_is_there(host: Host, lab: Params) -> Findings:
    """The volume `{known}` is still in the pool `{pool}`, with its {known_mib} MiB."""
    yield host.volume(lab.pool, lab.known).shows(capacity_bytes=lab.known_mib * MIB)


@check(task="report", points=2, needs=[known_volume_is_there], zh="`{report}` 里有它的 key 和路径。")
def report_names_the_volume(host: Host, lab: Params) -> Findings:
    """`{report}` has its key and its path."""
    volume = host.volume(lab.pool, lab.known)
    yield host.note(lab.report, "key").shows(text=as_seen(volume.value("key")))
    yield host.note(lab.report, "path").shows(text=as_seen(volume.value("path")))


@check(
    task="report",
    points=2,
    needs=[known_volume_is_there],
    zh="`{report}` 里有它的容量和分配，以字节为单位，只写数字。",
)
def report_has_the_sizes(host: Host, lab: Params) -> Findings:
    """`{report}` has its capacity and its allocation, in bytes, as bare numbers."""
    volume = host.volume(lab.pool, lab.known)
    yield host.note(lab.report, "capacity").shows(text=as_seen(str(volume.value("capacity_bytes"))))
    yield host.note(lab.report, "allocation").shows(text=as_seen(str(volume.value("allocation_bytes"))))
