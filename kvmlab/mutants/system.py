"""Mutators of units and accounts, on the host and (units) in a guest with systemd."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kvmlab.mutants.mutator import ChangeScripts, Function, mutator, script
from kvmlab.mutants.scene import AskedObject

UNITS = "/var/tmp/.kvmlab-units"


def _listed(name: str, how: str) -> str:
    """Write those of a unit and its socket that are active or enabled to UNITS; fail where neither is."""
    plain = name.removesuffix(".service").removesuffix(".socket")
    each = f"do ! systemctl {how} --quiet $unit || echo $unit; done > {UNITS}"
    words = {"service": f"{plain}.service", "socket": f"{plain}.socket"}
    return script("for unit in {service} {socket}; " + each, f"test -s {UNITS}", **words)


def _where(asked: AskedObject) -> tuple[str, str]:
    """(unit, guest)."""
    return (asked.key[2], asked.key[0]) if asked.kind == "guest-service" else (asked.key[0], "")


def _unit(asked: AskedObject, how: str, do: str, undo: str) -> ChangeScripts:
    name, guest = _where(asked)
    listed = _listed(name, how)
    return ChangeScripts(f"{listed}\nxargs {do} < {UNITS}", f"xargs {undo} < {UNITS}; rm {UNITS}", guest)


def _for_both(change: str) -> Callable[[Function], Function]:
    return lambda function: mutator("guest-service", change)(mutator("service", change)(function))


for _change, _how, _do, _undo in (
    ("stopped", "is-active", "systemctl stop", "systemctl start"),
    ("disabled", "is-enabled", "systemctl disable", "systemctl enable"),
    ("masked", "is-enabled", "systemctl mask", "systemctl unmask"),
):
    _for_both(_change)(partial(_unit, how=_how, do=_do, undo=_undo))


@_for_both("enabled for this boot only")
def _for_this_boot(asked: AskedObject) -> ChangeScripts:
    change = _unit(asked, "is-enabled", "systemctl disable", "systemctl enable")
    do, undo = (f"xargs systemctl {verb} --runtime < {UNITS}" for verb in ("enable", "disable"))
    return change._replace(do=f"{change.do}\n{do}", undo=f"{undo}\n{change.undo}")


def _account(asked: AskedObject, do: str, undo: str) -> ChangeScripts:
    return ChangeScripts(script(do, name=asked.key[0]), script(undo, name=asked.key[0]))


for _change, _do, _undo in (
    ("locked", "passwd --status {name} | grep -q ' P '\nusermod --lock {name}", "usermod --unlock {name}"),
    ("expired", "chage --expiredate 0 {name}", "chage --expiredate -1 {name}"),
    (
        "its shell ends at once",
        f"getent passwd {{name}} | cut -d: -f7 > {UNITS}\nusermod --shell /usr/sbin/nologin {{name}}",
        f"usermod --shell $(cat {UNITS}) {{name}}; rm {UNITS}",
    ),
    (
        "out of its last group",
        f"id -nG {{name}} | cut -s -d' ' -f2- | grep -o '[^ ]*$' > {UNITS}\ngpasswd --delete {{name}} $(cat {UNITS})",
        f"gpasswd --add {{name}} $(cat {UNITS}); rm {UNITS}",
    ),
):
    mutator("account", _change)(partial(_account, do=_do, undo=_undo))
