"""`kvmlab check` against others that read the same ten facts: `benchmarks/course`, `benchmarks/peers`."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.place import Place, beside, state_beside
from benchmarks.timing import PYTHON, Row, in_turns, plain_env, timed
from kvmlab.remote.host_root import LIBVIRT_READ_ONLY

HERE = Path(__file__).parent
PEERS = HERE / "peers"
TOOLS = HERE / ".venv/bin"
LAB = "ten-facts"
TYPED = "check typed in the lab host's shell"
OPEN_TO_READ = """
echo 'auth_unix_ro = "none"' >>/etc/libvirt/libvirtd.conf
systemctl restart libvirtd
"""
ADDRESS = "192.168.122.11"
INVENTORY = "here ansible_connection=local\nguest ansible_host={address} ansible_user=root\n"
SSH = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes"


def peers(place: Place) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Name to (argv, environment); each ends with 0 when all ten facts are as wanted."""
    # The peers come to the socket as somebody whom polkit on the lab host cannot see.
    done = place.host.execute(["sh", "-ec", OPEN_TO_READ])
    if done.returncode:
        raise SystemExit(done.stderr)
    key = place.state.key_pair("student_key")
    inventory = place.state.root / "inventory"
    inventory.write_text(INVENTORY.format(address=ADDRESS))
    env = plain_env(
        URI=f"qemu+unix:///system?socket={place.host.root.folder}/root{LIBVIRT_READ_ONLY}",
        GUEST="web1",
        ADDRESS=ADDRESS,
        KEY=str(key),
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_PYTHON_INTERPRETER="/usr/bin/python3",
        ANSIBLE_PIPELINING="true",
        ANSIBLE_PRIVATE_KEY_FILE=str(key),
        ANSIBLE_SSH_ARGS=f"-o ControlMaster=auto -o ControlPersist=5s {SSH}",
    )
    into = beside(place.host)
    argv = {
        "bash, a command a fact": [str(PEERS / "facts.sh")],
        "libvirt-python and paramiko": [str(PYTHON), str(PEERS / "facts_plain.py")],
        "the same, made quick": [str(PYTHON), str(PEERS / "facts_quick.py")],
        "pytest-testinfra": [str(TOOLS / "pytest"), "-q", "-p", "no:cacheprovider", str(PEERS / "test_facts.py")],
        "ansible-core": [str(TOOLS / "ansible-playbook"), "-i", str(inventory), str(PEERS / "facts.yml")],
    }
    return {name: ([*into, *words], env) for name, words in argv.items()}


def rows(rounds: int) -> list[Row]:
    """The table's part."""
    place = Place(state_beside("check"), LAB, HERE / "course")
    place.run("reset")
    try:
        others = peers(place)
        runs = {"kvmlab": lambda: place.run("check")}
        runs |= {name: (lambda a=argv, e=env: timed(a, e)) for name, (argv, env) in others.items()}  # type: ignore[misc]
        with _shell(place) as typed:
            taken = in_turns({**runs, TYPED: typed}, rounds)
    finally:
        place.run("finish")
    by_hand = min(taken["libvirt-python and paramiko"], taken["the same, made quick"])
    better = next(name for name, value in taken.items() if value == by_hand)
    wanted = {"bash, a command a fact": ">= 1", better: "<= 1.5", "pytest-testinfra": ">= 2", "ansible-core": ">= 6"}
    cold = [Row("check, ten facts", taken["kvmlab"], name, taken[name], wanted.get(name, "")) for name in others]
    return [*cold, Row(TYPED, taken[TYPED], better, by_hand, "<= 0.4")]


@contextlib.contextmanager
def _shell(place: Place) -> Iterator[Callable[[], float]]:
    """`kvmlab shell` with its lab host's bash, and what times one `kvmlab check` that is typed there."""
    pipe = subprocess.PIPE
    with subprocess.Popen(place.argv("shell"), env=place.env, stdin=pipe, stdout=pipe, text=True) as shell:
        assert shell.stdin and shell.stdout
        into, out = shell.stdin, shell.stdout

        def typed() -> float:
            began = time.perf_counter()
            into.write("kvmlab check >/dev/null; echo =$?=\n")
            into.flush()
            if (said := out.readline()) != "=0=\n":
                raise SystemExit(f"kvmlab check, typed in the shell, ended with {said}")
            return time.perf_counter() - began

        yield typed
        into.close()
