"""dns-names: a network's domain, a record of its name server, and a reservation, each now and as stored."""

from kvmlab.checks import Findings, Host, Params, check, contains, one_of


@check(task="domain", points=2, zh="现在：正在运行的 `{network}` 的域是 `{domain}`。")
def domain_is_set_now(host: Host, lab: Params) -> Findings:
    """Now: the domain of the running `{network}` is `{domain}`."""
    yield host.network(lab.network).shows(active=True, domain=lab.domain)


@check(task="domain", points=2, zh="下次启动之后：`{network}` 保存的配置里，域也是 `{domain}`。")
def domain_is_stored(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{network}`, too, the domain is `{domain}`."""
    yield host.network(lab.network).stored.shows(domain=lab.domain)


@check(
    task="record",
    points=2,
    needs=[domain_is_set_now],
    zh="现在：{server} 对 `{printer}.{domain}` 的回答是 {printer_address}。",
)
def record_is_answered(host: Host, lab: Params) -> Findings:
    """Now: {server} answers {printer_address} for `{printer}.{domain}`."""
    yield host.resolves(f"{lab.printer}.{lab.domain}", server=lab.server).shows(addresses=[lab.printer_address])


@check(task="record", points=2, zh="下次启动之后：`{network}` 保存的配置里也有这条记录。")
def record_is_stored(host: Host, lab: Params) -> Findings:
    """After the next start: the record is in the stored definition of `{network}`, too."""
    name = one_of(f"<hostname>{lab.printer}</hostname>", f"<hostname>{lab.printer}.{lab.domain}</hostname>")
    stored = host.file(f"/etc/libvirt/qemu/networks/{lab.network}.xml")
    yield stored.shows(lines=contains(f"<host ip='{lab.printer_address}'>", name))


@check(task="record", points=0, guard=True, zh="`{other}` 的记录没有变。")
def other_record_is_kept(host: Host, lab: Params) -> Findings:
    """The record of `{other}` is as it was."""
    yield host.resolves(lab.other, server=lab.server).shows(addresses=[lab.other_address])


@check(task="reservation", points=2, zh="现在：`{network}` 为 {guest_mac} 保留着 {guest_address} 和名字 `{guest}`。")
def guest_is_expected_now(host: Host, lab: Params) -> Findings:
    """Now: `{network}` has {guest_address} and the name `{guest}` reserved for {guest_mac}."""
    network = host.network(lab.network)
    yield network.shows(
        active=True, hosts={lab.guest_mac: lab.guest_address}, host_names={lab.guest: lab.guest_address}
    )


@check(task="reservation", points=2, zh="下次启动之后：`{network}` 保存的配置里也保留着。")
def guest_is_expected_after_the_next_start(host: Host, lab: Params) -> Findings:
    """After the next start: in the stored definition of `{network}`, too, they are reserved."""
    network = host.network(lab.network).stored
    yield network.shows(hosts={lab.guest_mac: lab.guest_address}, host_names={lab.guest: lab.guest_address})
