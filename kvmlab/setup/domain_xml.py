"""A guest of a lab as a libvirt domain (the format: libvirt's formatdomain page).

By the standard library: jinja2, which fills in the labs' own XML, would cost each start more processor time than all
else that is worked out before podman runs.
"""

from __future__ import annotations

import uuid
from html import escape
from string import Template

from kvmlab.course import GuestSpec

IMAGES = "/var/lib/libvirt/images"
_TARGETS = {"virtio": "vda", "ide": "hda", "sata": "sda"}
_NAMESPACE = uuid.UUID("6b766d6c-6162-5000-8000-000000000000")

_DOMAIN = """\
<domain type="$domain_type">
  <name>$name</name>
  <uuid>$uuid</uuid>
  <memory unit="MiB">$max_memory</memory>$CURRENT_MEMORY
  <vcpu$CURRENT_VCPUS>$max_vcpus</vcpu>
  <os>
    <type arch="x86_64" machine="pc">hvm</type>
    <boot dev="hd"/>
  </os>
  <features><acpi/><apic/></features>
  <clock offset="utc"/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type="usb" model="none"/>
    <disk type="file" device="disk">
      <driver name="qemu" type="qcow2"/>
      <source file="$disk"/>
      <target dev="$disk_target" bus="$disk_bus"/>
    </disk>$CDROM$INTERFACE
    <serial type="pty">
      <log file="/var/log/libvirt/qemu/${name}-console.log" append="on"/>
    </serial>
    <console type="pty"/>
    <channel type="unix">
      <target type="virtio" name="org.qemu.guest_agent.0"/>
    </channel>
    <memballoon model="virtio"/>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
  </devices>
</domain>"""
_CURRENT_MEMORY = """
  <currentMemory unit="MiB">$memory</currentMemory>"""
_CDROM = """
    <disk type="file" device="cdrom">
      <driver name="qemu" type="raw"/>
      <source file="$seed"/>
      <target dev="$seed_target" bus="ide"/>
      <readonly/>
    </disk>"""
_INTERFACE = """
    <interface type="network">
      <mac address="$mac"/>
      <source network="$network"/>
      <model type="$nic_model"/>
    </interface>"""


def disk_path(guest: GuestSpec) -> str:
    """Where the guest's own disk lies on the lab host."""
    return f"{IMAGES}/{guest.name}.qcow2"


def seed_path(guest: GuestSpec) -> str:
    """Where the cloud-init seed of an imported image lies on the lab host."""
    return f"{IMAGES}/{guest.name}-seed.iso"


def domain_xml(guest: GuestSpec, domain_type: str, *, seed: bool = False) -> str:
    """The persistent definition of `guest`; the same guest gives the same text, UUID and all."""
    values = {
        "domain_type": domain_type,
        "name": guest.name,
        "uuid": uuid.uuid5(_NAMESPACE, f"{guest.name}/{guest.mac}"),
        "memory": guest.memory_mib,
        "max_memory": guest.max_memory_mib or guest.memory_mib,
        "vcpus": guest.vcpus,
        "max_vcpus": guest.max_vcpus or guest.vcpus,
        "disk": disk_path(guest),
        "disk_target": _TARGETS[guest.disk_bus],
        "disk_bus": guest.disk_bus,
        "seed": seed_path(guest),
        "seed_target": "hdb" if guest.disk_bus == "ide" else "hda",
        "mac": guest.mac,
        "network": guest.network,
        "nic_model": guest.nic_model,
    }
    parts = {
        "CURRENT_MEMORY": _CURRENT_MEMORY if guest.max_memory_mib > guest.memory_mib else "",
        "CURRENT_VCPUS": ' current="$vcpus"' if guest.max_vcpus > guest.vcpus else "",
        "CDROM": _CDROM if seed else "",
        "INTERFACE": _INTERFACE if guest.network else "",
    }
    whole = Template(_DOMAIN).safe_substitute(parts)
    return Template(whole).substitute({name: escape(str(value)) for name, value in values.items()})
