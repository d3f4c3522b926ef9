"""Root on a lab host gets nowhere outside it: the wall between it and this computer (labhost/wall)."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab.labhost.container import INSIDE, orphans, sweep
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from kvmlab.process import has_ended
from tests.conftest import Kvmlab, kvmlab_with
from tests.promises.escapes import TRIES

pytestmark = [pytest.mark.guest, pytest.mark.xdist_group("escape")]
LAB = "network-bridge"
PROGRAM = Path(__file__).with_name("escapes.py")


def stamps(*folders: Path) -> dict[str, tuple[int, int, int]]:
    """Size and times of each file: no program can set the last one back (inode(7), ctime)."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                stat = path.stat()
                found[str(path)] = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    return found


@pytest.fixture(scope="module")
def kvmlab(tmp_path_factory: pytest.TempPathFactory, shared_state: State) -> Iterator[Kvmlab]:
    with kvmlab_with(tmp_path_factory.mktemp("escape"), shared_state, LAB) as kvmlab:
        yield kvmlab


@pytest.fixture(scope="module")
def came_of_it(kvmlab: Kvmlab) -> dict[str, str]:
    """What each try came to; what later starts begin from is as it was afterwards."""
    material = [kvmlab.state.saved.resolve(), kvmlab.state.images.resolve(), INSIDE]
    before = stamps(*material)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("")  # an abstract one of its own (unix(7), autobind): another worker may be here, too
        server.listen()
        name = server.getsockname().decode()[1:]
        done = kvmlab("exec", LAB, "--", "python3", "-", "pytest", name, stdin=PROGRAM.read_text())
    assert done.returncode == 0, done.stderr
    found = stamps(*material)
    assert {path: stamp for path, stamp in before.items() if found.get(path) != stamp} == {}
    result: dict[str, str] = json.loads(done.stdout)
    return result


IN_ITS_OWN_OVERLAY = ("writing a saved guest's disk", "replacing a saved guest's disk")
"""An ordinary user's lab host sees an overlay: writing works, and changes nothing but what it sees itself."""


@pytest.mark.parametrize("name", TRIES)
def test_no_way_leads_out(came_of_it: dict[str, str], name: str) -> None:
    if os.getuid() and name in IN_ITS_OWN_OVERLAY:
        assert came_of_it[name] in ("done", "refused: EROFS", "refused: EACCES", "refused: EPERM")
    else:
        assert came_of_it[name].startswith("refused: "), came_of_it[name]


def test_its_root_is_nobody_outside(kvmlab: Kvmlab) -> None:
    done = kvmlab("exec", LAB, "--", "cat", "/proc/self/uid_map")
    first, outside, count = map(int, done.stdout.split()[:3])
    assert first == 0
    if os.getuid() == 0:
        assert (outside >= 0x70000000, count) == (True, 65536)
    else:
        assert (outside, count) == (os.getuid(), 1)  # that user, who has nothing that a student has not


@contextlib.contextmanager
def outside_socket(folder: Path) -> Iterator[tuple[Path, list[int]]]:
    """A socket outside, and how often somebody has come to it."""
    path, visits = folder / "outside.sock", list[int]()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    server.accept()[0].close()
                    visits.append(1)

        threading.Thread(target=serve, daemon=True).start()
        yield path, visits
        server.shutdown(socket.SHUT_RDWR)


IN_PLACE_OF_A_SOCKET = {
    "a link to a socket outside": "ln -s {outside} {there}",
    "a FIFO": "mkfifo {there}",
    "a directory": "mkdir -p {there}/x",
    "a file": "echo x >{there}",
    "another's socket": "nc -lkU {there} >/dev/null 2>&1 & sleep 0.5",
}


@pytest.mark.parametrize("there", ["/run/kvmlab/ssh.sock", "/run/libvirt/libvirt-sock-ro"])
@pytest.mark.parametrize("what", IN_PLACE_OF_A_SOCKET)
def test_what_stands_in_place_of_a_socket_is_not_followed(
    kvmlab: Kvmlab, tmp_path: Path, there: str, what: str
) -> None:
    with outside_socket(tmp_path) as (path, visits):
        replace = IN_PLACE_OF_A_SOCKET[what].format(outside=path, there=there)
        kept = f"[ -e {there}.kept ] || mv {there} {there}.kept; rm -rf {there}"
        assert kvmlab("exec", LAB, "--", "sh", "-c", f"{kept}; {replace}").returncode == 0
        done = kvmlab("check", LAB, "--json", env={"KVMLAB_PATIENCE": "1"})
        back = f"pkill nc; rm -rf {there}; mv {there}.kept {there}"
        assert kvmlab("exec", LAB, "--", "sh", "-c", back).returncode == 0
    assert visits == []
    assert could_not_look(done)
    assert kvmlab("check", LAB).returncode == 1


def could_not_look(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether some check says so, and nothing passed by it."""
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    verdicts = [check["verdict"] for task in found["tasks"] for check in task["checks"]]
    return "error" in verdicts and found["points"] == 0


def test_a_link_on_the_way_is_not_followed(kvmlab: Kvmlab) -> None:
    for folder in ("/run/kvmlab", "/run/libvirt"):
        moved = f"mv {folder} /run/elsewhere; ln -s /run/elsewhere {folder}"
        assert kvmlab("exec", LAB, "--", "sh", "-c", moved).returncode == 0
        assert could_not_look(kvmlab("check", LAB, "--json"))
        assert kvmlab("exec", LAB, "--", "sh", "-c", f"rm {folder}; mv /run/elsewhere {folder}").returncode == 0
    assert kvmlab("check", LAB).returncode == 1


ALL_OVER_RUN = """
cd /run/kvmlab
rm -rf ask.sock; mkdir -p ask.sock/x; mkfifo fifo; touch a; chown 12345:54321 a
python3 -c 'import os
for n in range(3000): os.mkdir("d"); os.chdir("d")'
"""


def test_rubbish_below_run_hinders_nothing(kvmlab: Kvmlab) -> None:
    assert kvmlab("exec", LAB, "--", "sh", "-c", ALL_OVER_RUN).returncode == 0
    done = kvmlab("shell", LAB, stdin="kvmlab status\nexit 7\n")
    assert (done.returncode, LAB in done.stdout) == (7, True), done.stdout + done.stderr
    flood = (
        "import socket\nheld = []\n"
        "for n in range(1300):\n"
        "    s = socket.socket(socket.AF_UNIX); s.settimeout(1)\n"
        "    try: s.connect('/run/kvmlab/ask.sock'); held.append(s)\n"
        "    except OSError: pass\n"
        "print(len(held) > 0)\n"
    )
    done = kvmlab("shell", LAB, stdin=f"python3 - <<'END'\n{flood}END\nsleep 6; kvmlab status\nexit 7\n")
    assert (done.returncode, "True" in done.stdout, LAB in done.stdout) == (7, True, True), done.stdout + done.stderr
    assert kvmlab("reset", LAB).returncode == 0
    assert kvmlab("check", LAB).returncode == 1


def test_output_without_end_is_not_taken(kvmlab: Kvmlab) -> None:
    """`ip` that prints without end, on `map`: an answer from the contract, and not memory without end."""
    loud = "for name in $(which ip virsh); do printf '#!/bin/sh\\nexec yes\\n' >/tmp/yes; install /tmp/yes $name; done"
    assert kvmlab("exec", LAB, "--", "sh", "-c", loud).returncode == 0
    done = kvmlab("map", LAB)
    assert done.returncode in (0, 3), done.stderr
    assert len(done.stdout) < 1_000_000
    assert kvmlab("reset", LAB).returncode == 0


def test_a_lab_host_that_podman_forgot_is_ended(kvmlab: Kvmlab) -> None:
    """To a podman with another store it is unknown, as after its own was wiped; its processes run on."""
    (found,) = kvmlab.containers()
    assert list(orphans(kvmlab.state)) == [found["name"]]
    init = kvmlab.host_root().init
    assert has_ended(init) is False
    with tempfile.TemporaryDirectory(prefix="kvmlab-") as folder:  # podman wants its path short
        sweep(Podman((f"--root={folder}/a", f"--runroot={folder}/b")), kvmlab.state, [found["lab"]])
    deadline = time.monotonic() + 30
    while not has_ended(init) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert has_ended(init) is True
    assert kvmlab("reset", LAB).returncode == 0
