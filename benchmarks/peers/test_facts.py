"""The ten facts with pytest-testinfra."""

import os

import pytest
import testinfra
from testinfra.host import Host

URI, GUEST, ADDRESS, KEY = (os.environ[name] for name in ("URI", "GUEST", "ADDRESS", "KEY"))


@pytest.fixture(scope="module")
def here() -> Host:
    return testinfra.get_host("local://")


@pytest.fixture(scope="module")
def guest() -> Host:
    return testinfra.get_host(f"paramiko://root@{ADDRESS}", ssh_identity_file=KEY)


def virsh(here: Host, words: str) -> str:
    return str(here.check_output(f"virsh -r -c '{URI}' {words}"))


def test_state(here: Host) -> None:
    assert virsh(here, f"domstate {GUEST}") == "running"


def test_memory(here: Host) -> None:
    assert "131072" in virsh(here, f"dominfo {GUEST}")


def test_vcpus(here: Host) -> None:
    assert virsh(here, f"vcpucount {GUEST} --current --live") == "1"


def test_network(here: Host) -> None:
    assert "default" in virsh(here, f"domiflist {GUEST}")


def test_active(here: Host) -> None:
    assert "yes" in virsh(here, "net-info default").partition("Active:")[2]


def test_address(here: Host) -> None:
    assert "192.168.122.1" in here.interface("virbr0").addresses


def test_gateway(here: Host) -> None:
    assert "via 10.0.0.2" in here.check_output("ip route show default")


def test_guest_address(guest: Host) -> None:
    assert f"{ADDRESS}/24" in guest.check_output("ip -4 address show eth0")


def test_guest_gateway(guest: Host) -> None:
    assert "via 192.168.122.1" in guest.check_output("ip route show default")


def test_guest_root(guest: Host) -> None:
    assert " / ext4 " in guest.check_output("cat /proc/mounts")
