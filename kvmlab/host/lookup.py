"""Finding an object of libvirt by its exact name, or saying that there is none and what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

from kvmlab.checks.reader import Key, MissingObject
from kvmlab.host.domain.definition import Definition
from kvmlab.host.domain.devices import DiskElement, InterfaceElement, disks_on_the_same_file, network_of
from kvmlab.host.domain.displays import ConsoleElement, GraphicsElement
from kvmlab.host.domain.kept_file import FiledDefinition, filed
from kvmlab.host.domain.libvirt_domain import LibvirtDomain
from kvmlab.host.domain.next_start import shown_by
from kvmlab.host.networks import LibvirtLease, LibvirtNetwork
from kvmlab.host.storage import LibvirtPool, LibvirtSnapshot, LibvirtVolume
from kvmlab.host.xml import word
from kvmlab.remote.host_connection import HostConnection
from kvmlab.safe_text import plain

if TYPE_CHECKING:
    import libvirt

_NOT_FOUND = {"domain": "VIR_ERR_NO_DOMAIN", "network": "VIR_ERR_NO_NETWORK", "pool": "VIR_ERR_NO_STORAGE_POOL",
              "volume": "VIR_ERR_NO_STORAGE_VOL", "snapshot": "VIR_ERR_NO_DOMAIN_SNAPSHOT"}  # fmt: skip


def found(kind: str, work: Callable[[], Any]) -> Any:
    """What `work` looks up; None where libvirt says that there is no such object."""
    import libvirt

    try:
        return work()
    except libvirt.libvirtError as error:
        if error.get_error_code() == getattr(libvirt, _NOT_FOUND[kind]):
            return None
        raise


def names_of(objects: Iterable[Any]) -> tuple[str, ...]:
    """The names of libvirt's objects."""
    return tuple(one.name() for one in objects)


def domain(connection: libvirt.virConnect, key: Key, way: HostConnection) -> Definition | MissingObject:
    """A domain in the view of key[1]."""
    one = found("domain", lambda: connection.lookupByName(key[0]))
    if one is None:
        return MissingObject("not defined", names_of(connection.listAllDomains()), name=key[0])
    if key[1] == "live" and not one.isActive():
        return MissingObject("not running")
    if key[1] == "stored" and not one.isPersistent():
        return MissingObject("transient: nothing is stored")
    definition = LibvirtDomain(one, key[1], way)
    definition.disks_on_the_same_file = disks_on_the_same_file(definition, connection)
    return definition


def _none(definition: Definition, text: str, offers: Sequence[str] = ()) -> MissingObject:
    """A domain that has no such device, in the definition that was looked at."""
    see = shown_by(definition.domain.name()) if definition.saved else ""
    return MissingObject(text, offers, see, causes=definition.causes)


def domain_file(connection: libvirt.virConnect, key: Key, way: HostConnection) -> FiledDefinition | MissingObject:
    """The definition of a domain in a file of the host."""
    said = way.find("file", path=key[0], content=True)
    if said is None:
        return MissingObject("no such file")
    root = filed(str(said.get("text") or ""))
    if root is None:
        return MissingObject("it is not the definition of one domain")
    one = found("domain", lambda: connection.lookupByUUIDString(word(root, "uuid"))) if word(root, "uuid") else None
    stored = Definition(one, "stored", way) if one is not None and one.isPersistent() else None
    return FiledDefinition(root, way, stored)


def device(
    connection: libvirt.virConnect, key: Key, way: HostConnection, kind: str
) -> InterfaceElement | DiskElement | MissingObject:
    """An interface or disk of a domain, the first that fits."""
    definition = domain(connection, key, way)
    if isinstance(definition, MissingObject):
        return definition
    build: type[InterfaceElement] | type[DiskElement] = InterfaceElement if kind == "interface" else DiskElement
    there = [build(element, definition, connection) for element in definition.root.findall(f"devices/{kind}")]
    by, value = key[2], key[3]
    if by == "index":
        place = int(value)
        return there[place] if place < len(there) else _none(definition, f"no such {kind}")
    fitting = [one for one in there if one.fits(by, value)]
    offers = tuple(name for one in there if (name := getattr(one, by)))
    return fitting[0] if fitting else _none(definition, f"no such {kind}", offers)


def console(connection: libvirt.virConnect, key: Key, way: HostConnection) -> ConsoleElement | MissingObject:
    """The console of a domain."""
    definition = domain(connection, key, way)
    if isinstance(definition, MissingObject):
        return definition
    root = definition.root
    there = root.find("devices/console") is not None or root.find("devices/serial") is not None
    return ConsoleElement(definition) if there else _none(definition, "has none")


def graphics(connection: libvirt.virConnect, key: Key, way: HostConnection) -> GraphicsElement | MissingObject:
    """The display of a domain."""
    definition = domain(connection, key, way)
    if isinstance(definition, MissingObject):
        return definition
    there = definition.root.find("devices/graphics") is not None
    return GraphicsElement(definition) if there else _none(definition, "has none")


def network(connection: libvirt.virConnect, key: Key, way: HostConnection) -> LibvirtNetwork | MissingObject:
    """A network in the view of key[1]."""
    one = network_of(connection, key[0])
    if one is None:
        return MissingObject("not defined", names_of(connection.listAllNetworks()))
    if key[1] == "stored" and not one.isPersistent():
        return MissingObject("transient: nothing is stored")
    return LibvirtNetwork(one, key[1], connection, way)


def lease(connection: libvirt.virConnect, key: Key, way: HostConnection) -> LibvirtLease | MissingObject:
    """The lease of a MAC address in a network."""
    one = network_of(connection, key[0])
    if one is None:
        return MissingObject("no such network", names_of(connection.listAllNetworks()))
    leases = [said for said in one.DHCPLeases() if said["type"] == 0] if one.isActive() else []
    fitting = [said for said in leases if said["mac"].lower() == key[1]]
    return LibvirtLease(fitting[-1]) if fitting else MissingObject("no lease", tuple(said["mac"] for said in leases))


def pool(connection: libvirt.virConnect, key: Key, way: HostConnection) -> LibvirtPool | MissingObject:
    """A pool in the view of key[1]."""
    one = found("pool", lambda: connection.storagePoolLookupByName(key[0]))
    if one is None:
        return MissingObject("not defined", names_of(connection.listAllStoragePools()))
    if key[1] == "stored" and not one.isPersistent():
        return MissingObject("transient: nothing is stored")
    return LibvirtPool(one, key[1])


def volume(connection: libvirt.virConnect, key: Key, way: HostConnection) -> LibvirtVolume | MissingObject:
    """A volume of an active pool."""
    home = found("pool", lambda: connection.storagePoolLookupByName(key[0]))
    if home is None:
        return MissingObject("no such pool", see="virsh pool-list --all")
    if not home.isActive():
        return MissingObject("its pool is not active", see="virsh pool-list --all")
    # A volume whose file was removed behind libvirt's back is found by its name, and then cannot be described.
    one: LibvirtVolume | None = found("volume", lambda: LibvirtVolume(home.storageVolLookupByName(key[1])))
    if one is not None:
        return one
    listed = names_of(home.listAllVolumes())
    if key[1] in listed:
        pool, name = (quote(plain(word)) for word in key)
        return MissingObject(
            "its file is gone, though the pool still lists it", see=f"virsh vol-info {name} --pool {pool}"
        )
    return MissingObject("no such volume", listed)


def snapshot(connection: libvirt.virConnect, key: Key, way: HostConnection) -> LibvirtSnapshot | MissingObject:
    """A snapshot of a domain."""
    home = found("domain", lambda: connection.lookupByName(key[0]))
    if home is None:
        return MissingObject("no such domain", see="virsh list --all")
    one = found("snapshot", lambda: home.snapshotLookupByName(key[1]))
    if one is None:
        return MissingObject("no such snapshot", tuple(other.getName() for other in home.listAllSnapshots()))
    return LibvirtSnapshot(one)


def inventory(connection: libvirt.virConnect, key: Key, way: HostConnection) -> dict[str, Sequence[str]]:
    """InventoryFacts: the names of all domains, networks or pools."""
    lists: dict[str, Callable[[], list[Any]]] = {
        "domains": connection.listAllDomains,
        "networks": connection.listAllNetworks,
        "pools": connection.listAllStoragePools,
    }
    there = lists[key[0]]()
    lasting = [one for one in there if one.isPersistent()]
    active = {one.name() for one in there if one.isActive()}
    return {
        "names": names_of(there),
        "active": sorted(active),
        "inactive": [one.name() for one in there if one.name() not in active],
        "persistent": names_of(lasting),
        "transient": [one.name() for one in there if one not in lasting],
        "autostart": [one.name() for one in lasting if one.autostart()],
    }
