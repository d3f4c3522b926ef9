"""An Ansible inventory as computers: as ansible-inventory reads it; without that the INI format alone.

What `ansible-inventory --list` has written is taken as well.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kvmlab.classroom.machines import ansible
from kvmlab.classroom.roster.table import Unreadable, bytes_of, text_of
from kvmlab.errors import UsageError
from kvmlab.safe_text import plain
from kvmlab.words import t

MOST = 10_000  # computers
_NAME = re.compile(r"[\w.-]{1,255}")
_ADDRESS = re.compile(r"[\w.:][\w.:%-]{0,254}")
_RANGE = re.compile(r"\[(\d{1,9}):(\d{1,9})\]")
_PASSWORDS = ("ansible_password", "ansible_ssh_pass", "ansible_become_password")
_USED = ("ansible_user", "ansible_ssh_private_key_file", "ansible_ssh_common_args", "ansible_ssh_extra_args",
         "kvmlab_command")  # fmt: skip
Variables = Mapping[str, str]


class Machine(NamedTuple):
    """A computer, by its name in the inventory and the variables there that ssh(1) and kvmlab need.

    `options`: further ones of ssh(1) (ansible_ssh_common_args). `kvmlab`: the command there (kvmlab_command).
    """

    name: str
    address: str
    port: int | None
    user: str
    key: str
    options: tuple[str, ...]
    kvmlab: tuple[str, ...]


class InventoryError(UsageError):
    """The inventory cannot be used; `faults` has every reason."""

    def __init__(self, path: Path, faults: Sequence[str]) -> None:
        self.faults = tuple(plain(one, 300) for one in faults[:100])
        head = t("{path} is not an inventory that can be used.", path=path)
        command = shlex.join(["ansible-inventory", "-i", str(path), "--list"]) if ansible.program() else ansible.INSTALL
        super().__init__("\n".join([head, *(f"  {path}: {one}." for one in self.faults)]), command)


def read_inventory(path: Path) -> dict[str, Machine]:
    """Its computers by name. InventoryError with all that is wrong."""
    faults: list[str] = []
    hosts = _hosts(path, faults)
    found = {}
    for name, variables in hosts.items():
        machine = _machine(name, variables, faults)
        if machine:
            found[name] = machine
    if not found and not faults:
        faults.append(t("there is no computer in it"))
    if faults:
        raise InventoryError(path, faults)
    return found


def _hosts(path: Path, faults: list[str]) -> dict[str, Variables]:
    """The variables of each computer; as Ansible reads them, where it is there."""
    program = ansible.program()
    text = "" if path.is_dir() and program else _text(path)
    if not text.lstrip().startswith("{"):
        if not program:
            return _own_reading(path, text, faults)
        text = ansible.listed(program, path, faults)
    return {} if faults else _listed(text, faults)


def _text(path: Path) -> str:
    try:
        return text_of(bytes_of(path)).text
    except Unreadable as error:
        raise InventoryError(path, [f"{error.line}: {error.why}"]) from None


def _own_reading(path: Path, text: str, faults: list[str]) -> dict[str, Variables]:
    """INI, without variables from files beside it, which may say to which computer a name leads."""
    for name in ("group_vars", "host_vars"):
        if path.with_name(name).exists():
            faults.append(t("{name} beside it can be read by Ansible alone", name=name))
    return {} if faults else _ini(text, faults)


def _machine(name: str, variables: Variables, faults: list[str]) -> Machine | None:
    address, port = variables.get("ansible_host", name), variables.get("ansible_port", "")
    if not _NAME.fullmatch(name) or not _ADDRESS.fullmatch(address):
        faults.append(t("`{name}` is no name of a computer, or has no address", name=name[:80]))
    elif port and not (port.isascii() and port.isdigit() and 0 < int(port[:9]) < 65536):
        faults.append(t("{name}: `{value}` is no port", name=name, value=port[:40]))
    elif templates := [one for one in _USED if "{{" in variables.get(one, "")]:
        faults.append(
            t("{name}: {variable} is a template, and templates are not used", name=name, variable=templates[0])
        )
    elif any(variables.get(one) for one in _PASSWORDS):
        faults.append(t("{name}: passwords are not used; let ssh have a key", name=name))
    else:
        try:
            given = (variables.get(f"ansible_ssh_{kind}_args", "") for kind in ("common", "extra"))
            options = tuple(word for text in given for word in shlex.split(text))
            command = tuple(shlex.split(variables.get("kvmlab_command", "kvmlab")))
        except ValueError as error:
            faults.append(f"{name}: {error}")
            return None
        user, key = variables.get("ansible_user", ""), variables.get("ansible_ssh_private_key_file", "")
        return Machine(name, address, int(port) if port else None, user, key, options, command)
    return None


def _listed(text: str, faults: list[str]) -> dict[str, Variables]:
    """`ansible-inventory --list`: groups with their hosts, and all variables below _meta."""
    try:
        document: Any = json.loads(text)
        variables = document.get("_meta", {}).get("hostvars", {})
        groups = [one for name, one in document.items() if name != "_meta"]
        names = [*variables, *(name for one in groups if isinstance(one, dict) for name in one.get("hosts", ()))]
        if len(names := list(dict.fromkeys(names))) > MOST:
            faults.append(t("more than {most} computers", most=MOST))
        found = {name: {key: str(value) for key, value in variables.get(name, {}).items()} for name in names[:MOST]}
    except (ValueError, RecursionError, AttributeError, TypeError):
        faults.append(t("it is not what `ansible-inventory --list` writes"))
        return {}
    return dict(found)


def _ini(text: str, faults: list[str]) -> dict[str, Variables]:
    """Ansible's INI format: hosts in groups, ranges of them, variables of hosts and of groups, groups of groups."""
    own: dict[str, dict[str, str]] = {}
    members: dict[str, list[str]] = {"ungrouped": []}
    of_group: dict[str, dict[str, str]] = {}
    children: dict[str, list[str]] = {}
    group, kind = "ungrouped", ""
    for number, line in enumerate(text.splitlines(), 1):
        try:
            words = shlex.split(line, comments=True)
            if not words or line.lstrip().startswith(";"):
                continue
            if head := re.fullmatch(r"\[([\w.-]+)(?::(vars|children))?\]", line.partition("#")[0].strip()):
                group, kind = head[1], head[2] or ""
            elif kind == "vars":
                name, _, value = line.partition("=")
                of_group.setdefault(group, {})[name.strip()] = " ".join(shlex.split(value, comments=True))
            elif kind == "children":
                children.setdefault(group, []).append(words[0])
            else:
                for name in _names(words[0]):
                    members.setdefault(group, []).append(name)
                    own.setdefault(name, {}).update(_variables(words[1:]))
                    if len(own) > MOST:
                        raise ValueError(t("more than {most} computers", most=MOST))
        except ValueError as error:
            faults.append(f"{number}: {error}")
            if len(faults) > 100 or len(own) > MOST:
                break
    return {name: {**_inherited(name, members, of_group, children), **variables} for name, variables in own.items()}


def _variables(words: Sequence[str]) -> dict[str, str]:
    if wrong := [word for word in words if not re.match(r"\w+=", word)]:
        raise ValueError(t("`{word}` is no variable: NAME=VALUE", word=wrong[0][:40]))
    return dict(word.split("=", 1) for word in words)


def _names(pattern: str) -> Iterator[str]:
    """`pc[01:30]` is thirty."""
    found = _RANGE.search(pattern)
    if not found:
        if "[" in pattern or pattern.endswith(":"):
            raise ValueError(t("this is not Ansible's INI format"))
        yield pattern
        return
    first, last = int(found[1]), int(found[2])
    if not first <= last < first + MOST:
        raise ValueError(t("`{word}` is no range", word=pattern[:40]))
    for number in range(first, last + 1):
        yield f"{pattern[: found.start()]}{number:0{len(found[1])}d}{pattern[found.end() :]}"


def _inherited(
    name: str, members: Mapping[str, Sequence[str]], of_group: Mapping[str, Variables],
    children: Mapping[str, Sequence[str]],
) -> dict[str, str]:  # fmt: skip
    """The variables of a host's groups: of `all` first, then from the outermost group to its own."""
    groups = list[str]()
    above = [group for group, hosts in members.items() if name in hosts]
    while above:
        groups = [*(one for one in above if one not in groups), *groups]
        above = [one for one, inner in children.items() if one not in groups and set(inner) & set(groups)]
    merged = dict(of_group.get("all", {}))
    for group in groups:
        merged.update(of_group.get(group, {}))
    return merged
