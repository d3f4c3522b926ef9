"""Mutators of domains."""

from __future__ import annotations

from collections.abc import Callable

from kvmlab.host.xml import Element, parse
from kvmlab.mutants.mutator import ChangeScripts, edited, given, mutator, remove, script, there_and_back
from kvmlab.mutants.scene import SceneDomain

STEP_KIB = 16 << 10
KEPT = "/var/tmp/.kvmlab-{name}"
EXTRA_DISK, EXTRA_MAC = "/var/tmp/.kvmlab-extra.img", "52:54:00:99:99:01"


def redefined(domain: SceneDomain, edit: Callable[[Element], bool | None]) -> ChangeScripts | None:
    """Another stored definition; None where there is none, or nothing in it to edit."""
    other = edited(domain.stored, edit) if domain.stored else None
    return ChangeScripts(given("virsh define", other), given("virsh define", domain.stored)) if other else None


def on_off(on: bool) -> tuple[str, str]:
    """Options of `autostart`, `net-autostart` and `pool-autostart`: the other way round, and back."""
    return ("--disable", "") if on else ("", "--disable")


@mutator("domain", "autostart the other way round")
def _autostart(domain: SceneDomain) -> ChangeScripts | None:
    if not domain.stored:
        return None
    return there_and_back("virsh autostart %s {name}", *on_off(domain.autostart), name=domain.name)


@mutator("domain", "undefined")
def _undefined(domain: SceneDomain) -> ChangeScripts | None:
    if not domain.stored or domain.snapshots or domain.managed_save:
        return None
    undo = given("virsh define", domain.stored)
    if domain.autostart:
        undo += script("\nvirsh autostart {name}", name=domain.name)
    return ChangeScripts(script("virsh undefine {name} --keep-nvram", name=domain.name), undo)


@mutator("domain", "only one of a similar name is left")
def _decoy(domain: SceneDomain) -> ChangeScripts | None:
    if not domain.stored or domain.running or domain.snapshots or domain.managed_save:
        return None
    names = {"name": domain.name, "other": domain.name + "0"}
    return ChangeScripts(
        script("virsh domrename {name} {other}", **names), script("virsh domrename {other} {name}", **names)
    )


def _memory(root: Element, path: str, more_kib: int) -> bool:
    found = root.find(path)
    if found is None or not (found.text or "").isdigit():
        return False
    found.text = str(int(found.text or "0") + more_kib)
    return True


@mutator("domain", "less memory, stored")
def _less_memory(domain: SceneDomain) -> ChangeScripts | None:
    return redefined(domain, lambda root: _memory(root, "currentMemory", -STEP_KIB))


@mutator("domain", "more memory at most, stored")
def _more_memory(domain: SceneDomain) -> ChangeScripts | None:
    return redefined(domain, lambda root: _memory(root, "memory", STEP_KIB))


@mutator("domain", "less memory, live")
def _less_memory_now(domain: SceneDomain) -> ChangeScripts | None:
    kib = parse(domain.live).findtext("currentMemory") if domain.state == "running" else None
    if not kib or parse(domain.live).find("devices/memballoon[@model='none']") is not None:
        return None
    line = "virsh setmem {name} {kib} --live"
    less = script(line, name=domain.name, kib=int(kib) - STEP_KIB)
    return ChangeScripts(less, script(line, name=domain.name, kib=kib))


def _one_vcpu_more(root: Element) -> bool:
    vcpu = root.find("vcpu")
    if vcpu is None or root.find("cpu/topology") is not None:
        return False
    most, current = int(vcpu.text or "1"), vcpu.get("current")
    if current is not None and int(current) < most:
        vcpu.set("current", str(int(current) + 1))
    else:
        vcpu.text = str(most + 1)
        vcpu.attrib.pop("current", None)
    return True


@mutator("domain", "one vCPU more, stored")
def _vcpu(domain: SceneDomain) -> ChangeScripts | None:
    return redefined(domain, _one_vcpu_more)


@mutator("domain", "one vCPU more, live")
def _vcpu_now(domain: SceneDomain) -> ChangeScripts | None:
    vcpu = parse(domain.live).find("vcpu") if domain.state == "running" else None
    if vcpu is None or int(vcpu.get("current", vcpu.text or "1")) >= int(vcpu.text or "1"):
        return None
    now, line = int(vcpu.get("current", "1")), "virsh setvcpus {name} {number} --live"
    more = script(line, name=domain.name, number=now + 1)
    return ChangeScripts(more, script(line, name=domain.name, number=now), scars=True)


@mutator("domain", "pins gone, stored")
def _pins(domain: SceneDomain) -> ChangeScripts | None:
    return redefined(domain, lambda root: remove(root, "cputune/vcpupin"))


def _other_cpus(now: str) -> str:
    """All CPUs of the host, or the last of them alone where it may run on all; where there is but one, nothing."""
    every = "cpus=$(cat /sys/devices/system/cpu/online)"
    return every + script('\n[ "$cpus" != {now} ] || cpus=${cpus##*[-,]}\ntest "$cpus" != {now}', now=now)


@mutator("domain", "vCPU 0 pinned elsewhere, live")
def _pin_now(domain: SceneDomain) -> ChangeScripts | None:
    pin = parse(domain.live).find("cputune/vcpupin[@vcpu='0']") if domain.running else None
    if pin is None:
        return None
    cpus = pin.get("cpuset", "0")
    other = script('virsh vcpupin {name} 0 "$cpus" --live', name=domain.name)
    return ChangeScripts(
        f"{_other_cpus(cpus)}\n{other}", script("virsh vcpupin {name} 0 {cpus} --live", name=domain.name, cpus=cpus)
    )


@mutator("domain", "vCPU 0 runs elsewhere than libvirt says")
def _past_libvirt(domain: SceneDomain) -> ChangeScripts | None:
    pin = parse(domain.live).find("cputune/vcpupin[@vcpu='0']") if domain.running else None
    if pin is None:
        return None
    find = script("pid=$(cat /run/libvirt/qemu/{name}.pid)", name=domain.name)
    thread = 'thread=$(grep -l "^CPU 0/" /proc/$pid/task/*/comm | cut -d/ -f5)'
    cpus = pin.get("cpuset", "0")
    do = f'{_other_cpus(cpus)}\n{find}\n{thread}\ntaskset -pc "$cpus" "$thread"'
    return ChangeScripts(do, f"{find}\n{thread}\n" + script('taskset -pc {cpus} "$thread"', cpus=cpus))


@mutator("domain", "another CPU model, stored")
def _cpu(domain: SceneDomain) -> ChangeScripts | None:
    def edit(root: Element) -> bool:
        gone = remove(root, "cpu")
        if gone:
            root.append(parse("<cpu mode='custom' match='exact'><model>qemu32</model></cpu>"))
        return gone

    return redefined(domain, edit)


@mutator("domain", "boots from the network, stored")
def _boot(domain: SceneDomain) -> ChangeScripts | None:
    def edit(root: Element) -> bool:
        boots = root.findall("os/boot")
        for boot in boots:
            boot.set("dev", "network")
        return bool(boots)

    return redefined(domain, edit)


@mutator("domain", "ends at a reboot, stored")
def _on_reboot(domain: SceneDomain) -> ChangeScripts | None:
    def edit(root: Element) -> bool:
        action = root.find("on_reboot")
        if action is None or action.text == "destroy":
            return False
        action.text = "destroy"
        return True

    return redefined(domain, edit)


@mutator("domain", "one more disk, stored")
def _disk(domain: SceneDomain) -> ChangeScripts | None:
    disk = f"<disk type='file' device='disk'><source file='{EXTRA_DISK}'/><target dev='vdy' bus='virtio'/></disk>"
    change = redefined(domain, lambda root: root.find("devices").append(parse(disk)))  # type: ignore[union-attr]
    made = f"truncate -s 1M {EXTRA_DISK}\n"
    return change and ChangeScripts(made + change.do, f"{change.undo}\nrm {EXTRA_DISK}")


@mutator("domain", "one more disk, live")
def _disk_now(domain: SceneDomain) -> ChangeScripts | None:
    if domain.state != "running":
        return None
    do = script(f"truncate -s 1M {EXTRA_DISK}\nvirsh attach-disk {{name}} {EXTRA_DISK} vdy --live", name=domain.name)
    undo = script("virsh detach-disk {name} vdy --live", name=domain.name)
    return ChangeScripts(do, f"{undo}\nrm {EXTRA_DISK}", scars=True)


def _nic_elsewhere(domain: SceneDomain) -> str:
    """A network or bridge that one of its NICs is on, as words for attach-interface."""
    source = parse(domain.stored or domain.live).find("devices/interface/source")
    kind, name = next(iter(source.attrib.items())) if source is not None else ("network", "default")
    kind, name = (kind, name) if kind in ("network", "bridge") else ("network", "default")
    return script("{kind} {name}", kind=kind, name=name)


@mutator("domain", "one more NIC, stored")
def _nic(domain: SceneDomain) -> ChangeScripts | None:
    return _attached(domain, "--config") if domain.stored else None


@mutator("domain", "one more NIC, live")
def _nic_now(domain: SceneDomain) -> ChangeScripts | None:
    change = _attached(domain, "--live") if domain.state == "running" else None
    return change and change._replace(scars=True)


def _attached(domain: SceneDomain, how: str) -> ChangeScripts:
    words = f"{_nic_elsewhere(domain)} --mac {EXTRA_MAC} --model virtio {how}"
    do = script("virsh attach-interface {name} ", name=domain.name) + words
    kind = _nic_elsewhere(domain).split()[0]
    return ChangeScripts(do, script("virsh detach-interface {name} ", name=domain.name) + f"{kind} {EXTRA_MAC} {how}")


@mutator("domain", "paused")
def _paused(domain: SceneDomain) -> ChangeScripts | None:
    if domain.state != "running":
        return None
    return there_and_back("virsh %s {name}", "suspend", "resume", name=domain.name, scars=True)


@mutator("domain", "goes on running")
def _resumed(domain: SceneDomain) -> ChangeScripts | None:
    if domain.state != "paused":
        return None
    return there_and_back("virsh %s {name}", "resume", "suspend", name=domain.name, scars=True)


@mutator("domain", "switched off")
def _off(domain: SceneDomain) -> ChangeScripts | None:
    """Stop a guest by saving it, so that it can be restored as it was."""
    if not domain.running:
        return None
    do = script("virsh save {name} {file}", name=domain.name, file=KEPT.format(name="memory"))
    return ChangeScripts(do, script("virsh restore {file}\nrm {file}", file=KEPT.format(name="memory")), scars=True)


@mutator("domain", "started")
def _started(domain: SceneDomain) -> ChangeScripts | None:
    """Start a guest paused, because one that boots would write to its disk."""
    if domain.running or domain.managed_save:
        return None
    return there_and_back("virsh %s {name}", "start --paused", "destroy", name=domain.name, scars=True)


@mutator("domain", "a managed save waits for its next start")
def _managed_save(domain: SceneDomain) -> ChangeScripts | None:
    if not domain.stored or domain.managed_save:
        return None
    if domain.running:
        return there_and_back("virsh %s {name}", "managedsave", "start", name=domain.name, scars=True)
    do = script("virsh start --paused {name}\nvirsh managedsave {name}", name=domain.name)
    return ChangeScripts(do, script("virsh managedsave-remove {name}", name=domain.name), scars=True)
