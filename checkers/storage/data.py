"""storage-data: four volumes whose bytes were fetched, put back, wiped and given more room; sums tell."""

from kvmlab.checks import Findings, Host, Params, absent, check, filled, sha256

MIB = 1024**2


@check(task="download", points=2, zh="文件 `{backup}` 的内容就是存储卷 `{photos}` 的全部内容。")
def backup_has_the_content(host: Host, lab: Params) -> Findings:
    """The file `{backup}` has the whole content of the volume `{photos}`."""
    size = lab.photos_mib * MIB
    yield host.file(lab.backup).shows(own_file=True, size_bytes=size, sha256=sha256(filled(lab.photos_text, size)))


@check(task="download", points=0, guard=True, zh="存储卷 `{photos}` 自己的内容没有变。")
def photos_are_as_they_were(host: Host, lab: Params) -> Findings:
    """The content of the volume `{photos}` itself has not changed."""
    yield host.file(lab.photos_path).shows(sha256=sha256(filled(lab.photos_text, lab.photos_mib * MIB)))


@check(task="download", points=0, guard=True, zh="存储卷 `{photos_decoy}` 的内容没有变。")
def other_photos_are_as_they_were(host: Host, lab: Params) -> Findings:
    """The content of the volume `{photos_decoy}` has not changed."""
    yield host.file(lab.photos_decoy_path).shows(sha256=sha256(filled(lab.decoy_text, lab.photos_mib * MIB)))


@check(task="upload", points=2, zh="存储卷 `{mail}` 的内容正是那份好副本，容量还是 {mail_mib} MiB。")
def mail_is_good_again(host: Host, lab: Params) -> Findings:
    """The volume `{mail}` holds the good copy, byte for byte, and still has a capacity of {mail_mib} MiB."""
    yield host.volume(lab.pool, lab.mail).shows(capacity_bytes=lab.mail_mib * MIB)
    yield host.file(lab.mail_path).shows(own_file=True, sha256=sha256(filled(lab.mail_text, lab.mail_mib * MIB)))


@check(task="wipe", points=3, zh="存储卷 `{secret}` 里只有零，容量还是 {secret_mib} MiB。")
def secret_is_wiped(host: Host, lab: Params) -> Findings:
    """There is nothing but zeros in the volume `{secret}`, and it still has a capacity of {secret_mib} MiB."""
    yield host.volume(lab.pool, lab.secret).shows(capacity_bytes=lab.secret_mib * MIB)
    yield host.file(lab.secret_path).shows(own_file=True, blank=True)


@check(task="wipe", points=0, guard=True, zh="宿主机上没有别的文件或存储卷装着 `{secret}` 原来的内容。")
def no_copy_of_the_secret(host: Host, lab: Params) -> Findings:
    """No other file or volume of the host holds what was in `{secret}`."""
    yield host.file(lab.secret_path).remains.shows(names=[])


@check(task="wipe", points=0, guard=True, zh="存储卷 `{secret_decoy}` 的内容没有变。")
def other_secret_is_as_it_was(host: Host, lab: Params) -> Findings:
    """The content of the volume `{secret_decoy}` has not changed."""
    yield host.file(lab.secret_decoy_path).shows(sha256=sha256(filled(lab.decoy_text, lab.secret_mib * MIB)))


@check(task="resize", points=2, zh="存储卷 `{logs}` 的容量是 {logs_new_mib} MiB。")
def logs_have_the_capacity(host: Host, lab: Params) -> Findings:
    """The capacity of the volume `{logs}` is {logs_new_mib} MiB."""
    yield host.volume(lab.pool, lab.logs).shows(capacity_bytes=lab.logs_new_mib * MIB)


@check(task="resize", needs=[logs_have_the_capacity], zh="存储卷 `{logs}` 原来的内容都在，它还是没有后端文件的 qcow2。")
def logs_are_still_in_it(host: Host, lab: Params) -> Findings:
    """All that was in the volume `{logs}` is still in it, and it is a qcow2 image without a backing file, as before."""
    new = bytes((lab.logs_new_mib - lab.logs_mib) * MIB)
    whole = sha256(filled(lab.logs_text, lab.logs_mib * MIB), new)
    yield host.image_file(lab.logs_path).shows(format="qcow2", backing=absent, content_sha256=whole)
