"""SSH with paramiko: one authenticated transport, commands on it, tunnels through it.

The peer is hostile: it may refuse, say nothing, speak something else, print gigabytes or never end. All that comes
out of here is a result or Unreachable, within the time given.
"""

from __future__ import annotations

import enum
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kvmlab.remote.deadline import TooLate, later
from kvmlab.remote.paramiko_import import paramiko_module

CHUNK = 65536
OUTPUT_CAP = 8 << 20  # bytes of one command's output, both streams together

# The quickest first (key exchange with dropbear under emulation: 30 ms); all that paramiko knows stays allowed.
KEX = ("curve25519-sha256@libssh.org", "curve25519-sha256")
CIPHERS = ("aes128-ctr",)
HOST_KEYS = ("ssh-ed25519",)

T = TypeVar("T")


class Why(enum.Enum):
    """Why there is no SSH session, or no answer on it."""

    REFUSED = "nothing listens there"
    SILENT = "it accepts and says nothing"
    NOT_SSH = "it does not speak SSH"
    KEY_REFUSED = "the key is refused"
    ANOTHER = "its host key is another's"
    CLOSED = "the connection was closed"
    TOO_MUCH = "it printed too much"


class Unreachable(Exception):
    """There is no session or no answer; `why` says of which kind, the text what was said."""

    def __init__(self, why: Why, said: str = "") -> None:
        super().__init__(said or why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Output:
    """What a command gave: exit status (-1: none was told), standard output, standard error."""

    status: int
    out: bytes
    err: bytes


class Session:
    """An authenticated SSH connection. Its calls may come from several threads at once."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    @property
    def alive(self) -> bool:
        """The connection stands, as far as is known."""
        return bool(self._transport.is_active())

    def run(self, command: str, *, timeout_s: float, cap: int = OUTPUT_CAP) -> Output:
        """Run `command` (the forced command sees it as SSH_ORIGINAL_COMMAND) and take all it prints."""
        return _bounded(lambda: self._run(command, timeout_s, cap), timeout_s)

    def stream(self, command: str, *, timeout_s: float) -> Any:
        """A channel on which `command` runs, its two outputs as one."""
        return _bounded(lambda: self._started(command, timeout_s, both=True), timeout_s)

    def tunnel(self, address: str, port: int, *, timeout_s: float) -> Any:
        """A channel to `address`:`port` as seen from the other end (direct-tcpip)."""
        return _bounded(lambda: self._tunnel(address, port, timeout_s), timeout_s)

    def answers(self, timeout_s: float) -> bool:
        """Whether the other side answers: a request that nobody knows has to be refused (RFC 4254, section 4)."""
        try:
            _bounded(lambda: self._transport.global_request("keepalive@openssh.com", wait=True), timeout_s)
        except Unreachable:
            return False
        return self.alive

    def close(self) -> None:
        """Hang up, without waiting for the other side or for a thread of ours."""
        hang_up(self._transport)

    def _tunnel(self, address: str, port: int, timeout_s: float) -> Any:
        paramiko = paramiko_module()
        try:
            return self._transport.open_channel("direct-tcpip", (address, port), ("127.0.0.1", 0), timeout=timeout_s)
        except paramiko.ChannelException as error:
            raise Unreachable(Why.REFUSED, str(error)) from None

    def _started(self, command: str, timeout_s: float, *, both: bool) -> Any:
        channel = self._transport.open_session(timeout=timeout_s)
        channel.settimeout(timeout_s)
        channel.set_combine_stderr(both)
        # exec_command waits without a deadline for the peer's consent; closing the channel wakes it.
        watchdog = threading.Timer(timeout_s, channel.close)
        watchdog.daemon = True
        watchdog.start()
        try:
            channel.exec_command(command)
        finally:
            watchdog.cancel()
        return channel

    def _run(self, command: str, timeout_s: float, cap: int) -> Output:
        deadline = time.monotonic() + timeout_s
        channel = self._started(command, timeout_s, both=False)
        try:
            channel.shutdown_write()
            out, err = _drained(channel, deadline, cap)
            channel.status_event.wait(max(0.0, min(1.0, deadline - time.monotonic())))
            if channel.exit_status == -1 and not self._transport.is_active():
                raise Unreachable(Why.CLOSED)
            return Output(channel.exit_status, out, err)
        finally:
            channel.close()


def _drained(channel: Any, deadline: float, cap: int) -> tuple[bytes, bytes]:
    """Both streams to their end. They share one window: reading one after the other would hang at 2 MB."""
    out, err = bytearray(), bytearray()
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN)
    while True:
        ended = channel.eof_received or channel.closed  # before reading: what comes after it is nothing
        while channel.recv_ready():
            out += channel.recv(CHUNK)
        while channel.recv_stderr_ready():
            err += channel.recv_stderr(CHUNK)
        if len(out) + len(err) > cap:
            raise Unreachable(Why.TOO_MUCH, f"more than {cap >> 20} MiB")
        if ended:
            return bytes(out), bytes(err)
        left = deadline - time.monotonic()
        if left <= 0:
            raise TooLate
        poll.poll(min(left, 0.2) * 1000)  # end of file alone does not always wake it


def connect(
    stream: socket.socket | Any, key: Path, *, user: str = "root", timeout_s: float, host_key: str = ""
) -> Session:
    """Speak SSH over a connected socket or channel and log in with `key`. Raises Unreachable.

    `host_key`: what the other side has to have, as OpenSSH writes it ("ssh-ed25519 AAAA…"); "" takes any, for
    guests, which are rebuilt all the time.
    """
    try:
        return _bounded(lambda: _connect(stream, key, user, timeout_s, host_key), timeout_s)
    except Unreachable:
        stream.close()
        raise


def _connect(stream: Any, key: Path, user: str, timeout_s: float, host_key: str) -> Session:
    paramiko = paramiko_module()
    deadline = time.monotonic() + timeout_s
    transport = paramiko.Transport(stream)
    transport.daemon = True
    _prefer(transport.get_security_options())
    # Our own deadline must come first: these look like a closed connection, or one that is not SSH.
    transport.banner_timeout = transport.handshake_timeout = timeout_s * 2
    try:
        transport.start_client(timeout=timeout_s)
        if not transport.initial_kex_done:
            raise TooLate
        verify_host_key(transport, host_key)
        transport.auth_timeout = max(0.5, deadline - time.monotonic())
        transport.auth_publickey(user, paramiko.Ed25519Key.from_private_key_file(str(key)))
    except BaseException:
        hang_up(transport)
        raise
    return Session(transport)


def verify_host_key(transport: Any, wanted: str) -> None:
    """Unreachable unless the peer, which has proved that it has it, has this host key ("": any)."""
    if wanted and transport.get_remote_server_key().get_base64() != wanted.split()[1]:
        raise Unreachable(Why.ANOTHER)


def _prefer(options: Any) -> None:
    for name, first in (("kex", KEX), ("ciphers", CIPHERS), ("key_types", HOST_KEYS)):
        known = getattr(options, name)
        ours = tuple(word for word in first if word in known)
        setattr(options, name, ours + tuple(word for word in known if word not in ours))


def hang_up(transport: Any) -> None:
    """Close a transport at once. Its own close() waits for its thread, which may wait for the peer."""
    transport.active = False
    transport.packetizer.close()
    transport.sock.close()


def _bounded(work: Callable[[], T], timeout_s: float) -> T:
    """`work` in a thread; everything that can go wrong as Unreachable."""
    try:
        return later(work, "ssh").get(timeout_s + 0.5)
    except (Unreachable, MemoryError):
        raise
    except TooLate:
        raise Unreachable(Why.SILENT) from None
    except Exception as error:
        raise _translated(error) from None


def _translated(error: Exception) -> Unreachable:
    paramiko = paramiko_module()
    text = f"{error}" or type(error).__name__
    if isinstance(error, paramiko.AuthenticationException):
        late = "timeout" in text.lower()
        return Unreachable(Why.SILENT if late else Why.KEY_REFUSED, text)
    if isinstance(error, TimeoutError) or "timeout" in text.lower():
        return Unreachable(Why.SILENT, text)
    if isinstance(error, EOFError | ConnectionError | BrokenPipeError):
        return Unreachable(Why.CLOSED, text)
    if "Indecipherable" in text or isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return Unreachable(Why.NOT_SSH, text)
    return Unreachable(Why.CLOSED, text)
