"""ten-facts: seven facts of the host, three of the guest."""

from kvmlab.checks import Findings, Host, Params, check, contains


@check(task="host", guard=True)
def host_is_as_started(host: Host, lab: Params) -> Findings:
    """The host is as it was started."""
    yield host.domain(lab.guest).shows(state="running", memory_mib=128, vcpus=1)
    yield host.domain(lab.guest).live.interface(index=0).shows(source="default")
    yield host.network("default").shows(active=True)
    yield host.link("virbr0").shows(addresses=contains("192.168.122.1/24"))
    yield host.route("default").shows(via=lab.lan.gateway)


@check(task="guest", guard=True)
def guest_is_as_started(host: Host, lab: Params) -> Findings:
    """The guest is as it was started."""
    guest = host.guest(lab.guest, address=lab.address)
    yield guest.address("eth0").shows(addresses=contains(f"{lab.address}/24"))
    yield guest.route("default").shows(via="192.168.122.1")
    yield guest.mount("/").shows(fstype="ext4")
