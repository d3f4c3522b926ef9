"""interfaces(5), as ifup itself reads it: what it says that it would do at the next boot (`ifup --no-act`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from shlex import quote

from kvmlab.errors import CouldNotLook
from kvmlab.guest.netconfig.effect import Bridges, Effect
from kvmlab.guest.netconfig.ifup_commands import effect
from kvmlab.guest.netconfig.model import Device, Kept, NextBootConfig
from kvmlab.guest.netconfig.shell_lines import NotUnderstood
from kvmlab.words import t

MAIN = "/etc/network/interfaces"


def ifupdown(kept: Kept, nic: Device) -> NextBootConfig | None:
    """What `ifup -a` does with the interface, and what udev makes it do where it is plugged in; None: nothing.

    Where one line cannot be read, ifup reads none of them. Raises CouldNotLook where a command is not understood.
    """
    if nic.name not in _started(kept):
        return None
    options = options_of(kept.text(f"ifquery:{nic.name}"))
    said = brought_up(kept, nic.name, options)
    method = "dhcp" if said.dhcp else "static" if said.addresses else "manual"
    dns = said.dns
    if kept.text("resolver-hook") and not said.broken:
        named = (options.get(name, "") for name in ("dns-nameservers", "dns-nameserver"))
        dns = [*dns, *(word for value in named for word in value.split())]
    return NextBootConfig(_file(kept, nic.name), method, said.addresses, said.gateway, dns)


def _started(kept: Kept) -> set[str]:
    """The interfaces that come up by themselves."""
    plugged = kept.text("ifup-hotplug").split() if kept.text("udev") == "yes" else []
    return {*kept.text("ifup-auto").split(), *plugged}


def options_of(text: str) -> dict[str, str]:
    """What ifquery tells of an interface; the lines below an option belong to its value."""
    options: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        head = re.match(r"([\w-]+): (.*)", line)
        if head:
            name = head[1]
            options[name] = f"{options[name]}\n{head[2]}" if name in options else head[2]
        elif name:
            options[name] += "\n" + line
    return options


def brought_up(kept: Kept, name: str, options: Mapping[str, str], bridges: Bridges | None = None) -> Effect:
    """What ifup's commands for an interface do. Raises CouldNotLook where one is not understood."""
    _refuse_mapping(kept, name)
    variables = {f"IF_{key.upper().replace('-', '_')}": value for key, value in options.items()}
    lines = [line for line in kept.text(f"ifup:{name}").splitlines() if not line.startswith("ifup:")]
    if not kept.text(f"ifup:{name}").strip():
        raise could_not_tell(name, "ifup")
    try:
        return effect(name, "\n".join(lines), {"IFACE": name, "LOGICAL": name, **variables}, bridges)
    except NotUnderstood as error:
        raise could_not_tell(name, str(error)) from None


def _refuse_mapping(kept: Kept, name: str) -> None:
    if any(re.search(r"^\s*mapping\s", text, re.MULTILINE) for text in _own_files(kept).values()):
        raise could_not_tell(name, "mapping")


def could_not_tell(name: str, command: str) -> CouldNotLook:
    """It hangs on this command, or option, which is not understood here."""
    said = t("What the next boot does with {name} cannot be told from here: it depends on `{command}`.",
             name=name, command=command[:100])  # fmt: skip
    return CouldNotLook(said, f"ifup --no-act --force {quote(name)}")


def _own_files(kept: Kept) -> dict[str, str]:
    return {path: text for path, text in kept.files.items() if path.startswith("/etc/network/")}


def _file(kept: Kept, name: str) -> str:
    """The file in which the interface's stanza stands."""
    stanza = re.compile(rf"^\s*iface\s+{re.escape(name)}\s", re.MULTILINE)
    return next((path for path, text in _own_files(kept).items() if stanza.search(text)), MAIN)
