"""network-default: the values of the network `default` read and noted; what is inactive, transient, autostarted."""

from kvmlab.checks import Findings, Host, Params, as_seen, check


def bare(address: object) -> str:
    """An address without its prefix."""
    return str(address or "").partition("/")[0]


@check(task="read", zh="`{note}` 里写对了 `default` 的网桥：`bridge=…`。")
def bridge_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the bridge of `default`: `bridge=…`."""
    yield host.note(lab.note, "bridge").shows(text=as_seen(host.network("default").value("bridge")))


@check(task="read", zh="`{note}` 里写对了 `default` 的转发模式：`forward=…`。")
def forward_mode_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the forward mode of `default`: `forward=…`."""
    yield host.note(lab.note, "forward").shows(text=as_seen(host.network("default").value("forward")))


@check(task="read", zh="`{note}` 里写对了宿主机在 `default` 里的地址：`host=…`。")
def host_address_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the host's address in `default`: `host=…`."""
    yield host.note(lab.note, "host").shows(text=as_seen(bare(host.network("default").value("address"))))


@check(task="read", zh="`{note}` 里写对了 `default` 的 DHCP 分配范围：`range=…`。")
def range_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the DHCP range of `default`: `range=…`."""
    yield host.note(lab.note, "range").shows(text=as_seen(host.network("default").value("dhcp_range")))


@check(task="autostart", points=0, guard=True, zh="`default` 照常运行。")
def default_goes_on_running(host: Host, lab: Params) -> Findings:
    """`default` goes on running."""
    yield host.network("default").shows(active=True)


@check(task="read", needs=[default_goes_on_running], zh="`{note}` 里写对了 `{guest}` 分到的地址：`guest=…`。")
def lease_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` names the address that `{guest}` has been given: `guest=…`."""
    lease = host.network("default").lease(lab.guest_mac)
    yield host.note(lab.note, "guest").shows(text=as_seen(bare(lease.value("address"))))


@check(task="states", zh="`{states_note}` 里写对了有定义却没有运行的网络：`inactive=…`。")
def inactive_network_is_noted(host: Host, lab: Params) -> Findings:
    """`{states_note}` names the network that is defined and does not run: `inactive=…`."""
    yield host.note(lab.states_note, "inactive").shows(text=as_seen(lab.idle))


@check(task="states", zh="`{states_note}` 里写对了正在运行却没有保存的网络：`transient=…`。")
def transient_network_is_noted(host: Host, lab: Params) -> Findings:
    """`{states_note}` names the network that runs and is not stored: `transient=…`."""
    yield host.note(lab.states_note, "transient").shows(text=as_seen(lab.passing))


@check(task="autostart", points=0, guard=True, zh="`{other}` 照常运行，定义也还在。")
def other_goes_on_running(host: Host, lab: Params) -> Findings:
    """`{other}` goes on running, and is still stored."""
    yield host.network(lab.other).shows(active=True, persistent=True)


@check(task="autostart", zh="`default` 随宿主机自动启动。")
def default_starts_with_the_host(host: Host, lab: Params) -> Findings:
    """`default` starts with the host."""
    yield host.network("default").shows(autostart=True)


@check(task="autostart", needs=[other_goes_on_running], zh="`{other}` 不再随宿主机自动启动。")
def other_stays_off_at_boot(host: Host, lab: Params) -> Findings:
    """`{other}` does not start with the host any more."""
    yield host.network(lab.other).shows(autostart=False)
