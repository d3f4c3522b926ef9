"""The definition that a domain's next start takes: the stored one, or that in a managed save image."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from kvmlab.errors import CouldNotLook
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt


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
