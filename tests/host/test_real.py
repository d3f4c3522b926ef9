# ruff: noqa: E501 (tables are read better in one line)
"""The readers on a real lab host with a real guest: everything can be read, reading leaves no mark, reasons are true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from kvmlab.checks.reader import MissingObject
from kvmlab.checks.subject import Subject, vocabulary_of
from kvmlab.checks.vocabulary.host import Host
from kvmlab.errors import CouldNotLook
from kvmlab.host import open_host
from kvmlab.host.reader import HostReader
from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.labhost.container import LabHost
from kvmlab.paths import State
from tests.conftest import Kvmlab, kvmlab_with

pytestmark = pytest.mark.guest
LAB = "try-trouble"
COURSE = Path(__file__).parents[1] / "promises" / "course"
MAC, ADDRESS = "52:54:00:00:07:11", "192.168.122.11"


@pytest.fixture(scope="module")
def kvmlab(tmp_path_factory: pytest.TempPathFactory, shared_state: State) -> Iterator[Kvmlab]:
    with kvmlab_with(tmp_path_factory.mktemp("real"), shared_state, LAB, course=COURSE) as kvmlab:
        yield kvmlab


@pytest.fixture
def reader(kvmlab: Kvmlab) -> Iterator[HostReader]:
    found = kvmlab.containers()[0]
    root = LabHost(found["lab"], found["instance"], kvmlab.state, remembered_podman(kvmlab.state)).root
    with open_host(root, kvmlab.state.key_pair("look_key"), patience=2) as (reader, _):
        yield reader


def on_host(kvmlab: Kvmlab, script: str) -> str:
    done = remembered_podman(kvmlab.state).attempt("exec", kvmlab.containers()[0]["name"], "sh", "-ec", script)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def everything(host: Host) -> list[Subject]:
    domain, guest, network = host.domain("web1"), host.guest("web1", ADDRESS), host.network("default")
    return [
        domain, domain.live, domain.stored, domain.interface(mac=MAC), domain.stored.disk(index=0), domain.console(),
        network, network.stored, network.lease(MAC), host.domains(), host.networks(), host.pools(),
        host.link("virbr0"), host.link("ens33"), host.route(), host.resolver(), host.resolves("peer.lan.test"),
        host.resolves("peer.lan.test", "10.0.0.2"), host.reach(ADDRESS), host.reach("10.0.0.12", from_="peer"),
        host.reach("10.0.0.12", from_="gateway"), host.reach(ADDRESS, port=22), host.listen(22, ADDRESS),
        host.file("/etc/libvirt/qemu.conf"), host.image_file("/var/lib/libvirt/images/web1.qcow2"),
        host.package("qemu-utils"), host.service("libvirtd"), host.process(domain="web1"), host.process("dnsmasq"),
        host.sysctl("net.ipv4.ip_forward"), host.module("bridge"), host.account("root"), host.cpu(),
        guest, guest.addresses(), guest.address(), guest.route(), guest.mount("/"), guest.filesystem("/dev/vda1"),
        guest.file("/etc/fstab"), guest.stored_network(), guest.fstab("/"), guest.service("dropbear"), guest.resolver(),
        guest.resolves("peer.lan.test"), guest.module("virtio_net"), guest.driver("eth0"), guest.driver("vda"),
        guest.cpus(), guest.memory(), guest.block("vda"), guest.process("dropbear"), guest.reach("192.168.122.1"),
        guest.reach("10.0.0.2", 53),
    ]  # fmt: skip


def read(subject: Subject, names: Sequence[str] = ()) -> dict[str, Any]:
    names = names or [name for name in vocabulary_of(type(subject)) if name != "exists"]
    answer = subject.reader.read(subject.kind, subject.key, names)
    assert not isinstance(answer, MissingObject), f"{subject.name}: {answer.text}"
    return {name: answer[name].value for name in names}


CHANGED = (
    r"find / /run /tmp -xdev -newer /run/marker ! -path '/run/kvmlab*' ! -path '/run/log/*' ! -path '/run/systemd/*'"
)


def test_everything_can_be_read_and_reading_leaves_no_mark(kvmlab: Kvmlab, reader: HostReader) -> None:
    on_host(kvmlab, "touch /run/marker; ssh web1 touch /run/marker; sleep 1.1")
    for subject in everything(Host(reader)):
        assert read(subject)
    on_host_now = set(on_host(kvmlab, f"{CHANGED} -type f || true").split())
    assert {path for path in on_host_now if not path.endswith((".qcow2", "/web1.log", "/wtmp", "/lastlog"))} == set()
    assert on_host(kvmlab, "ssh web1 find / -xdev -newer /run/marker -type f").split() == []


def test_what_is_read_is_true(kvmlab: Kvmlab, reader: HostReader) -> None:
    host = Host(reader)
    assert read(host.domain("web1"), ["state", "pid"]) == {
        "state": "running", "pid": int(on_host(kvmlab, "cat /run/libvirt/qemu/web1.pid")),
    }  # fmt: skip
    uuid = on_host(kvmlab, "virsh domuuid web1").strip()
    assert read(host.domain("web1"), ["uuid"]) == {"uuid": uuid}
    guest = host.guest("web1")  # found without being told where
    assert read(guest.address(), ["addresses", "mac", "dynamic"]) == {
        "addresses": [f"{ADDRESS}/24"], "mac": MAC, "dynamic": True,
    }  # fmt: skip
    path = "/var/lib/libvirt/images/web1.qcow2"
    whole = on_host(
        kvmlab,
        f"virsh suspend web1 >/dev/null; qemu-img convert -U -O raw {path} /tmp/raw; sha256sum /tmp/raw; rm /tmp/raw",
    )
    host.refresh()
    assert read(host.image_file(path), ["content_sha256"])["content_sha256"] == whole.split()[0]
    on_host(kvmlab, "virsh resume web1")


TAP = "$(virsh domiflist web1 | awk '/vnet/ {print $1}')"
TROUBLE = {
    "paused": ("virsh suspend web1", "its domain is paused", "virsh resume web1"),
    "link down": (f"virsh domif-setlink web1 {MAC} down", "is set down", f"virsh domif-setlink web1 {MAC} up"),
    "not in its bridge": (f"ip link set {TAP} nomaster", "is not a port of virbr0", f"ip link set {TAP} master virbr0"),
    "bridge down": ("ip link set virbr0 down", "its bridge virbr0 is down", "ip link set virbr0 up"),
    "qemu frozen": ("kill -STOP $(cat /run/libvirt/qemu/web1.pid)", "cannot be reached", "kill -CONT $(cat /run/libvirt/qemu/web1.pid)"),
    "libvirtd frozen": ("kill -STOP $(pidof libvirtd)", "libvirtd on the lab host does not answer", "kill -CONT $(pidof libvirtd)"),
}  # fmt: skip


def test_a_volume_whose_file_was_removed(kvmlab: Kvmlab, reader: HostReader) -> None:
    on_host(
        kvmlab,
        "virsh pool-create-as gone dir --target /srv/gone --build; virsh vol-create-as gone a.img 1M; rm /srv/gone/a.img",
    )
    answer = reader.read("volume", ("gone", "a.img"), ["path"])
    on_host(kvmlab, "virsh pool-destroy gone")
    assert isinstance(answer, MissingObject)
    assert (answer.text, answer.see) == (
        "its file is gone, though the pool still lists it",
        "virsh vol-info a.img --pool gone",
    )


@pytest.mark.parametrize(("break_it", "reason", "mend_it"), TROUBLE.values(), ids=TROUBLE.keys())
def test_why_a_guest_is_not_reached(
    kvmlab: Kvmlab, reader: HostReader, break_it: str, reason: str, mend_it: str
) -> None:
    on_host(kvmlab, break_it)
    try:
        with pytest.raises(CouldNotLook) as trouble:
            reader.read("guest-addresses", ("web1", ADDRESS), ["addresses"])
    finally:
        on_host(kvmlab, mend_it)
    assert reason in trouble.value.message
    reader.refresh()
    assert reader.read("guest-addresses", ("web1", ADDRESS), ["addresses"])
