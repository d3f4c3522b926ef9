"""tiny-note: a file with a line in it, and a bridge."""

from kvmlab.checks import Findings, Host, Params, check, same_content


@check(task="note", zh="有文件 `{note}`。")
def note_is_there(host: Host, lab: Params) -> Findings:
    """There is a file `{note}`."""
    yield host.file(lab.note).shows(kind="file")


@check(task="note", needs=[note_is_there], zh="`{note}` 里正好是那一行。")
def note_says_the_line(host: Host, lab: Params) -> Findings:
    """`{note}` says just that line."""
    yield host.file(lab.note).shows(text=same_content(lab.line))


@check(task="bridge", points=2, zh="有启用了的、打开 STP 的网桥 `{bridge}`。")
def bridge_is_up_with_stp(host: Host, lab: Params) -> Findings:
    """There is a bridge `{bridge}`, up and with STP."""
    yield host.link(lab.bridge).shows(kind="bridge", stp=True, up=True)


@check(task="note", points=0, guard=True, zh="文件 `{kept}` 还在，还是原来的样子。")
def kept_file_is_there(host: Host, lab: Params) -> Findings:
    """The file `{kept}` is still there, as it was."""
    yield host.file(lab.kept).shows(kind="file", target=None, text=same_content(lab.kept_line))
