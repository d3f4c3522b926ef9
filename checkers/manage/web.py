"""manage-web: Cockpit for a colleague's browser, an account for it, and the URI for virt-manager."""

from kvmlab.checks import Findings, Host, Params, at_least, check, contains, matches, one_of

WOK = 8001  # where wok answers, if somebody has managed to install it
PAGE = "(?is).*(cockpit|wok|kimchi).*"


def wok_is_there(host: Host) -> bool:
    """Whether wok listens; then it is looked at in place of Cockpit."""
    return bool(host.listen(WOK).value("open"))


@check(task="console", points=2, zh="现在：Web 控制台在 {lan.ip} 上用 HTTPS 应答。")
def console_answers(host: Host, lab: Params) -> Findings:
    """Now: the web console answers over HTTPS at {lan.ip}."""
    port = WOK if wok_is_there(host) else lab.port
    yield host.web(f"https://{lab.lan.ip}:{port}/").shows(status=one_of(200, 302, 303), text=matches(PAGE, "Cockpit"))


@check(task="console", zh="宿主机重启之后：Web 控制台会再次应答。")
def console_answers_after_a_boot(host: Host, lab: Params) -> Findings:
    """After the host's next boot: the web console will answer again."""
    yield host.service("wokd" if wok_is_there(host) else "cockpit.socket").shows(enabled=True)
    if not wok_is_there(host):
        where = lab.lan.ip.replace(".", "[.]")
        form = matches(rf"(\[::\]|0[.]0[.]0[.]0|{where}):{lab.port}", f"{lab.lan.ip}:{lab.port}")
        yield host.service("cockpit.socket").shows(listens=contains(form))


@check(
    task="operator",
    points=2,
    zh="有账号 `{operator}`，它不是 root，有登录 shell，可以用密码登录，Cockpit 也让它进。",
)
def operator_can_log_in(host: Host, lab: Params) -> Findings:
    """There is an account `{operator}`, which is not root, has a login shell and a password, and Cockpit lets it in."""
    yield host.account(lab.operator).shows(password="set", uid=at_least(1), login_shell=True)
    if not wok_is_there(host):
        yield host.login("cockpit", lab.operator).shows(admitted=True)


@check(
    task="operator",
    points=0,
    guard=True,
    zh="Cockpit 不让 root 登录：`/etc/cockpit/disallowed-users` 里写着它，PAM 也不放行。",
)
def root_stays_locked_out(host: Host, lab: Params) -> Findings:
    """root stays locked out of Cockpit: `/etc/cockpit/disallowed-users` names it, and PAM does not let it in."""
    yield host.file("/etc/cockpit/disallowed-users").shows(lines=contains("root"))
    yield host.login("cockpit", "root").shows(admitted=False)  # what the list is worth, /etc/pam.d/cockpit says


@check(task="operator", zh="`{operator}` 可以管理虚拟机：它在 `libvirt` 组里。")
def operator_may_manage_guests(host: Host, lab: Params) -> Findings:
    """`{operator}` may manage guests: it is in the group `libvirt`."""
    yield host.account(lab.operator).shows(groups=contains("libvirt"))


@check(task="operate", points=2, zh="`{guest}` 正在运行。")
def guest_is_running(host: Host, lab: Params) -> Findings:
    """`{guest}` is running."""
    yield host.domain(lab.guest).shows(state="running")


@check(task="operate", zh="`{guest}` 随宿主机自动启动。")
def guest_starts_with_the_host(host: Host, lab: Params) -> Findings:
    """`{guest}` starts with the host."""
    yield host.domain(lab.guest).shows(autostart=True)


@check(task="operate", points=0, guard=True, zh="`{other}` 没有人动过：关着，也不自动启动。")
def other_guest_is_left_alone(host: Host, lab: Params) -> Findings:
    """Nobody has touched `{other}`: it is shut off, and does not start by itself."""
    yield host.domain(lab.other).shows(state="shut off", autostart=False)


@check(task="uri", points=3, zh="`{note}` 里是从别的电脑经 SSH 连到这台宿主机 libvirtd 的 URI。")
def uri_reaches_this_host(host: Host, lab: Params) -> Findings:
    """`{note}` has the URI that leads from another computer, over SSH, to the libvirtd of this host."""
    where = lab.lan.ip.replace(".", "[.]")
    form = rf"\s*qemu[+](ssh|libssh|libssh2)://(root@)?{where}(:22)?/system([?]\S*)?\s*"
    yield host.file(lab.note).shows(text=matches(form, f"qemu+ssh://root@{lab.lan.ip}/system"))
