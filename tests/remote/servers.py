"""SSH peers for tests, in this process: good ones and hostile ones, on socket pairs and Unix sockets."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko

Answer = Callable[[str, Any], None]  # (command, channel): print, then close
Tunnels = Callable[[str, int], socket.socket | None]  # (address, port): our end, or None to refuse

_HOST_KEY = paramiko.Ed25519Key
_key_lock = threading.Lock()


def make_key(path: Path) -> Path:
    """A fresh Ed25519 key as ssh-keygen writes it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(encoding, form, serialization.NoEncryption()))
    return path


class Server(paramiko.ServerInterface):  # type: ignore[misc]
    """Accepts one key; answers commands with `answer`, opens tunnels with `tunnels`."""

    def __init__(self, key: Path, answer: Answer, tunnels: Tunnels) -> None:
        self.key = paramiko.Ed25519Key.from_private_key_file(str(key))
        self.answer = answer
        self.tunnels = tunnels
        self.ends: dict[int, socket.socket] = {}

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: Any) -> Any:
        return paramiko.AUTH_SUCCESSFUL if key == self.key else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> Any:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        threading.Thread(target=self._answer, args=(command.decode(), channel), daemon=True).start()
        return True

    def _answer(self, command: str, channel: Any) -> None:
        time.sleep(0.05)  # the reply to the request itself must go out first
        with contextlib.suppress(OSError, EOFError):
            self.answer(command, channel)
        with contextlib.suppress(OSError, EOFError):
            channel.close()

    def check_channel_direct_tcpip_request(self, chanid: int, origin: Any, destination: tuple[str, int]) -> Any:
        end = self.tunnels(*destination)
        if end is None:
            return paramiko.OPEN_FAILED_CONNECT_FAILED
        self.ends[chanid] = end
        return paramiko.OPEN_SUCCEEDED


def serve(stream: socket.socket, key: Path, answer: Answer, tunnels: Tunnels = lambda *_: None) -> None:
    """Speak SSH as a server on `stream`, in threads."""

    def work() -> None:
        transport = paramiko.Transport(stream)
        transport.add_server_key(paramiko.Ed25519Key.from_private_key_file(str(_server_key(key))))
        server = Server(key, answer, tunnels)
        try:
            transport.start_server(server=server)
        except (paramiko.SSHException, EOFError, OSError):
            return
        while transport.is_active():
            channel = transport.accept(0.5)
            if channel is not None and (end := server.ends.pop(channel.chanid, None)):
                for one, other in ((channel, end), (end, channel)):
                    threading.Thread(target=_pump, args=(one, other), daemon=True).start()

    threading.Thread(target=work, daemon=True).start()


def _server_key(key: Path) -> Path:
    with _key_lock:
        path = key.with_name("server_key")
        return path if path.exists() else make_key(path)


def _pump(source: Any, sink: Any) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except (OSError, EOFError):
        pass
    finally:
        source.close()
        sink.close()


class UnixServer:
    """Something behind a Unix socket: `handle` gets each connection."""

    def __init__(self, path: Path, handle: Callable[[socket.socket], None]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        folder = os.open(path.parent, os.O_PATH)  # a Unix socket's path may have 107 bytes
        self.listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
        self.listener.listen(8)
        self.connections: list[socket.socket] = []
        self._handle = handle
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            self._handle(connection)

    def close(self) -> None:
        self.listener.close()
        for connection in self.connections:
            connection.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of one connection."""
    return socket.socketpair()


_kept: list[socket.socket] = []


def silent(stream: socket.socket) -> None:
    """Accept and say nothing."""
    _kept.append(stream)


def babble(stream: socket.socket) -> None:
    """Speak something that is not SSH, without end."""

    def work() -> None:
        with contextlib.suppress(OSError):
            while True:
                stream.sendall(b"\x1b[2J\x1b]0;owned\x07 HTTP/1.1 200 OK\r\n" * 100)

    threading.Thread(target=work, daemon=True).start()
