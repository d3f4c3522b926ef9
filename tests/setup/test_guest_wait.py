"""Guests are asked for their banner over the lab host's one session, until they give it or all is silent."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, Mock

import pytest

from kvmlab.errors import CannotRun
from kvmlab.liveness import Silence
from kvmlab.remote.host_connection import HostConnection
from kvmlab.remote.host_root import HostRoot
from kvmlab.remote.ssh import Unreachable, Why
from kvmlab.setup.guest_wait import wait_for_guests


def says(word: bytes) -> MagicMock:
    """A channel to somebody who begins with `word`."""
    channel = MagicMock()
    channel.__enter__.return_value = channel
    channel.recv.return_value = word
    return channel


def test_a_guest_is_asked_until_it_sends_its_banner() -> None:
    answers: list[Any] = [Unreachable(Why.REFUSED), says(b""), EOFError(), says(b"SSH-")]
    session = Mock(tunnel=Mock(side_effect=answers))
    wait_for_guests(session, {"web1": "192.168.122.11"}, Silence(60))
    assert [call.args for call in session.tunnel.call_args_list] == [("192.168.122.11", 22)] * 4
    assert answers[1].__exit__.called and answers[3].__exit__.called


def test_one_that_never_does_is_told_of() -> None:
    session = Mock(tunnel=Mock(side_effect=Unreachable(Why.SILENT)))
    with pytest.raises(CannotRun, match=r"Guest web1 did not answer at 192\.168\.122\.11"):
        wait_for_guests(session, {"web1": "192.168.122.11"}, Silence(0.05))


def test_a_session_that_stands_is_used_and_hung_up(tmp_path: Path) -> None:
    session = Mock(alive=True)
    with closing(HostConnection(HostRoot(tmp_path), tmp_path / "no key", session=session)) as way:
        assert way.session() is session
    assert session.close.called
