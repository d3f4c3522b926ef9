"""images-formats: what an image promises a guest and what it takes from the host."""

from kvmlab.checks import Findings, Host, Matcher, Params, at_least, at_most, check, contains, matches


def line_about(host: Host, path: str) -> Matcher:
    """A line of the note that tells the truth about an image: its name, its format, its size in MiB."""
    image = host.image_file(path)
    words = path.rpartition("/")[2], str(image.value("format")), str(image.value("virtual_size_mib"))
    return matches(r"(?i)" + r"[\s,:=]+".join(word.replace(".", "[.]") for word in words) + r"(\.0)?(\s*MI?B?)?")


@check(task="create", points=2, zh="`{raw}` 的格式是 raw，{size_mib} MiB，几乎不占空间。")
def raw_is_made(host: Host, lab: Params) -> Findings:
    """The format of `{raw}` is raw, its size {size_mib} MiB, and it takes next to nothing."""
    yield host.image_file(lab.raw).shows(format="raw", virtual_size_mib=lab.size_mib, actual_size_mib=at_most(1))


@check(task="create", points=2, zh="`{qcow2}` 的格式是 qcow2，{size_mib} MiB，几乎不占空间。")
def qcow2_is_made(host: Host, lab: Params) -> Findings:
    """The format of `{qcow2}` is qcow2, its size {size_mib} MiB, and it takes next to nothing."""
    yield host.image_file(lab.qcow2).shows(format="qcow2", virtual_size_mib=lab.size_mib, actual_size_mib=at_most(1))


@check(task="full", points=2, zh="`{full}` 的格式是 raw，{full_mib} MiB，空间全部占好了。")
def room_is_reserved(host: Host, lab: Params) -> Findings:
    """The format of `{full}` is raw, its size {full_mib} MiB, and all of its room is taken."""
    yield host.image_file(lab.full).shows(
        format="raw", virtual_size_mib=lab.full_mib, actual_size_mib=at_least(lab.full_mib)
    )


@check(task="sparse", points=2, zh="`{thin}` 是 raw，内容和 `{archive}` 相同。")
def copy_has_the_same_contents(host: Host, lab: Params) -> Findings:
    """`{thin}` is raw and has the contents of `{archive}`."""
    contents = host.file(lab.archive).value("sha256")
    yield host.image_file(lab.thin).shows(format="raw")
    yield host.file(lab.thin).shows(sha256=contents)


@check(task="sparse", needs=[copy_has_the_same_contents], zh="`{thin}` 占的空间不超过 4 MiB。")
def copy_is_thin(host: Host, lab: Params) -> Findings:
    """`{thin}` takes at most 4 MiB."""
    yield host.image_file(lab.thin).shows(actual_size_mib=at_most(4))


@check(task="found", zh="`{note}` 里 `{first}` 的格式和大小写对了。")
def first_is_told(host: Host, lab: Params) -> Findings:
    """`{note}` tells the format and the size of `{first}`."""
    yield host.file(lab.note).shows(lines=contains(line_about(host, lab.first)))


@check(task="found", zh="`{note}` 里 `{second}` 的格式和大小写对了。")
def second_is_told(host: Host, lab: Params) -> Findings:
    """`{note}` tells the format and the size of `{second}`."""
    yield host.file(lab.note).shows(lines=contains(line_about(host, lab.second)))


@check(task="found", zh="`{note}` 里 `{third}` 的格式和大小写对了。")
def third_is_told(host: Host, lab: Params) -> Findings:
    """`{note}` tells the format and the size of `{third}`."""
    yield host.file(lab.note).shows(lines=contains(line_about(host, lab.third)))
