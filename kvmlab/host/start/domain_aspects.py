"""What counts of a domain for "as it was": how it is, and each part of its definitions in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kvmlab.host.domain.tuning import ends, lines_of, qemu, tuning
from kvmlab.host.xml import Element, attribute, in_bytes, mib, parse, word

_HANDLED = frozenset(("disk", "interface", "controller", "emulator", "memballoon"))


def domain_aspects(
    one: Mapping[str, Any], qemu: Mapping[str, Any] | None, links: Mapping[str, Any]
) -> dict[str, object]:
    """Of one domain of a picture; `qemu`: the process that it runs in, `links`: the host's, by name."""
    found: dict[str, object] = {name: one[name] for name in ("state", "persistent", "autostart", "managed save")}
    found["snapshots"] = sorted(one["snapshots"])
    if qemu and one["live"]:
        if qemu.get("stopped"):
            found["state"] = f"{one['state']}, its qemu stopped"
        found["process"] = f"{qemu['pid']} ({qemu['started']})"
        found["boots"] = f"{qemu['boots']}, agent gone" if _reset_while_paused(one) else qemu["boots"]
    for view in ("stored", "live"):
        if one[view]:
            found |= {f"{view} {name}": value for name, value in _definition(parse(one[view]), view, links)}
    return found


def _reset_while_paused(one: Mapping[str, Any]) -> bool:
    """No kernel has begun to boot yet, but what was in the memory is lost: a reset hangs up the guest agent's line."""
    channel = parse(one["live"]).find("devices/channel/target[@name='org.qemu.guest_agent.0']")
    return one["state"] == "paused" and channel is not None and channel.get("state") == "disconnected"


def _definition(root: Element, view: str, links: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield "uuid", word(root, "uuid")
    yield "memory", _memory(root)
    yield "vcpus", f"{attribute(root, 'vcpu', 'current') or word(root, 'vcpu')} / {word(root, 'vcpu')}"
    yield "pins", _pins(root)
    yield "tuning", tuning(root)
    yield "qemu", qemu(root)
    yield "balloon", _words("model", attribute(root, "devices/memballoon", "model"),
                            "period", attribute(root, "devices/memballoon/stats", "period"))  # fmt: skip
    for disk in root.findall("devices/disk"):
        yield f"disk {attribute(disk, 'target', 'dev')}", _disk(disk)
    for nic in root.findall("devices/interface"):
        yield f"interface {(attribute(nic, 'mac', 'address') or '').lower()}", _interface(nic, view, links)
    yield "devices", sorted(_device(one) for one in root.findall("devices/*") if one.tag not in _HANDLED)
    if view == "stored":
        yield "cpu", _cpu(root)
        yield "boot", _boot(root)
        yield "merging", root.find("memoryBacking/nosharepages") is None
        yield "title", _words("title", word(root, "title"), "description", word(root, "description"))
        yield "ends", ends(root)


def _memory(root: Element) -> str:
    most, now = root.find("memory"), root.find("currentMemory")
    sizes = [mib(in_bytes(one, "KiB")) for one in (now if now is not None else most, most)]
    return f"{sizes[0]} / {sizes[1]} MiB"


def _pins(root: Element) -> list[str]:
    own = [f"{pin.get('vcpu')}={pin.get('cpuset')}" for pin in root.findall("cputune/vcpupin")]
    return sorted([*own, *([f"*={every}"] if (every := attribute(root, "vcpu", "cpuset")) else [])])


def _disk(disk: Element) -> str:
    source = disk.find("source")
    places = [source.get(name, "") for name in ("file", "dev", "pool", "volume")] if source is not None else []
    marks = [tag for tag in ("readonly", "shareable", "transient") if disk.find(tag) is not None]
    said = [disk.get("device", "disk"), attribute(disk, "target", "bus"), attribute(disk, "driver", "type")]
    parts = [*said, *places, *marks, *_limits(disk, "iotune"), *_order(disk)]
    return " ".join(part for part in parts if part)


def _order(device: Element) -> list[str]:
    order = attribute(device, "boot", "order")
    return [f"boot={order}"] if order else []


def _limits(device: Element, *tags: str) -> list[str]:
    """How a disk or an interface is held back, where it is."""
    return [",".join(lines_of(found)).replace(" ", ":") for tag in tags if (found := device.find(tag)) is not None]


def _interface(nic: Element, view: str, links: Mapping[str, Any]) -> str:
    source = nic.find("source")
    places = [source.get(name, "") for name in ("network", "dev", "name")] if source is not None else []
    if source is not None and nic.get("type") == "bridge":
        places.append(source.get("bridge", ""))
    state = "" if (said := attribute(nic, "link", "state")) in (None, "up") else f"link={said}"
    limits = _limits(nic, "bandwidth", "filterref", "vlan", "port")
    parts = [nic.get("type"), *places, attribute(nic, "model", "type"), state, *limits, *_order(nic)]
    if view == "live":
        tap = links.get(attribute(nic, "target", "dev") or "", {})
        parts.append(f"in={tap.get('master') or '-'}")
    return " ".join(part for part in parts if part)


def _device(one: Element) -> str:
    inner = [one.find(tag) for tag in ("target", "model", "backend")]
    words = [f"{name}={value}" for element in inner if element is not None for name, value in sorted(element.items())
             if (name in ("type", "name", "model") and element.tag != "model") or name == "type"]  # fmt: skip
    log = attribute(one, "log", "file")
    own = [value for name, value in sorted(one.items()) if name in ("type", "model", "bus", "listen")]
    return " ".join(dict.fromkeys([one.tag, *own, *words, *([f"log={log}"] if log else [])]))


def _cpu(root: Element) -> str:
    topology = root.find("cpu/topology")
    parts = [topology.get(name, "1") for name in ("sockets", "cores", "threads")] if topology is not None else []
    shape = "-".join(parts) or None
    return _words("mode", attribute(root, "cpu", "mode"), "model", word(root, "cpu/model"), "topology", shape)


def _boot(root: Element) -> str:
    devices = ",".join(found.get("dev", "") for found in root.findall("os/boot"))
    parts = [attribute(root, "os/type", "machine"), devices, word(root, "os/kernel"), word(root, "os/loader")]
    features = sorted(found.tag for found in root.findall("features/*"))
    return " ".join(part for part in [*parts, *features] if part)


def _words(*pairs: str | None) -> str:
    return " ".join(f"{name}={value}" for name, value in zip(pairs[::2], pairs[1::2], strict=True) if value)
