"""What libvirt says of a domain's console and display: one property per fact of the vocabulary."""

from __future__ import annotations

import re

from kvmlab.host.domain.definition import Definition
from kvmlab.host.xml import attribute, flag, number, parse


class ConsoleElement:
    """The first console of a domain; a serial port where no console is said."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        root = definition.root
        self.element = (root.findall("devices/console") + root.findall("devices/serial"))[0]
        self.causes = definition.causes

    @property
    def type(self) -> str | None:
        return self.element.get("type")

    @property
    def target_type(self) -> str:
        said = attribute(self.element, "target", "type")
        return "virtio" if said == "virtio" else "serial"

    @property
    def port(self) -> int | None:
        return number(attribute(self.element, "target", "port"))

    @property
    def path(self) -> str | None:
        return attribute(self.element, "source", "path") if self.definition.runs else None

    @property
    def output(self) -> str | None:
        root = self.definition.root
        logs = root.findall("devices/console/log") + root.findall("devices/serial/log")
        log: str | None = self.definition.way.find("console_log", path=logs[0].get("file", "")) if logs else None
        return log


class GraphicsElement:
    """The first display of a domain."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.element = definition.root.findall("devices/graphics")[0]
        self.causes = definition.causes

    @property
    def type(self) -> str | None:
        return self.element.get("type")

    @property
    def listen(self) -> str | None:
        said = self.element.get("listen") or attribute(self.element, "listen", "address")
        return said or (self._usual() if self.element.find("listen[@type='address']") is not None else None)

    def _usual(self) -> str:
        """Where a display listens when the definition does not say."""
        text = self.definition.way.text("/etc/libvirt/qemu.conf") or ""
        said = re.findall(rf'^[ \t]*{self.type}_listen[ \t]*=[ \t]*"([^"]+)"', text, re.MULTILINE)
        return said[-1] if said else "127.0.0.1"

    @property
    def port(self) -> int | None:
        found = number(self.element.get("port"))
        return found if found is not None and found >= 0 else None

    @property
    def autoport(self) -> bool:
        return flag(self.element.get("autoport"))

    @property
    def password(self) -> bool:
        # libvirt hides it from whoever may only read, so it is looked for where libvirtd keeps it.
        domain = self.definition.domain
        folder = "/run/libvirt/qemu" if self.definition.runs else "/etc/libvirt/qemu"
        text = self.definition.way.text(f"{folder}/{domain.name()}.xml")
        if text is None:
            return False
        root = parse(text[text.find("<dom") :])
        return any(found.get("passwd") is not None for found in root.iter("graphics"))

    @property
    def uri(self) -> str | None:
        port = self.port
        if not self.definition.runs or port is None:
            return None
        address = self.listen or "127.0.0.1"
        shown = f"[{address}]" if ":" in address else address
        shown = "localhost" if address in ("0.0.0.0", "::") else shown  # as virsh domdisplay does
        return f"vnc://{shown}:{port - 5900}" if self.type == "vnc" else f"{self.type}://{shown}:{port}"
