"""The process that faces the network: an SSH server that can do nothing but ask the desk.

It takes one kind of channel, a terminal with a shell; commands, subsystems (SFTP, SCP), forwarding of ports, sockets,
agents and X11, and the client's environment variables are refused or ignored. asyncssh refuses what it is not told to
take; tests/classroom/door hold that it stays so.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import NoReturn

import asyncssh

from kvmlab import words
from kvmlab.classroom.door import wire
from kvmlab.classroom.door.confine import confine
from kvmlab.classroom.door.connection import LOGIN_S, Counted, DoorConnection
from kvmlab.classroom.door.line import DeskLine, Here

ALIVE_S, ALIVE = 30, 4
"""How often a silent client is asked whether it is there, and how often it may not answer."""


async def serve(listener: socket.socket, desk_end: socket.socket, host_key: str, left: list[str]) -> None:
    """Let in who may, until the desk is gone. `left`: what could not be given up."""
    asyncio.get_running_loop().set_default_executor(Here())
    desk, counted = DeskLine(desk_end), Counted()
    await asyncssh.listen(
        sock=listener,
        server_factory=lambda: DoorConnection(desk, counted),
        server_host_keys=[asyncssh.import_private_key(host_key)],
        server_version="kvmlab",
        config=[],
        encoding=None,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_scp=False,
        gss_host=None,
        compression_algs=["none"],
        login_timeout=LOGIN_S,
        keepalive_interval=ALIVE_S,
        keepalive_count_max=ALIVE,
    )
    await desk.ask("ready", left=left)
    await asyncio.Event().wait()


def main() -> NoReturn:
    """LISTENER DESK: file descriptors that we were started with."""
    listener, desk_end = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    first = wire.hear(desk_end)
    if first is None:
        os._exit(0)
    words.set_language(str(first.said["lang"]))
    left = confine(str(first.said["empty"]))
    asyncio.run(serve(listener, desk_end, str(first.said["host_key"]), left))
    os._exit(0)


if __name__ == "__main__":
    main()
