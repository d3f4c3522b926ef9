"""image-full: a guest with systemd and NetworkManager."""

from kvmlab.checks import Findings, Host, Params, check, contains


@check(task="runs", guard=True, points=1, zh="{guest} 里运行着 NetworkManager。")
def networkmanager_runs(host: Host, lab: Params) -> Findings:
    """NetworkManager runs in {guest}."""
    yield host.guest(lab.guest).service("NetworkManager").shows(active=True)
    yield host.guest(lab.guest).shows(hostname=lab.guest)


@check(task="address", zh="现在：{guest} 有地址 {address}。")
def has_the_address(host: Host, lab: Params) -> Findings:
    """Now: {guest} has the address {address}."""
    yield host.guest(lab.guest).address("eth0").shows(addresses=contains(f"{lab.address}/24"))


@check(task="address", zh="重启之后：配置里有地址 {address}。")
def address_is_stored(host: Host, lab: Params) -> Findings:
    """After a boot: what is stored gives it the address {address}."""
    yield host.guest(lab.guest).stored_network("eth0").shows(method="static", address=f"{lab.address}/24")
