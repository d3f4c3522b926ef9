"""Computers with sshd, in this process, on loopback addresses; kvmlab there is a shell script; some are broken."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko

Ending = Callable[[paramiko.Channel], None]


class Server(paramiko.ServerInterface):  # type: ignore[misc]
    """Lets everybody in; what is to be run is run by `work`."""

    def __init__(self, work: Callable[[paramiko.Channel, str], None], *, stuck: threading.Event | None = None) -> None:
        self._work, self._stuck = work, stuck

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if self._stuck:
            self._stuck.wait()
        return int(paramiko.AUTH_SUCCESSFUL)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=self._run, args=(channel, command.decode()), daemon=True).start()
        return True

    def _run(self, channel: paramiko.Channel, command: str) -> None:
        with contextlib.suppress(OSError, EOFError):
            self._work(channel, command)


class Computers:
    """Each has an address of its own in 127.0.0.0/8 and a folder with a `kvmlab` that is run there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.over = folder, threading.Event()
        self._key, self._listening = paramiko.RSAKey.generate(2048), list[socket.socket]()
        self.took_s = 0.0  # the last command that asked them
        self.user_key = folder / "user_key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.user_key)], check=True)

    def add(self, address: str, kvmlab: str, work: str = "sh") -> int:
        """One more; its port. `work`: "sh", or how it is broken."""
        listening = socket.create_server((address, 0))
        self._listening.append(listening)
        home = self.folder / address
        home.mkdir()
        program = home / "kvmlab"
        program.write_text(f"#!/bin/sh\n{kvmlab}")
        program.chmod(0o755)
        threading.Thread(target=self._accept, args=(listening, home, work), daemon=True).start()
        return int(listening.getsockname()[1])

    def close(self) -> None:
        """No one answers any more."""
        self.over.set()
        for one in self._listening:
            one.close()

    def _accept(self, listening: socket.socket, home: Path, work: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self._serve, args=(connection, home, work), daemon=True).start()

    def _serve(self, connection: socket.socket, home: Path, work: str) -> None:
        if work == "silent":
            self.over.wait()
            return
        transport = paramiko.Transport(connection)
        transport.add_server_key(self._key)
        stuck = self.over if work == "stuck" else None
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(server=Server(getattr(self, f"_{work}", self._sh)(home), stuck=stuck))

    def _sh(self, home: Path) -> Callable[[paramiko.Channel, str], None]:
        def work(channel: paramiko.Channel, command: str) -> None:
            own = {name: value for name, value in os.environ.items() if not name.startswith(("KVMLAB_", "XDG_"))}
            environ = {**own, "PATH": f"{home}:{os.environ['PATH']}", "HOME": str(home)}
            pipe = subprocess.PIPE
            with subprocess.Popen(["sh", "-c", command], env=environ, stdin=pipe, stdout=pipe, stderr=pipe) as process:
                threading.Thread(target=_typed, args=(channel, process), daemon=True).start()
                assert process.stdout and process.stderr
                channel.sendall(process.stdout.read())
                channel.sendall_stderr(process.stderr.read())
                channel.send_exit_status(process.wait())
            channel.close()

        return work

    def _endless(self, home: Path) -> Callable[[paramiko.Channel, str], None]:
        def work(channel: paramiko.Channel, command: str) -> None:
            self.over.wait()
            channel.close()

        return work

    def _rubbish(self, home: Path) -> Callable[[paramiko.Channel, str], None]:
        def work(channel: paramiko.Channel, command: str) -> None:
            for _ in range(160):
                channel.sendall(b"kvmlab ended 0 0 0 \xff\x1b[2J" * 2621)
            channel.send_exit_status(0)
            channel.close()

        return work


def _typed(channel: paramiko.Channel, process: subprocess.Popen[bytes]) -> None:
    """What the client sends is its standard input."""
    assert process.stdin
    with contextlib.suppress(OSError, EOFError, ValueError), process.stdin:
        while piece := channel.recv(65536):
            process.stdin.write(piece)


def children() -> list[str]:
    """The commands of the processes below this one that are still there."""
    found, parents = [], {os.getpid()}
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True).stdout
    for line in sorted(listed.splitlines(), key=lambda line: int(line.split()[0])):
        pid, parent, state, *args = line.split()
        if int(parent) in parents and args[:1] != ["ps"] and not state.startswith("Z"):
            parents.add(int(pid))
            found.append(" ".join(args))
    return found


def until(condition: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it comes true within that time."""
    end = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < end:
        time.sleep(0.1)
    return true


def serving(folder: Path) -> Iterator[Computers]:
    """Computers until the test is over."""
    found = Computers(folder)
    yield found
    found.close()
