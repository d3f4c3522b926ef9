"""What decides about a domain's next start besides its definition: a managed save image, one disk attached twice.

Nobody who writes a check has to think of it: each finding about a stored definition has these rows, where there is
something to say (kvmlab.checks.reader.Cause).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from shlex import quote
from typing import TYPE_CHECKING

from kvmlab.checks.reader import Cause
from kvmlab.errors import CouldNotLook
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt

    from kvmlab.host.domain.definition import Definition
    from kvmlab.host.domain.devices import DiskElement


def next_xml(domain: libvirt.virDomain) -> tuple[str, bool]:
    """The definition that the next start takes, and whether that is the one of a managed save image.

    Raises CouldNotLook where there is such an image, and libvirt cannot read it.
    """
    import libvirt

    if not domain.hasManagedSaveImage():
        return str(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)), False
    try:
        return str(domain.managedSaveGetXMLDesc()), True
    except libvirt.libvirtError as error:
        said = t("What the next start of {guest} takes from its managed save image cannot be read: {error}.",
                 guest=domain.name(), error=str(error).rstrip("."))  # fmt: skip
        raise CouldNotLook(said, f"virsh managedsave-remove {quote(domain.name())}") from None


def shown_by(name: str) -> str:
    """The command that shows the definition in a managed save image."""
    return f"virsh managedsave-dumpxml {quote(name)}"


def causes(definition: Definition) -> Iterator[Cause]:
    """What decides about the next start, whatever the definition says of one thing or another."""
    name = quote(definition.domain.name())
    if same := definition.disks_on_the_same_file:
        yield Cause("disks_on_the_same_file", same, [], f"virsh domblklist --inactive {name}", alone=True)
    if definition.saved:
        yield Cause("managed_save", True, False, f"virsh managedsave-remove {name}")


def on_the_same_file(disks: Iterable[DiskElement]) -> list[str]:
    """The targets of disks that are one file: qemu locks it for the first of them, and the start fails."""
    targets: dict[str, list[str]] = defaultdict(list)
    for disk in disks:
        if disk.source and not disk.shareable and not disk.readonly:
            targets[disk.source].append(disk.target or "")
    return [target for several in targets.values() if len(several) > 1 for target in several]
