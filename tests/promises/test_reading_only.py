"""A checker cannot change anything: not over libvirt's socket, not over SSH to the host, not in a guest."""

from __future__ import annotations

from contextlib import closing

import pytest

from kvmlab.labhost.computer.podman_options import remembered_podman
from kvmlab.liveness import Silence
from kvmlab.remote.host_root import LIBVIRT_READ_ONLY, SSH, HostRoot
from tests.conftest import Kvmlab

LAB = "network-bridge"
pytestmark = pytest.mark.guest


@pytest.fixture
def root(kvmlab: Kvmlab) -> HostRoot:
    done = kvmlab("start", LAB)
    assert done.returncode == 0, done.stderr
    return kvmlab.host_root()


def test_the_socket_refuses_every_change(root: HostRoot) -> None:
    import libvirt

    with root.socket_name(LIBVIRT_READ_ONLY) as name:
        connection = libvirt.openReadOnly(f"qemu+unix:///system?socket={name}")
    domain, network = connection.lookupByName("web1"), connection.networkLookupByName("default")
    changes = [
        domain.destroy,
        domain.suspend,
        domain.undefine,
        lambda: domain.setAutostart(1),
        lambda: domain.setMemory(65536),
        network.destroy,
        lambda: network.setAutostart(0),
        lambda: connection.defineXML(domain.XMLDesc()),
        lambda: connection.storagePoolDefineXML("<pool type='dir'><name>p</name></pool>"),
    ]
    for change in changes:
        with pytest.raises(libvirt.libvirtError) as refused:
            change()
        assert refused.value.get_error_code() == libvirt.VIR_ERR_OPERATION_DENIED
    connection.close()


@pytest.mark.parametrize("command", ["id", "touch /root/changed", "virsh destroy web1", "", "sh"])
def test_the_hosts_shell_is_not_given(root: HostRoot, kvmlab: Kvmlab, command: str) -> None:
    """Whatever is asked for, the look server answers, and it knows only its own verbs."""
    from kvmlab.setup.guest_wait import host_session

    with closing(host_session(root, kvmlab.state.key_pair("look_key"), Silence(60))) as session:
        channel = session._transport.open_session()
        channel.settimeout(5)
        channel.exec_command(command) if command else channel.invoke_shell()
        channel.sendall(b'{"id": 1, "verb": "run", "args": {"argv": ["touch", "/root/changed"]}}\n')
        answer = channel.recv(4096)
        assert b'"ok": false' in answer or b'"ok":false' in answer
    podman = remembered_podman(kvmlab.state)
    done = podman.attempt("exec", kvmlab.containers()[0]["name"], "ls", "/root")
    assert "changed" not in done.stdout


def test_other_keys_and_passwords_are_refused(root: HostRoot, kvmlab: Kvmlab) -> None:
    import paramiko

    transport = paramiko.Transport(root.connect(SSH, 5))
    transport.start_client(timeout=5)
    key = paramiko.Ed25519Key.from_private_key_file(str(kvmlab.state.key_pair("student_key")))
    with pytest.raises(paramiko.SSHException):
        transport.auth_publickey("root", key)
    with pytest.raises(paramiko.SSHException):
        transport.auth_password("root", "kvmlab")
    transport.close()


def test_in_the_guest_only_the_fact_server_answers(root: HostRoot, kvmlab: Kvmlab) -> None:
    import paramiko

    from kvmlab.setup.guest_wait import host_session

    key_path = kvmlab.state.key_pair("look_key")
    with closing(host_session(root, key_path, Silence(60))) as session:
        tunnel = session.tunnel("192.168.122.11", 22, timeout_s=5)
        guest = paramiko.Transport(tunnel)
        guest.start_client(timeout=10)
        guest.auth_publickey("root", paramiko.Ed25519Key.from_private_key_file(str(key_path)))
        channel = guest.open_session()
        channel.settimeout(10)
        channel.exec_command("touch /root/changed")
        channel.recv_exit_status()
        guest.close()
    done = kvmlab("exec", LAB, "--guest", "web1", "--", "ls", "/root")
    assert done.returncode == 0
    assert "changed" not in done.stdout
