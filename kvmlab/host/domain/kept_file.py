"""A domain's definition that somebody keeps in a file, and whether it is the one libvirt has stored."""

from __future__ import annotations

from kvmlab.errors import CouldNotLook
from kvmlab.host.domain.definition import Definition
from kvmlab.host.domain.outline import outline
from kvmlab.host.domain.tuning import ends, limits, qemu
from kvmlab.host.xml import Element, parse, word
from kvmlab.remote.host_connection import HostConnection

# What the outline leaves out, because libvirt itself cannot let it differ between what runs and what is stored.
_FACTS = ("uuid", "type", "arch", "boot", "features", "memory_mib", "max_memory_mib", "vcpus", "max_vcpus",
          "memballoon", "mergeable", "cpu_mode", "cpu_model", "agent_channel")  # fmt: skip


def filed(text: str) -> Element | None:
    """The root of a file that holds one domain's definition and nothing else; None for any other file."""
    try:
        root = parse(text)
    except CouldNotLook:  # it is the student's file, not libvirt's answer
        return None
    return root if root.tag == "domain" else None


class FiledDefinition(Definition):
    """The facts of a definition in a file. `stored`: what libvirt has stored of the domain with its UUID."""

    def __init__(self, root: Element, way: HostConnection, stored: Definition | None) -> None:
        self.root = root
        self.way = way
        self.view = "stored"
        self.active = self.saved = False
        self.disks_on_the_same_file: list[str] = []
        self._stored = stored

    @property
    def as_stored(self) -> bool:
        return self._stored is not None and _whole(self) == _whole(self._stored)


def _whole(definition: Definition) -> object:
    root = definition.root
    facts = (getattr(definition, name) for name in _FACTS)
    return (word(root, "name"), outline(root), limits(root), qemu(root), ends(root), *facts)
