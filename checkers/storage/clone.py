"""storage-clone: a clone that shares nothing with its original, one of an overlay, and what they came from deleted."""

from kvmlab.checks import Findings, Host, Params, absent, check, filled, lacks, one_of, sha256

MIB = 1024**2


def golden(lab: Params) -> bytes:
    """What the original has in it."""
    return filled(lab.golden_text, lab.golden_mib * MIB)


def labelled(lab: Params) -> bytes:
    """The same with the label at its place."""
    content, label = golden(lab), f"{lab.label}\n".encode()
    return content[: lab.offset] + label + content[lab.offset + len(label) :]


def overlaid(line: str, mib: int) -> bytes:
    """What a guest reads from an overlay of the set-up: the base, but for its second mebibyte."""
    base = filled(line, mib * MIB)
    return base[:MIB] + b"\x2e" * MIB + base[2 * MIB :]


@check(task="clone", zh="存储池 `{pool}` 里有存储卷 `{clone}`，格式 raw，没有后端文件，不是链接。")
def clone_is_a_volume(host: Host, lab: Params) -> Findings:
    """The pool `{pool}` has a volume `{clone}`, raw: a file of its own, without a backing file."""
    yield host.volume(lab.pool, lab.clone).shows(path=lab.clone_path)
    yield host.image_file(lab.clone_path).shows(format="raw", backing=absent, own_file=True)


@check(task="clone", points=2, needs=[clone_is_a_volume], zh="`{clone}` 的内容来自 `{golden}`（有没有标签都行）。")
def clone_has_the_content(host: Host, lab: Params) -> Findings:
    """The content of `{clone}` is that of `{golden}` (with or without its label)."""
    either = one_of(sha256(golden(lab)), sha256(labelled(lab)))
    yield host.file(lab.clone_path).shows(sha256=either)


@check(task="label", points=0, guard=True, zh="`{golden}` 还在，内容没有变。")
def original_is_as_it_was(host: Host, lab: Params) -> Findings:
    """`{golden}` is still there, its content unchanged."""
    yield host.volume(lab.pool, lab.golden).shows(path=lab.golden_path)
    yield host.file(lab.golden_path).shows(sha256=sha256(golden(lab)))


@check(
    task="label",
    points=2,
    needs=[clone_is_a_volume],
    zh="`{clone}` 在 {offset} 字节处有自己的标签，其余与 `{golden}` 原来的内容相同。",
)
def clone_has_its_label(host: Host, lab: Params) -> Findings:
    """`{clone}` has its label {offset} bytes from the beginning; all else is as in `{golden}`."""
    yield host.file(lab.clone_path).shows(sha256=sha256(labelled(lab)))


@check(task="whole", points=2, zh="存储池 `{pool}` 里有存储卷 `{whole}`，格式 qcow2，没有后端文件，不是链接。")
def whole_stands_alone(host: Host, lab: Params) -> Findings:
    """The pool `{pool}` has a volume `{whole}`, qcow2: a file of its own, without a backing file."""
    yield host.volume(lab.pool, lab.whole).shows(path=lab.whole_path)
    # Until its next refresh, libvirt says of a clone what its original had.
    yield host.image_file(lab.whole_path).shows(format="qcow2", backing=absent, own_file=True)


@check(task="whole", needs=[whole_stands_alone], zh="从 `{whole}` 读到的内容，和原来从 `{thin}` 读到的一样。")
def whole_has_the_content(host: Host, lab: Params) -> Findings:
    """What a guest reads from `{whole}` is what it read from `{thin}`."""
    wanted = sha256(overlaid(lab.base_text, lab.base_mib))
    yield host.image_file(lab.whole_path).shows(content_sha256=wanted)


@check(task="delete", points=2, zh="文件 `{thin_path}` 和 `{base_path}` 都没有了，别处也没有它们的副本。")
def files_are_gone(host: Host, lab: Params) -> Findings:
    """The files `{thin_path}` and `{base_path}` are gone, and were not moved elsewhere."""
    for path in (lab.thin_path, lab.base_path):
        yield host.file(path).missing()
        yield host.file(path).remains.shows(names=[])


@check(task="delete", points=2, needs=[whole_stands_alone], zh="存储池 `{pool}` 不再列出存储卷 `{thin}` 和 `{base}`。")
def volumes_are_gone(host: Host, lab: Params) -> Findings:
    """The pool `{pool}` lists no volume `{thin}` or `{base}` any more."""
    yield host.pool(lab.pool).shows(volumes=lacks(lab.thin, lab.base))


@check(task="delete", points=0, guard=True, zh="`{thin_kept}` 仍架在 `{base_kept}` 上，两者都还在，内容没有变。")
def other_overlay_is_usable(host: Host, lab: Params) -> Findings:
    """`{thin_kept}` still rests on `{base_kept}`; both are there and unchanged."""
    base = f"{lab.pool_path}/{lab.base_kept}"
    whole = sha256(overlaid(lab.kept_text, lab.base_mib))
    yield host.image_file(lab.thin_kept_path).shows(backing=base, content_sha256=whole)
    yield host.image_file(base).shows(content_sha256=sha256(filled(lab.kept_text, lab.base_mib * MIB)))
