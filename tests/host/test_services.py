"""Whether a unit starts at the next boot: as systemd says it, masks, sockets and "for this boot only" included."""

from __future__ import annotations

from typing import Any

import pytest

from kvmlab.checks.reader import CAUSES, MissingObject
from kvmlab.errors import CouldNotLook
from kvmlab.host.system import service
from kvmlab.remote.host_connection import NotThere
from tests.host.answering import Answering

Units = dict[str, dict[str, Any]]

LIBVIRTD: Units = {
    "libvirtd": {
        "UnitFileState": "enabled",
        "ActiveState": "active",
        "TriggeredBy": "libvirtd.socket libvirtd-ro.socket",
    },
    "libvirtd.socket": {"UnitFileState": "enabled", "ActiveState": "active", "Triggers": "libvirtd.service"},
    "libvirtd-ro.socket": {"UnitFileState": "disabled", "ActiveState": "active", "Triggers": "libvirtd.service"},
}
LIBVIRTD["libvirtd.service"] = LIBVIRTD["libvirtd"]


def asked(units: Units, name: str) -> Any:
    def answer(verb: str, name: str) -> dict[str, Any]:
        if name not in units:
            raise NotThere("no such unit")
        return units[name]

    return service(Answering(answer), (name,))


def with_states(**states: str) -> Units:
    units = {name: dict(said) for name, said in LIBVIRTD.items()}
    for name, state in states.items():
        units[name.replace("_", ".")]["UnitFileState"] = state
    units["libvirtd"] = units["libvirtd.service"]
    return units


@pytest.mark.parametrize(("states", "name", "enabled"), [
    ({}, "libvirtd", True),
    ({"libvirtd_service": "disabled"}, "libvirtd", True),  # its socket starts it
    ({"libvirtd_service": "disabled", "libvirtd_socket": "disabled"}, "libvirtd", False),
    ({"libvirtd_service": "disabled", "libvirtd_socket": "masked"}, "libvirtd", False),
    ({"libvirtd_service": "disabled", "libvirtd_socket": "enabled-runtime"}, "libvirtd", False),
    ({"libvirtd_service": "masked"}, "libvirtd", False),  # whatever its sockets are
    ({"libvirtd_service": "masked"}, "libvirtd.socket", False),  # it listens, and nobody answers
    ({"libvirtd_service": "enabled-runtime", "libvirtd_socket": "enabled-runtime"}, "libvirtd", False),
    ({"libvirtd_socket": "enabled-runtime"}, "libvirtd.socket", False),
    ({}, "libvirtd.socket", True),
])  # fmt: skip
def test_what_the_next_boot_starts(states: dict[str, str], name: str, enabled: bool) -> None:
    assert asked(with_states(**states), name) == {"active": True, "enabled": enabled, "listens": []}


def test_a_mask_for_this_boot_hides_what_is_below_it() -> None:
    with pytest.raises(CouldNotLook) as trouble:
        asked(with_states(libvirtd_service="masked-runtime"), "libvirtd")
    assert trouble.value.todo == "systemctl unmask --runtime libvirtd"


NO_PROGRAM = "libvirtd.service: Command /usr/sbin/libvirt is not executable: No such file or directory"
NO_COMMAND = "libvirtd.service: Service has no ExecStart=, ExecStop=, or SuccessAction=. Refusing."
NO_KEY = "/etc/systemd/system/libvirtd.service.d/x.conf:2: Unknown key 'ExecStrat' in section [Service], ignoring."


@pytest.mark.parametrize(("load", "wrong", "enabled"), [
    ("loaded", NO_PROGRAM, False), ("bad-setting", NO_COMMAND, False), ("loaded", NO_KEY, True),
])  # fmt: skip
@pytest.mark.parametrize("name", ["libvirtd", "libvirtd.socket"])
def test_a_unit_that_cannot_start_does_not_start_at_boot(load: str, wrong: str, enabled: bool, name: str) -> None:
    """As systemd 257 says it: of an unknown key it takes no notice, and its verifier warns all the same."""
    units = with_states()
    units["libvirtd.service"] |= {"Id": "libvirtd.service", "LoadState": load, "Wrong": wrong}
    facts = asked(units, name)
    assert facts["enabled"] is enabled
    if name == "libvirtd":
        (cause,) = facts[CAUSES].value
        assert (cause.found, cause.see, cause.alone) == (wrong, "systemd-analyze verify libvirtd.service", False)


def test_no_such_unit() -> None:
    assert isinstance(asked(LIBVIRTD, "libvirt"), MissingObject)


def test_where_a_socket_listens_is_known_once_systemd_has_read_its_files() -> None:
    said = {"UnitFileState": "enabled", "ActiveState": "active", "Listens": ["[::]:9090 (Stream)"]}
    found = asked({"cockpit.socket": said}, "cockpit.socket")
    assert not isinstance(found, MissingObject) and found["listens"] == ["[::]:9090"]
    found = asked({"cockpit.socket": {**said, "NeedDaemonReload": "yes"}}, "cockpit.socket")
    assert [(cause.fact, cause.alone) for cause in found[CAUSES].value] == [("unread", True)]
