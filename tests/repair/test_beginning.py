"""What a fault has changed is told by two pictures; where libvirt answers no more there is only the first."""

from __future__ import annotations

from typing import Any, NoReturn, cast

import pytest

from kvmlab.errors import CannotRun
from kvmlab.repair import beginning
from kvmlab.repair.beginning import Beginning
from kvmlab.repair.judging import changed_by_the_fault

SOLVED: dict[str, Any] = {"domains": {}, "networks": {}, "pools": {}, "routes": [], "qemu": {}, "files": {},
                          "scope": [], "links": [{"ifname": "br0", "mtu": 1500}]}  # fmt: skip


def made(monkeypatch: pytest.MonkeyPatch, known: dict[str, Any] | None) -> Beginning:
    def unreachable(_host: object) -> NoReturn:
        raise CannotRun("libvirtd on the lab host cannot be reached", "")

    monkeypatch.setattr(beginning, "pictures", unreachable)
    monkeypatch.setattr(beginning, "recall", lambda _host: known)
    return Beginning(*cast("tuple[Any, Any, Any, Any, Any]", (None,) * 5))


def test_where_libvirt_does_not_answer_nothing_else_is_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    solved, broken = made(monkeypatch, SOLVED)._before_and_after()
    assert ("link", ("br0",)) in solved
    assert changed_by_the_fault(solved, broken) == ()


def test_where_nothing_was_remembered_either_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotRun):
        made(monkeypatch, None)._before_and_after()


def test_another_mtu_is_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    other = {**SOLVED, "links": [{"ifname": "br0", "mtu": 1280}]}
    monkeypatch.setattr(beginning, "pictures", lambda _host: (SOLVED, other))
    solved, broken = Beginning(*cast("tuple[Any, Any, Any, Any, Any]", (None,) * 5))._before_and_after()
    assert changed_by_the_fault(solved, broken) == ("link br0: mtu",)
