"""A guest of a lab as a libvirt domain (the format: libvirt's formatdomain page)."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.course import GuestSpec

if TYPE_CHECKING:
    import jinja2

IMAGES = "/var/lib/libvirt/images"
_TARGETS = {"virtio": "vda", "ide": "hda", "sata": "sda"}
_NAMESPACE = uuid.UUID("6b766d6c-6162-5000-8000-000000000000")


def disk_path(guest: GuestSpec) -> str:
    """Where the guest's own disk lies on the lab host."""
    return f"{IMAGES}/{guest.name}.qcow2"


def seed_path(guest: GuestSpec) -> str:
    """Where the cloud-init seed of an imported image lies on the lab host."""
    return f"{IMAGES}/{guest.name}-seed.iso"


def domain_xml(guest: GuestSpec, domain_type: str, *, seed: bool = False) -> str:
    """The persistent definition of `guest`; the same guest gives the same text, UUID and all."""
    return _template().render(
        guest=guest,
        domain_type=domain_type,
        uuid=uuid.uuid5(_NAMESPACE, f"{guest.name}/{guest.mac}"),
        disk=disk_path(guest),
        disk_target=_TARGETS[guest.disk_bus],
        seed=seed_path(guest) if seed else "",
        seed_target="hdb" if guest.disk_bus == "ide" else "hda",
    )


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string((Path(__file__).parent / "domain.xml.j2").read_text(encoding="utf-8"))
