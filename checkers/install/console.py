"""install-console: a serial line with all three of its parts, now and after a reboot."""

from kvmlab.checks import (
    Findings,
    Guest,
    Host,
    Params,
    check,
    contains,
    expect,
    matches,
    one_of,
    same_content,
)

LINE = "/dev/ttyS0"
BOOT = "/boot/syslinux.cfg"
WAITING = r"^(\S*/)?(busybox )?getty\s.*\bttyS0\b"
OPTIONS = ("-f", "-H", "-I", "-l", "-t")  # of busybox' getty: a value comes after these


def inside(host: Host, lab: Params) -> Guest:
    """The guest, where it has been from the start."""
    return host.guest(lab.guest, address=lab.start_address)


def booted(text: str) -> dict[str, list[str]]:
    """What SYSLINUX boots: keyword to words of its default label, of which the last line of each counts."""
    default, label = "", ""
    given: dict[str, dict[str, list[str]]] = {}
    for keyword, *words in filter(None, map(str.split, text.splitlines())):
        if keyword.upper() == "DEFAULT" and words:
            default = words[0]
        elif keyword.upper() == "LABEL" and words:
            label = words[0]
        else:
            given.setdefault(label, {})[keyword.upper()] = words
    return given.get(default, {})


def getty_on(terminal: str, line: str) -> str:
    """The program of a line of inittab that keeps a getty on `terminal`; "" where it does not.

    busybox' init runs the fourth field on the terminal that the first one names.
    """
    place, _, action, command = (line.split(":", 3) + [""] * 3)[:4]
    program, *words = command.lstrip("-").split() or [""]
    name = words.pop(0) if words and program.endswith("busybox") else program.rpartition("/")[2]
    fits = place.removeprefix("/dev/") in ("", terminal) and action in ("respawn", "askfirst") and name == "getty"
    return program if fits and speaks_on(terminal, words) else ""


def taken_by(terminal: str, line: str) -> str:
    """What else a line of inittab keeps on `terminal`, where it takes the letters away; "" where it does not."""
    place, _, action, command = (line.split(":", 3) + [""] * 3)[:4]
    takes = place.removeprefix("/dev/") == terminal and action in ("respawn", "askfirst")
    return command if takes and not getty_on(terminal, line) else ""


def speaks_on(terminal: str, words: list[str]) -> bool:
    """Whether these arguments give a getty of busybox a speed and `terminal`; it takes the two in any order."""
    bare = [word for before, word in zip(["", *words], words, strict=False) if word[0] != "-" and before not in OPTIONS]
    speeds = [word for word in bare[:2] if word.replace(",", "").isdigit()]
    return len(speeds) == 1 and bool({terminal, f"/dev/{terminal}"} & set(bare[:2]))


@check(task="login", points=0, guard=True, zh="正在运行的 `{guest}` 有一个串口控制台，在第一个串口上。")
def guest_runs_with_a_port(host: Host, lab: Params) -> Findings:
    """The running `{guest}` has a serial console, on its first port."""
    yield host.domain(lab.guest).live.console().shows(target_type="serial", port=0)


@check(task="login", points=2, needs=[guest_runs_with_a_port], zh="现在：`{guest}` 里有一个 getty 等在 ttyS0 上。")
def getty_waits_now(host: Host, lab: Params) -> Findings:
    """Now: a getty waits on ttyS0 in `{guest}`."""
    yield inside(host, lab).process(WAITING, "getty ttyS0").shows(count=1)  # two take each other's letters away


@check(task="boot", points=2, needs=[guest_runs_with_a_port], zh="开机之后：`{guest}` 自己在 ttyS0 上启动 getty。")
def getty_starts_at_boot(host: Host, lab: Params) -> Findings:
    """After a boot: `{guest}` starts a getty on ttyS0 by itself."""
    inittab = inside(host, lab).file("/etc/inittab")
    lines = dict.fromkeys(inittab.value("lines") or [])  # the same line twice is one to busybox' init
    found = " ".join(filter(None, (getty_on("ttyS0", line) or taken_by("ttyS0", line) for line in lines)))
    program = matches(r"\S+", "/sbin/getty")
    yield expect("/etc/inittab", "getty", found or None, program, f"ssh {lab.guest} cat /etc/inittab")
    if found.startswith("/"):
        yield inside(host, lab).file(found).shows(kind=one_of("file", "link"))


@check(task="kernel", points=2, needs=[guest_runs_with_a_port], zh="开机之后：`{guest}` 的内核除了屏幕也写到 ttyS0。")
def kernel_speaks_at_boot(host: Host, lab: Params) -> Findings:
    """After a boot: the kernel of `{guest}` writes its messages to the screen and to ttyS0."""
    what = booted(inside(host, lab).file(BOOT).value("text") or "")
    found = what.get("APPEND", [])
    wanted = contains(matches(r"console=tty\d+", "console=tty0"), matches(r"console=ttyS0(,\w+)?", "console=ttyS0"))
    yield expect(BOOT, "APPEND", found, wanted, f"ssh {lab.guest} cat {BOOT}")
    for name in (*what.get("KERNEL", []), *what.get("INITRD", [])):  # without them there is no next boot
        yield inside(host, lab).file(f"/boot/{name.removeprefix('/boot/').lstrip('/')}").shows(kind="file")


@check(task="device", points=2, zh="下次启动之后：`{guest}` 保存的配置里有第一个串口，控制台在它上面，类型 pty。")
def port_is_stored(host: Host, lab: Params) -> Findings:
    """After the next start: the stored definition of `{guest}` has the first serial port, a console on it, type pty."""
    yield host.domain(lab.guest).stored.console().shows(type="pty", target_type="serial", port=0)


@check(task="use", points=2, needs=[guest_runs_with_a_port], zh="`{guest}` 里的文件 `{note}` 说明有人从串口登录过。")
def console_was_used(host: Host, lab: Params) -> Findings:
    """The file `{note}` in `{guest}` tells that somebody was logged in on the serial line."""
    yield inside(host, lab).file(lab.note).shows(text=same_content(LINE))
