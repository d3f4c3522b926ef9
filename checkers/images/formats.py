"""images-formats: what an image promises a guest and what it takes from the host."""

from kvmlab.checks import Findings, Host, Matcher, Params, at_least, at_most, check, matches, sha256, sparse


def contents(lab: Params) -> str:
    """The sum of the archive as it was at the start."""
    return sha256(*sparse({mib: f"{lab.text} {mib}" for mib in (0, 7, 40)}, lab.archive_mib))


def line_about(host: Host, path: str) -> Matcher:
    """One line of the note about an image, and it tells the truth: name, format, size in MiB. It is not given away."""
    image, name = host.image_file(path), path.rpartition("/")[2]
    words = name, str(image.value("format")), str(image.value("virtual_size_mib"))
    form = r"(?i)" + r"[\s,:=]+".join(word.replace(".", "[.]") for word in words) + r"(\.0)?(\s*MI?B?)?"
    truth = matches(form, " ".join(words))

    def meets(found: object) -> bool:
        lines = found if isinstance(found, list) else []
        about = [line for line in lines if line.replace(":", " ").split()[0] == name]
        return len(about) == 1 and truth.meets(about[0])

    return Matcher(meets, lambda: f"{name} FORMAT MIB")


@check(task="create", points=2, zh="`{raw}` 的格式是 raw，{size_mib} MiB，是空的，几乎不占空间。")
def raw_is_made(host: Host, lab: Params) -> Findings:
    """The format of `{raw}` is raw, its size {size_mib} MiB; it is empty and takes next to nothing."""
    yield host.image_file(lab.raw).shows(
        format="raw", virtual_size_mib=lab.size_mib, actual_size_mib=at_most(1), blank=True, own_file=True
    )


@check(task="create", points=2, zh="`{qcow2}` 的格式是 qcow2，{size_mib} MiB，是空的，没有后端文件，几乎不占空间。")
def qcow2_is_made(host: Host, lab: Params) -> Findings:
    """The format of `{qcow2}` is qcow2, its size {size_mib} MiB; it is empty, complete, and takes next to nothing."""
    yield host.image_file(lab.qcow2).shows(
        format="qcow2",
        virtual_size_mib=lab.size_mib,
        actual_size_mib=at_most(1),
        blank=True,
        backing=None,
        own_file=True,
    )


@check(task="full", points=2, zh="`{full}` 的格式是 raw，{full_mib} MiB，空间全部占好了。")
def room_is_reserved(host: Host, lab: Params) -> Findings:
    """The format of `{full}` is raw, its size {full_mib} MiB, and all of its room is taken."""
    yield host.image_file(lab.full).shows(
        format="raw", virtual_size_mib=lab.full_mib, actual_size_mib=at_least(lab.full_mib), own_file=True
    )


@check(task="sparse", points=0, guard=True, zh="`{archive}` 原样不动：内容没有变，空间也全占着。")
def archive_is_as_it_was(host: Host, lab: Params) -> Findings:
    """`{archive}` is as it was: its contents, and all of its room."""
    yield host.file(lab.archive).shows(sha256=contents(lab))
    yield host.image_file(lab.archive).shows(actual_size_mib=at_least(lab.archive_mib))


@check(task="sparse", points=2, zh="`{thin}` 是 raw，内容和 `{archive}` 相同。")
def copy_has_the_same_contents(host: Host, lab: Params) -> Findings:
    """`{thin}` is raw and has the contents of `{archive}`."""
    yield host.image_file(lab.thin).shows(format="raw", own_file=True)
    yield host.file(lab.thin).shows(sha256=contents(lab))


@check(task="sparse", needs=[copy_has_the_same_contents], zh="`{thin}` 占的空间不超过 4 MiB。")
def copy_is_thin(host: Host, lab: Params) -> Findings:
    """`{thin}` takes at most 4 MiB."""
    yield host.image_file(lab.thin).shows(actual_size_mib=at_most(4))


@check(task="found", zh="`{note}` 里 `{first}` 的格式和大小写对了。")
def first_is_told(host: Host, lab: Params) -> Findings:
    """`{note}` tells the format and the size of `{first}`."""
    yield host.file(lab.note).shows(lines=line_about(host, lab.first))


@check(task="found", zh="`{note}` 里 `{second}` 的格式和大小写对了。")
def second_is_told(host: Host, lab: Params) -> Findings:
    """`{note}` tells the format and the size of `{second}`."""
    yield host.file(lab.note).shows(lines=line_about(host, lab.second))


@check(task="found", zh="`{note}` 里 `{third}` 的格式和大小写对了。")
def third_is_told(host: Host, lab: Params) -> Findings:
    """`{note}` tells the format and the size of `{third}`."""
    yield host.file(lab.note).shows(lines=line_about(host, lab.third))
