"""What a lab host had at its start is asked for with patience, and again where it said nothing."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from kvmlab.errors import CannotRun, CouldNotLook
from kvmlab.host.connection import TIMEOUT_S
from kvmlab.setup import start_record
from kvmlab.setup.start_record import PATIENCE, TRIES, PictureConnections, recall

LAB = Mock(values={}, files=())
SESSION = Mock()


@pytest.fixture
def host(tmp_path: Path) -> Mock:
    """A lab host of which nothing is real but where its start is remembered."""
    return Mock(start_record=tmp_path / "start.json")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """How the two connections were opened, on a computer that is five times slower."""
    both = SimpleNamespace(libvirt=Mock(), way=Mock())
    monkeypatch.setattr(start_record, "Libvirt", both.libvirt)
    monkeypatch.setattr(start_record, "HostConnection", both.way)
    monkeypatch.setattr(start_record, "slowness", lambda: 5.0)
    return both


def silent(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """The lab host says nothing so many times, then it tells."""
    said: list[object] = [CouldNotLook("It says nothing.", "")] * times + [{"links": []}]
    monkeypatch.setattr(start_record, "take_whole", Mock(side_effect=said))


def test_a_lab_host_that_answered_too_late_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, host: Mock, opened: SimpleNamespace
) -> None:
    silent(monkeypatch, TRIES - 1)
    PictureConnections(host, SESSION, has_libvirt=True).remember(LAB)
    assert recall(host) == {"links": []}
    assert opened.way.call_count == opened.libvirt.call_count == TRIES
    assert opened.way().close.call_count == TRIES
    used = [call.kwargs["session"] for call in opened.way.call_args_list if call.kwargs]
    assert used == [SESSION] + [None] * (TRIES - 1)  # it may be the session that does not answer


def test_one_that_never_answers_is_told_of(
    monkeypatch: pytest.MonkeyPatch, host: Mock, opened: SimpleNamespace
) -> None:
    silent(monkeypatch, TRIES)
    with pytest.raises(CannotRun, match=r"It says nothing\."):
        PictureConnections(host, SESSION, has_libvirt=False).remember(LAB)
    assert not host.start_record.exists()


def test_each_deadline_is_as_long_as_the_computer_is_slow(host: Mock, opened: SimpleNamespace) -> None:
    PictureConnections(host, SESSION, has_libvirt=True)
    assert opened.way.call_args.kwargs["patience"] == 5 * PATIENCE
    assert opened.libvirt.call_args.kwargs["timeout_s"] == 5 * PATIENCE * TIMEOUT_S


def test_what_is_compared_with_the_start_is_asked_for_as_patiently(
    monkeypatch: pytest.MonkeyPatch, host: Mock, opened: SimpleNamespace
) -> None:
    host.start_record.write_text(json.dumps({"domains": None}))
    monkeypatch.setattr(start_record, "take_again", Mock(return_value={}))
    monkeypatch.setattr(start_record, "given_patience", lambda: 7.0)
    start_record.pictures(host)
    assert opened.way.call_args.kwargs["patience"] == 7
    assert opened.libvirt.call_args.kwargs["timeout_s"] == 7 * TIMEOUT_S
