"""What libvirt found out about its QEMU, kept in the host image: 1.5 s less at every start of a lab host.

libvirt asks each QEMU binary once and keeps the answer in /var/cache/libvirt/qemu/capabilities. The answer names
the ctime of QEMU's and of libvirtd's binary, so it can only come from this very image on this computer. It holds
only with, or only without, /dev/kvm, so there is one for each; the one with it holds for one kernel of the host.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.errors import CannotRun
from kvmlab.paths import State
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.labhost.podman import Podman

_LABEL = "kvmlab.asked"


def circumstances() -> str:
    """What an answer with /dev/kvm depends on; "" where there is none to ask about."""
    kernel = os.uname()
    return f"{kernel.release} {kernel.version}" if os.access("/dev/kvm", os.R_OK | os.W_OK) else ""


def are_current(podman: Podman, image: str) -> bool:
    """Whether the answers in `image` hold under the kernel that runs now."""
    done = podman.attempt("image", "inspect", f'--format={{{{index .Labels "{_LABEL}"}}}}', image)
    return not circumstances() or done.returncode != 0 or done.stdout.strip() == circumstances()


def add_capabilities(state: State, podman: Podman, base: str, tag: str, folder: Path) -> None:
    """`tag`: the image `base` with the answers on top of it. `folder`: for what is needed on the way."""
    from kvmlab.labhost.machine import find_podman

    found = find_podman(state, base)
    answers = folder / "capabilities"
    for kind in ("tcg", "kvm") if circumstances() else ("tcg",):
        (answers / kind).mkdir(parents=True)
        _ask(found, base, kind, answers / kind)
    label = circumstances().replace('"', "")
    lines = [f"FROM {base}", f'LABEL {_LABEL}="{label}"', "COPY capabilities /usr/share/kvmlab/capabilities"]
    (folder / "Containerfile").write_text("\n".join(lines) + "\n")
    podman.run("build", "--quiet", "--isolation=chroot", f"--tag={tag}", str(folder), timeout_s=300)
    shutil.rmtree(answers)


def _ask(podman: Podman, image: str, kind: str, out: Path) -> None:
    from kvmlab.labhost.machine import container_options

    options = [option for option in container_options() if kind == "kvm" or option != "--device=/dev/kvm"]
    argv = [*podman.run_options, *options, f"--volume={out}:/out", image, "/bin/sh", "-euc", _ASK]
    done = podman.attempt("run", "--rm", *argv, timeout_s=120)
    if done.returncode:
        said = done.stderr.strip()[-300:]
        raise CannotRun(t("libvirt on the host image does not work: {said}", said=said), "podman info")


# By its full path, as systemd starts it: from the name alone libvirtd does not find its binary's ctime.
_ASK = """
/usr/sbin/libvirtd --daemon
for attempt in 1 2 3 4 5 6 7 8 9 10; do virsh uri >/dev/null 2>&1 && break; sleep 1; done
virsh domcapabilities --virttype qemu >/dev/null
cp -p /var/cache/libvirt/qemu/capabilities/*.xml /out/
chmod a+r /out/*
"""
