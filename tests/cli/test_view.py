"""`kvmlab view`: a guest's screen in the real virt-viewer, and by its URI for any other client of libvirt."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import libvirt
import pytest

from kvmlab.paths import State
from kvmlab.slowness import slowness
from tests.conftest import Kvmlab, kvmlab_with

LAB = "network-bridge"
XML = """
<domain type="qemu"><name>blank</name><memory unit="MiB">32</memory><os><type arch="x86_64" machine="pc">hvm</type></os>
<devices><graphics type="vnc" listen="127.0.0.1"/><video><model type="vga"/></video></devices></domain>
"""
"""A guest without a disk: its firmware says so on its screen."""
URI = re.compile(r"'(qemu\+unix:[^']+)'")
pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("view")]


@pytest.fixture(scope="module")
def kvmlab(tmp_path_factory: pytest.TempPathFactory, shared_state: State) -> Iterator[Kvmlab]:
    """A lab host whose guest web1 has no screen."""
    with kvmlab_with(tmp_path_factory.mktemp("view") / "state", shared_state, LAB) as found:
        yield found


@pytest.fixture
def blank(kvmlab: Kvmlab) -> Iterator[str]:
    """A guest that has one."""
    script = f"echo '{XML}' >/tmp/blank.xml; virsh create /tmp/blank.xml"
    assert kvmlab("exec", LAB, "--", "sh", "-c", script).returncode == 0
    yield "blank"
    kvmlab("exec", LAB, "--", "virsh", "destroy", "blank")


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    """An X server without a screen."""
    read, write = os.pipe()
    options = ["-displayfd", str(write), "-nolisten", "tcp", "-screen", "0", "800x600x24"]
    with subprocess.Popen(["Xvfb", *options], pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as said:
            yield f":{said.readline().strip()}"
        server.terminate()


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60 * slowness()
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_virt_viewer_shows_it_and_ends_with_the_guest(kvmlab: Kvmlab, blank: str, display: str) -> None:
    kvmlab.env["DISPLAY"] = display
    looking = kvmlab.begin("view", LAB, blank)
    asks = ("exec", LAB, "--", "virsh", "qemu-monitor-command", blank, "--hmp", "info vnc")
    until(lambda: "Client:" in kvmlab(*asks).stdout or looking.poll() is not None)
    assert looking.poll() is None, looking.communicate()
    kvmlab("exec", LAB, "--", "virsh", "destroy", blank)
    assert looking.wait(60) == 0, looking.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_with_kvmlab_the_viewer_ends(kvmlab: Kvmlab, blank: str, display: str, number: int) -> None:
    kvmlab.env["DISPLAY"] = display
    looking = kvmlab.begin("view", LAB, blank)
    children = Path(f"/proc/{looking.pid}/task/{looking.pid}/children")
    until(lambda: bool(children.read_text()))
    (viewer,) = map(int, children.read_text().split())
    looking.send_signal(number)
    assert looking.wait(60) == 0
    until(lambda: not Path(f"/proc/{viewer}").exists())


def test_without_a_display_it_says_the_uri_which_is_good_while_it_runs(kvmlab: Kvmlab, blank: str) -> None:
    kvmlab.env.pop("DISPLAY", None)
    kvmlab.env.pop("WAYLAND_DISPLAY", None)
    looking = kvmlab.begin("view", LAB, blank)
    assert looking.stdout
    said = [looking.stdout.readline() for _ in range(4)]
    assert "→ virt-manager --connect" in said[2] and "→ virt-viewer --attach" in said[3]
    found = URI.search(said[2])
    assert found
    connection = libvirt.open(found[1])
    screen = connection.lookupByName(blank).openGraphicsFD(0, libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)
    with socket.socket(fileno=screen) as stream:
        stream.settimeout(60)
        assert stream.recv(12).startswith(b"RFB 003.")
    connection.close()
    looking.send_signal(signal.SIGINT)
    assert looking.wait(60) == 0
    with pytest.raises(libvirt.libvirtError):
        libvirt.open(found[1])


@pytest.mark.parametrize("guest", ["web1", "nobody", "--help;x"])
def test_where_there_is_no_screen_it_says_so(kvmlab: Kvmlab, guest: str) -> None:
    done = kvmlab("view", LAB, "--", guest) if guest.startswith("-") else kvmlab("view", LAB, guest)
    assert done.returncode == 3
    assert guest in done.stderr and "→ " in done.stderr and "Traceback" not in done.stderr
