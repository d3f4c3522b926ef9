"""network-default: the values of the network `default` read and noted; what is inactive, transient, autostarted."""

from kvmlab.checks import Findings, Host, Matcher, Params, all_of, check, contains, lacks, matches

SPECIAL = ".^$*+?{}[]\\|()"


def literal(text: str) -> str:
    """The text as a regular expression that fits it alone."""
    return "".join(f"\\{one}" if one in SPECIAL else one for one in text)


def answer(name: str, value: object) -> Matcher:
    """A line `name=value` (blanks do not matter), and no other line for the same name. It does not tell the value."""
    right = rf"{name}\s*=\s*{literal(str(value or '?'))}(/\d+)?"
    both = all_of(contains(matches(right)), lacks(matches(rf"(?!{right}$){name}\s*=.*")))
    return Matcher(both.meets, lambda: f"{name}=…")


@check(task="read", zh="`{note}` 里写对了 `default` 的网桥：`bridge=…`。")
def bridge_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the bridge of `default`: `bridge=…`."""
    yield host.file(lab.note).shows(lines=answer("bridge", host.network("default").value("bridge")))


@check(task="read", zh="`{note}` 里写对了 `default` 的转发模式：`forward=…`。")
def forward_mode_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the forward mode of `default`: `forward=…`."""
    yield host.file(lab.note).shows(lines=answer("forward", host.network("default").value("forward")))


@check(task="read", zh="`{note}` 里写对了宿主机在 `default` 里的地址：`host=…`。")
def host_address_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the host's address in `default`: `host=…`."""
    address = str(host.network("default").value("address") or "").partition("/")[0]
    yield host.file(lab.note).shows(lines=answer("host", address))


@check(task="read", zh="`{note}` 里写对了 `default` 的 DHCP 分配范围：`range=…`。")
def range_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the DHCP range of `default`: `range=…`."""
    yield host.file(lab.note).shows(lines=answer("range", host.network("default").value("dhcp_range")))


@check(task="read", zh="`{note}` 里写对了 `{guest}` 分到的地址：`guest=…`。")
def lease_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the address that `{guest}` has been given: `guest=…`."""
    address = str(host.network("default").lease(lab.guest_mac).value("address") or "").partition("/")[0]
    yield host.file(lab.note).shows(lines=answer("guest", address))


@check(task="states", zh="`{states_note}` 里写对了有定义却没有运行的网络：`inactive=…`。")
def inactive_network_is_noted(host: Host, lab: Params) -> Findings:
    """`{states_note}` names the network that is defined and does not run: `inactive=…`."""
    yield host.file(lab.states_note).shows(lines=answer("inactive", lab.idle))


@check(task="states", zh="`{states_note}` 里写对了正在运行却没有保存的网络：`transient=…`。")
def transient_network_is_noted(host: Host, lab: Params) -> Findings:
    """`{states_note}` names the network that runs and is not stored: `transient=…`."""
    yield host.file(lab.states_note).shows(lines=answer("transient", lab.passing))


@check(task="autostart", points=0, guard=True, zh="`default` 和 `{other}` 都在运行。")
def networks_go_on_running(host: Host, lab: Params) -> Findings:
    """`default` and `{other}` run."""
    yield host.network("default").shows(active=True)
    yield host.network(lab.other).shows(active=True)


@check(task="autostart", needs=[networks_go_on_running], zh="`default` 随宿主机自动启动。")
def default_starts_with_the_host(host: Host, lab: Params) -> Findings:
    """`default` starts with the host."""
    yield host.network("default").shows(autostart=True)


@check(task="autostart", needs=[networks_go_on_running], zh="`{other}` 不再随宿主机自动启动。")
def other_stays_off_at_boot(host: Host, lab: Params) -> Findings:
    """`{other}` does not start with the host any more."""
    yield host.network(lab.other).shows(autostart=False, persistent=True)
