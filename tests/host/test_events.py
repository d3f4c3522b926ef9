"""Waiting for libvirt's events, on its test driver: in a process of its own, as its event loop is for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import threading, time, sys
from pathlib import Path
import libvirt
from kvmlab.host.connection import Libvirt
from kvmlab.host.events import HostEvents, start_loop
from kvmlab.remote.host_root import HostRoot
start_loop()
shared = libvirt.open(sys.argv[1])
class Direct(Libvirt):
    def _open(self):
        return shared
events = HostEvents(Direct(Path("/nowhere")))
assert events.wait(0.05) is False
for change in (shared.lookupByName("web1").suspend, shared.networkLookupByName("inner").destroy,
               shared.storagePoolLookupByName("images").destroy):
    began = time.monotonic()
    threading.Timer(0.2, change).start()
    assert events.wait(20) is True
    assert time.monotonic() - began < 5
    while events.wait(0.3):
        pass
gone = HostEvents(Libvirt(HostRoot(Path("/nowhere"))))
assert gone.wait(0.05) is False
print("woken")
"""


def test_each_kind_of_change_wakes_it() -> None:
    node = f"test://{Path(__file__).parent}/node.xml"
    done = subprocess.run([sys.executable, "-c", SCRIPT, node], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("woken\n", "")
