"""Mutators of units and accounts, on the host and (units) in a guest with systemd."""

from __future__ import annotations

from collections.abc import Callable

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


@_for_both("stopped")
def _stopped(asked: AskedObject) -> ChangeScripts:
    return _unit(asked, "is-active", "systemctl stop", "systemctl start")


@_for_both("disabled")
def _disabled(asked: AskedObject) -> ChangeScripts:
    return _unit(asked, "is-enabled", "systemctl disable", "systemctl enable")


@_for_both("masked")
def _masked(asked: AskedObject) -> ChangeScripts:
    return _unit(asked, "is-enabled", "systemctl mask", "systemctl unmask")


@_for_both("enabled for this boot only")
def _for_this_boot(asked: AskedObject) -> ChangeScripts:
    change = _unit(asked, "is-enabled", "systemctl disable", "systemctl enable")
    do, undo = (f"xargs systemctl {verb} --runtime < {UNITS}" for verb in ("enable", "disable"))
    return change._replace(do=f"{change.do}\n{do}", undo=f"{undo}\n{change.undo}")


def _account(asked: AskedObject, do: str, undo: str) -> ChangeScripts:
    return ChangeScripts(script(do, name=asked.key[0]), script(undo, name=asked.key[0]))


@mutator("account", "locked")
def _locked(asked: AskedObject) -> ChangeScripts:
    return _account(asked, "passwd --status {name} | grep -q ' P '\nusermod --lock {name}", "usermod --unlock {name}")


@mutator("account", "expired")
def _expired(asked: AskedObject) -> ChangeScripts:
    return _account(asked, "chage --expiredate 0 {name}", "chage --expiredate -1 {name}")


@mutator("account", "its shell ends at once")
def _no_shell(asked: AskedObject) -> ChangeScripts:
    kept = f"getent passwd {{name}} | cut -d: -f7 > {UNITS}"
    return _account(asked, f"{kept}\nusermod --shell /usr/sbin/nologin {{name}}",
                    f"usermod --shell $(cat {UNITS}) {{name}}; rm {UNITS}")  # fmt: skip


@mutator("account", "out of its last group")
def _out_of_group(asked: AskedObject) -> ChangeScripts:
    kept = f"id -nG {{name}} | cut -s -d' ' -f2- | grep -o '[^ ]*$' > {UNITS}"
    return _account(asked, f"{kept}\ngpasswd --delete {{name}} $(cat {UNITS})",
                    f"gpasswd --add {{name}} $(cat {UNITS}); rm {UNITS}")  # fmt: skip
