"""Another user of this computer, with everything a browser of ours would send."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kvmlab.page.peer import owner
from tests.page.conftest import Served

NOBODY = 65534
ASKS = """
import http.client, json, os, sys
os.setgid(65534), os.setuid(65534)
for method, path in (("GET", "/"), ("POST", "/api/course")):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    connection.request(method, path, "{\\"lang\\": \\"en\\"}", json.loads(sys.argv[2]))
    answer = connection.getresponse()
    print(answer.status, answer.read().decode(), end="")
"""


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A listener's end of a connection, and the client's."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
        listener.accept()[0] as ours,
    ):
        yield ours, client


def test_a_connection_is_of_who_has_opened_it(pair: tuple[socket.socket, socket.socket]) -> None:
    """Of nobody, once it does not stand on both sides: the kernel gives what is left over to root."""
    ours, client = pair
    ends = client.getsockname(), ours.getsockname()
    assert owner(*ends) == os.geteuid()
    assert owner((ends[0][0], 1), ends[1]) is None and owner(ends[1], ("127.0.0.2", 1)) is None
    client.close()
    assert owner(*ends) is None


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_one_of_an_ipv6_socket_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_INET6) as client:
        client.connect((f"::ffff:{listener.getsockname()[0]}", listener.getsockname()[1]))
        assert owner(("127.0.0.1", client.getsockname()[1]), listener.getsockname()) == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_refused_with_our_cookie_and_key(served: Served) -> None:
    headers = {"origin": f"http://127.0.0.1:{served.port}", "content-type": "application/json"}
    headers |= {"cookie": served.cookie, "x-kvmlab-key": served.key}
    argv = [sys.executable, "-c", ASKS, str(served.port), json.dumps(headers)]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["403 refused: another user"] * 2, done.stderr
    assert served.post("/api/course", {"lang": "en"})[0] == 200
