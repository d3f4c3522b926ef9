"""The guests of a lab on its lab host: defined, then restored from saved memory, booted, or left off."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kvmlab.course import GuestSpec
from kvmlab.disk_space import no_space
from kvmlab.images import GuestImage
from kvmlab.labhost.computer.fingerprint import kernel_and_processor
from kvmlab.setup import saved_guests
from kvmlab.setup.clocks import set_by_agent
from kvmlab.setup.domain_xml import domain_xml
from kvmlab.setup.files import SAVED, default_network
from kvmlab.setup.outdated import Outdated
from kvmlab.words import t

if TYPE_CHECKING:
    import libvirt


@dataclass(frozen=True)
class PlacedGuest:
    """A guest with all it is made from; `key` is the name it is saved under."""

    spec: GuestSpec
    image: GuestImage
    xml: str
    key: str

    @property
    def restorable(self) -> bool:
        """Whether it is restored: it runs at the start, and its address is known beforehand."""
        return self.spec.state != "shut off" and bool(self.spec.address) and self.spec.network == "default"


def placed(
    guests: Sequence[GuestSpec], images: dict[str, GuestImage], domain_type: str, host_image: str, inside: str
) -> list[PlacedGuest]:
    """`guests` with their images, XML and keys.

    `host_image`: which build of which one. `inside`: what kvmlab itself puts into guests.
    """
    found = []
    under = kernel_and_processor().values() if domain_type == "kvm" else ()
    for guest in guests:
        image = images[guest.image]
        xml = domain_xml(guest, domain_type, seed=bool(image.seed))
        network = default_network([guest]) if guest.address else ""
        key = saved_guests.key_of(xml, image.hash, host_image, network, inside, str(guest.disk_gib), *under)
        found.append(PlacedGuest(guest, image, xml, key))
    return found


def bring_up(connection: libvirt.virConnect, guests: Sequence[PlacedGuest], ready: set[str]) -> None:
    """Define all; restore those whose memory is `ready` (by name), boot the others that are to run."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        for _ in pool.map(lambda guest: _bring_up(connection, guest, guest.spec.name in ready), guests):
            pass


def _bring_up(connection: libvirt.virConnect, guest: PlacedGuest, has_memory: bool) -> None:
    import libvirt

    try:
        domain = connection.defineXML(guest.xml)
        if guest.spec.state == "shut off":
            return
        if has_memory:
            connection.restore(f"{SAVED}/{guest.spec.name}/memory")
        else:
            domain.create()
        if guest.spec.state == "paused":
            if has_memory:
                set_by_agent(connection, guest.spec.name)  # it hears nothing afterwards
            domain.suspend()
    except libvirt.libvirtError as error:
        if full := no_space(str(error)):
            raise full from None
        said = t("Guest {guest} cannot be started: {error}", guest=guest.spec.name, error=error)
        raise Outdated(said, [guest.key] if has_memory else []) from None


def save_to(connection: libvirt.virConnect, guest: PlacedGuest, inside: str) -> None:
    """virsh save: the guest's memory goes to the file `inside` the lab host, and the guest stops."""
    connection.lookupByName(guest.spec.name).save(inside)
