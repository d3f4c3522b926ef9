"""Mutators of a domain's devices: stored, so that the next start is another; and live."""

from __future__ import annotations

import copy
from collections.abc import Callable

from kvmlab.host.xml import Element, parse
from kvmlab.mutants.domains import redefined
from kvmlab.mutants.mutator import ChangeScripts, given, mutator, script
from kvmlab.mutants.scene import SceneDevice


def _same(device: SceneDevice, root: Element) -> tuple[Element, Element]:
    """`<devices>` of another copy of the definition, and in it this device."""
    devices = root.find("devices")
    assert devices is not None and device.stored is not None
    place = list(parse(device.domain.stored).findall(f"devices/{device.kind}"))
    texts = [_text(one) for one in place]
    return devices, devices.findall(device.kind)[texts.index(_text(device.stored))]


def _text(element: Element) -> str:
    import xml.etree.ElementTree as ET

    return ET.tostring(element, encoding="unicode")


def stored(device: SceneDevice, edit: Callable[[Element, Element], bool | None]) -> ChangeScripts | None:
    """Another stored definition; `edit` gets `<devices>` and the device in it."""
    if device.stored is None:
        return None
    return redefined(device.domain, lambda root: edit(*_same(device, root)))


def _set(path: str, name: str, value: Callable[[str], str | None]) -> Callable[[Element, Element], bool]:
    """An edit: an attribute of the device, made from what it is; None leaves everything as it is."""

    def edit(_devices: Element, one: Element) -> bool:
        holder = one.find(path)
        other = value(holder.get(name, "")) if holder is not None else None
        if holder is None or other is None:
            return False
        holder.set(name, other)
        return True

    return edit


def _gone(devices: Element, one: Element) -> None:
    devices.remove(one)


@mutator("disk", "gone, stored")
def _disk_gone(device: SceneDevice) -> ChangeScripts | None:
    return stored(device, _gone)


@mutator("disk", "read-only, stored")
def _read_only(device: SceneDevice) -> ChangeScripts | None:
    def edit(_devices: Element, one: Element) -> bool:
        if one.find("readonly") is not None:
            return False
        one.append(parse("<readonly/>"))
        return True

    return stored(device, edit)


@mutator("disk", "twice, stored")
def _twice(device: SceneDevice) -> ChangeScripts | None:
    def edit(devices: Element, one: Element) -> bool:
        other, target = copy.deepcopy(one), one.find("target")
        if target is None or one.find("source") is None:
            return False
        for child in other.findall("address"):
            other.remove(child)
        other.find("target").set("dev", target.get("dev", "vda")[:2] + "x")  # type: ignore[union-attr]
        devices.append(other)
        return True

    return stored(device, edit)


@mutator("disk", "another file, stored")
def _another_file(device: SceneDevice) -> ChangeScripts | None:
    return stored(device, _set("source", "file", lambda path: f"{path}0" if path else None))


@mutator("disk", "another format, stored")
def _another_format(device: SceneDevice) -> ChangeScripts | None:
    return stored(device, _set("driver", "type", {"qcow2": "raw", "raw": "qcow2"}.get))


@mutator("disk", "on another bus, stored")
def _another_bus(device: SceneDevice) -> ChangeScripts | None:
    def edit(_devices: Element, one: Element) -> bool:
        target, address = one.find("target"), one.find("address")
        if target is None or target.get("bus") != "virtio" or address is None:
            return False
        target.set("bus", "sata")
        target.set("dev", "sdx")
        one.remove(address)
        return True

    return stored(device, edit)


@mutator("disk", "gone, live")
def _disk_unplugged(device: SceneDevice) -> ChangeScripts | None:
    target = device.which
    if device.live is None or not target.startswith("vd") or target == "vda" or device.domain.state != "running":
        return None
    name = script("{name}", name=device.domain.name)
    back = given(f"virsh attach-device {name} --live --file", _text(device.live))
    return ChangeScripts(script("virsh detach-disk {name} {target} --live", name=device.domain.name, target=target),
                  back, scars=True)  # fmt: skip


@mutator("interface", "gone, stored")
def _nic_gone(device: SceneDevice) -> ChangeScripts | None:
    return stored(device, _gone)


@mutator("interface", "link down, stored")
def _link_down(device: SceneDevice) -> ChangeScripts | None:
    def edit(_devices: Element, one: Element) -> bool:
        link = one.find("link")
        if link is not None and link.get("state") == "down":
            return False
        if link is None:
            one.append(parse("<link state='down'/>"))
        else:
            link.set("state", "down")
        return True

    return stored(device, edit)


@mutator("interface", "another model, stored")
def _another_model(device: SceneDevice) -> ChangeScripts | None:
    return stored(device, _set("model", "type", lambda model: "e1000" if model == "virtio" else "virtio"))


@mutator("interface", "another MAC address, stored")
def _another_mac(device: SceneDevice) -> ChangeScripts | None:
    return stored(device, _set("mac", "address", lambda mac: mac[:-2] + ("01" if mac[-2:] != "01" else "02")))


@mutator("interface", "on another network or bridge, stored")
def _elsewhere(device: SceneDevice) -> ChangeScripts | None:
    source = device.stored.find("source") if device.stored is not None else None
    name = next((name for name in ("network", "bridge") if source is not None and name in source.attrib), "")
    return stored(device, _set("source", name, lambda now: f"{now}0")) if name else None


@mutator("interface", "link down, live")
def _link_down_now(device: SceneDevice) -> ChangeScripts | None:
    if device.live is None or device.live.find("link[@state='down']") is not None:
        return None
    line = "virsh domif-setlink {name} {mac} --state "
    words = {"name": device.domain.name, "mac": device.which}
    return ChangeScripts(script(line + "down", **words), script(line + "up", **words), scars=True)


@mutator("interface", "in no bridge, live")
def _in_no_bridge(device: SceneDevice) -> ChangeScripts | None:
    target = device.live.find("target") if device.live is not None else None
    if target is None or not device.bridge:
        return None
    words = {"tap": target.get("dev", ""), "bridge": device.bridge}
    do, undo = script("ip link set {tap} nomaster", **words), script("ip link set {tap} master {bridge}", **words)
    return ChangeScripts(do, undo, scars=True)


@mutator("console", "gone, stored")
def _console_gone(device: SceneDevice) -> ChangeScripts | None:
    def edit(devices: Element, one: Element) -> None:
        for serial in devices.findall("serial"):
            devices.remove(serial)
        devices.remove(one)

    return stored(device, edit)


@mutator("graphics", "gone, stored")
def _graphics_gone(device: SceneDevice) -> ChangeScripts | None:
    return stored(device, _gone)


@mutator("graphics", "listens elsewhere, stored")
def _listens_elsewhere(device: SceneDevice) -> ChangeScripts | None:
    def edit(_devices: Element, one: Element) -> None:
        everywhere = one.get("listen", "127.0.0.1") in ("0.0.0.0", "::")
        address = "127.0.0.1" if everywhere else "0.0.0.0"
        for listen in one.findall("listen"):
            one.remove(listen)
        one.set("listen", address)

    return stored(device, edit)
