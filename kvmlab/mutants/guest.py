"""Mutators of what is in a guest: its stored network, fstab, mounts, addresses, files. Scripts for busybox's sh."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from kvmlab.mutants.mutator import ChangeScripts, mutator, script, there_and_back
from kvmlab.mutants.scene import AskedObject

KEPT = "/root/.kvmlab-kept"
FSTAB, RESOLV = "/etc/fstab", "/etc/resolv.conf"


def _file(asked: AskedObject, path: str, change: str, test: str = "true") -> ChangeScripts:
    """Change a file of the guest; a copy is kept, with its times."""
    do = script("test -f {path}", test, f"cp -p {{path}} {KEPT}", change, path=path)
    return ChangeScripts(do, script(f"cp -p {KEPT} {{path}}; rm {KEPT}", path=path), asked.key[0])


def _line(asked: AskedObject, path: str, found: str, instead: str) -> ChangeScripts:
    """Lines of a file that fit a basic regular expression, {name} in it the object's; `&` and \\1 in `instead` as in
    sed."""
    found = found.replace("{name}", asked.key[-1])
    return _file(asked, path, f"sed -i 's\x01{found}\x01{instead}\x01' {{path}}", f"grep -q '{found}' {{path}}")


def _entry(asked: AskedObject, found: str, instead: str) -> ChangeScripts:
    """In the line of fstab for this place."""
    place = asked.key[2].replace("/", r"\/")
    edit = f"sed -i '/[[:blank:]]{place}[[:blank:]]/s\x01{found}\x01{instead}\x01' {{path}}"
    return _file(asked, FSTAB, edit, f"grep '[[:blank:]]{asked.key[2]}[[:blank:]]' {{path}} | grep -q '{found}'")


class Format(NamedTuple):
    """Files that a program reads a stored network from. Only those with a line that fits `beside` are changed."""

    files: str
    beside: str


IFUPDOWN = Format("/etc/network/interfaces", "^iface")
KEYFILE = Format("/etc/NetworkManager/system-connections/*.nmconnection", "^address1=")
NETWORKD = Format("/etc/systemd/network/*.network", "^Address=")
NETPLAN = Format("/etc/netplan/*.yaml", "addresses:")
Edit = tuple[Format, str, str]


def _network(asked: AskedObject, edits: tuple[Edit, ...]) -> ChangeScripts:
    """The first edit that fits a file of the guest, in the first file that it fits."""
    look = ["file="]
    for form, found, instead in edits:
        fits, edit = (text.replace("{name}", asked.key[2]) for text in (found, f"s\x01{found}\x01{instead}\x01"))
        look.append(
            f'for one in {form.files}; do if [ -z "$file" ] && grep -qs \'{form.beside}\' "$one" && '
            f"grep -q '{fits}' \"$one\"; then file=$one; edit='{edit}'; fi; done"
        )
    do = f'test -n "$file"\ncp -p "$file" {KEPT}\necho "$file" > {KEPT}.name\nsed -i "$edit" "$file"'
    undo = f'cp -p {KEPT} "$(cat {KEPT}.name)"; rm {KEPT} {KEPT}.name'
    return ChangeScripts("\n".join([*look, do]), undo, asked.key[0])


_NETWORK: dict[str, tuple[Edit, ...]] = {
    "address misspelt": (
        (IFUPDOWN, r"^\([[:blank:]]*\)address", r"\1adress"),
        (KEYFILE, "^address1=", "adress1="),
        (NETWORKD, "^Address=", "Addr="),
        (NETPLAN, "addresses:", "address:"),
    ),
    "a comment behind the address": ((IFUPDOWN, "^[[:blank:]]*address[[:blank:]].*", "&   # fixed"),),
    "a netmask beside the prefix": ((IFUPDOWN, "^[[:blank:]]*address[[:blank:]].*/.*", r"&\n    netmask 255.255.0.0"),),
    "no gateway": (
        (IFUPDOWN, "^[[:blank:]]*gateway[[:blank:]].*", ""),
        (KEYFILE, "^gateway=.*", ""),
        (KEYFILE, r"^\(address1=[^,]*\),.*", r"\1"),
        (NETWORKD, "^Gateway=.*", ""),
    ),
    "another method": (
        (IFUPDOWN, r"\(inet[[:blank:]]\{1,\}\)\(static\|dhcp\)", r"\1manual"),
        (KEYFILE, "^method=manual", "method=auto"),
    ),
    "not brought up at boot": (
        (IFUPDOWN, r"^\(auto\|allow-hotplug\)[[:blank:]].*{name}.*", ""),
        (KEYFILE, "^interface-name={name}$", "&9"),
        (NETWORKD, "^Name={name}$", "&9"),
        (NETPLAN, r"^\([[:blank:]]*{name}\):", r"\19:"),
    ),
    "a name server misspelt": (
        (IFUPDOWN, "dns-nameserver", "dns-namserver"),
        (KEYFILE, "^dns=", "dsn="),
        (NETWORKD, "^DNS=", "DSN="),
        (NETPLAN, "nameservers:", "nameserver:"),
    ),
}
for _change, _edits in _NETWORK.items():
    mutator("guest-network", _change)(partial(_network, edits=_edits))

EDITS: dict[str, Callable[..., ChangeScripts]] = {"guest-resolver": partial(_line, path=RESOLV), "guest-fstab": _entry}
for _kind, _change, _found, _instead_of_it in (
    ("guest-resolver", "no name server", "^nameserver.*", ""),
    ("guest-fstab", "an option misspelt", "defaults", "defualts"),
    ("guest-fstab", "not mounted at boot", "defaults", "defaults,noauto"),
    ("guest-fstab", "another filesystem's number", "UUID=....", "UUID=0000"),
    ("guest-fstab", "its type misspelt", "ext4", "exf4"),
    ("guest-fstab", "its line gone", "^", "#"),
):
    mutator(_kind, _change)(partial(EDITS[_kind], found=_found, instead=_instead_of_it))


@mutator("guest-mount", "unmounted")
def _unmounted(asked: AskedObject) -> ChangeScripts | None:
    if asked.key[2] == "/":
        return None  # at most it gets read-only
    kept = f"grep ' {{path}} ' /proc/mounts | tail -n 1 > {KEPT}; test -s {KEPT}".replace("{path}", asked.key[2])
    back = f"read -r device place type rest < {KEPT}; mount -t $type $device $place; rm {KEPT}"
    return ChangeScripts(kept + script("\numount {path}", path=asked.key[2]), back, asked.key[0])


@mutator("guest-mount", "read-only")
def _read_only(asked: AskedObject) -> ChangeScripts:
    return there_and_back("mount -o remount,%s {path}", "ro", "rw", path=asked.key[2], guest=asked.key[0])


@mutator("guest-address", "one more address by hand")
def _address(asked: AskedObject) -> ChangeScripts:
    return there_and_back("ip address %s 10.99.98.1/24 dev {dev}", "add", "del", dev=asked.key[2], guest=asked.key[0])


@mutator("guest-route", "gone")
def _route(asked: AskedObject) -> ChangeScripts:
    kept = f"ip route | grep '^{asked.key[2]} ' | sed 's/ *$//' > {KEPT}; test -s {KEPT}"
    back = f"while read -r route; do ip route add $route; done < {KEPT}; rm {KEPT}"
    return ChangeScripts(kept + script("\nip route del {to}", to=asked.key[2]), back, asked.key[0])


@mutator("guest", "calls itself otherwise")
def _hostname(asked: AskedObject) -> ChangeScripts | None:
    if "hostname" not in asked.names:
        return None
    return ChangeScripts(f"hostname > {KEPT}\nhostname other", f"hostname $(cat {KEPT}); rm {KEPT}", asked.key[0])


@mutator("guest-file", "moved to a similar name")
def _moved(asked: AskedObject) -> ChangeScripts:
    words = {"path": asked.key[2], "other": asked.key[2] + "0"}
    return ChangeScripts(script("mv {path} {other}", **words), script("mv {other} {path}", **words), asked.key[0])


def _instead(asked: AskedObject, change: str) -> ChangeScripts:
    words = {"path": asked.key[2], "kept": asked.key[2] + ".kept"}
    do = script("test -f {path}", "mv {path} {kept}", change, **words)
    return ChangeScripts(do, script("rm -f {path}; mv {kept} {path}", **words), asked.key[0])


@mutator("guest-file", "a link to elsewhere")
def _link(asked: AskedObject) -> ChangeScripts:
    change = _instead(asked, f"cp -p {{kept}} {KEPT}\nln -s {KEPT} {{path}}")
    return change._replace(undo=f"{change.undo}; rm -f {KEPT}")


@mutator("guest-file", "emptied")
def _emptied(asked: AskedObject) -> ChangeScripts:
    return _instead(asked, "test -s {kept}\n: > {path}")


@mutator("guest-file", "written over at its end")
def _written_over(asked: AskedObject) -> ChangeScripts:
    return _instead(asked, "cp -p {kept} {path}\necho '~~~' >> {path}")
