"""The other things a lab starts with: networks, pools, further domains, and its own set-up script."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from kvmlab.course import Lab, StartObject
from kvmlab.disk_space import no_space
from kvmlab.errors import AuthorError
from kvmlab.labhost.container import LabHost
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt

SETUP_S = 300


def bring_up_objects(connection: libvirt.virConnect, lab: Lab) -> None:
    """Define and start them in the order networks, pools, domains; what is not persistent stays so."""
    import libvirt

    kinds = (
        (lab.networks, connection.networkDefineXML),
        (lab.pools, connection.storagePoolDefineXML),
        (lab.domains, connection.defineXML),
    )
    for objects, define in kinds:
        for item in objects:
            try:
                _bring_up(define(with_uuid(item.xml, lab.id)), item)
            except libvirt.libvirtError as error:
                if full := no_space(str(error)):
                    raise full from None
                raise AuthorError(f"{lab.path}/{item.file}: {error}", f"kvmlab lint {lab.id}") from None


def with_uuid(xml: str, lab_id: str) -> str:
    """`xml` with a UUID made from lab and name where it has none: libvirt would draw another at every start."""
    root = ET.fromstring(xml)
    if root.find("uuid") is None:
        made = uuid.uuid5(uuid.NAMESPACE_URL, f"kvmlab:{lab_id}/{root.tag}/{root.findtext('name')}")
        ET.SubElement(root, "uuid").text = str(made)
    return ET.tostring(root, encoding="unicode")


def _bring_up(made: Any, item: StartObject) -> None:
    if item.autostart:
        made.setAutostart(1)
    if item.active:
        root = ET.fromstring(item.xml)
        if root.tag == "pool" and root.get("type") == "dir":
            made.build()  # makes its directory, and is content with one that is there
        made.create()


def run_setup(host: LabHost, lab: Lab) -> None:
    """The lab's set-up script, as root on the lab host; a failing one is the author's to mend."""
    if not lab.setup:
        return
    done = host.execute(["bash", "-euo", "pipefail", "-s"], stdin=lab.setup, timeout_s=SETUP_S)
    if done.returncode:
        if full := no_space(done.stderr):
            raise full
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise AuthorError(
            t("{path}: the set-up script failed: {said}", path=lab.path, said=said[-300:]), f"kvmlab lint {lab.id}"
        )
