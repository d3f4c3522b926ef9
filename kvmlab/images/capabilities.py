"""What libvirt found out about its QEMU, kept in the host image: 1.5 s less at every start of a lab host.

libvirt asks each QEMU binary once and keeps the answer in /var/cache/libvirt/qemu/capabilities. The answer names
the ctime of QEMU's and of libvirtd's binary, so it can only come from this very image on this computer. It holds
only with, or only without, /dev/kvm, so there is one for each; the one with it names kernel, processor, microcode and
nesting, too, and libvirt asks again at every start where one of them has changed. So does kvmlab, once.
"""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.labhost.computer.fingerprint import kernel_and_processor, kvm_access, may_open_kvm
from kvmlab.labhost.podman import Podman, bound
from kvmlab.paths import State
from kvmlab.words import t

_LABEL = "kvmlab.asked"
_WITHOUT = "without /dev/kvm"
_ASK_S = 1800


def circumstances() -> str:
    """What the answers hang on, as far as it is seen from outside; "" where there is no /dev/kvm to ask about."""
    found = {**kernel_and_processor(), **kvm_access()}
    return "|".join(f"{name} {value}" for name, value in sorted(found.items())) if may_open_kvm() else ""


def are_current(state: State, podman: Podman, image: str) -> bool:
    """Whether the answers in `image` hold here and now. Those that were asked without /dev/kvm hold everywhere."""
    done = podman.attempt("image", "inspect", f'--format={{{{index .Labels "{_LABEL}"}}}}', image)
    asked, now = done.stdout.strip(), _asked_under(state, podman, image)
    return done.returncode != 0 or now in (_WITHOUT, asked)


def add_capabilities(state: State, podman: Podman, base: str, tag: str, folder: Path) -> None:
    """`tag`: the image `base` with the answers on top of it. `folder`: for what is needed on the way."""
    from kvmlab.labhost.computer.podman_options import find_podman

    found, label = find_podman(state, base), _asked_under(state, podman, base)
    answers = folder / "capabilities"
    for kind in ("tcg",) if label == _WITHOUT else ("tcg", "kvm"):
        (answers / kind).mkdir(parents=True)
        _ask(found, base, kind, answers / kind)
    lines = [f"FROM {base}", f'LABEL {_LABEL}="{label}"', "COPY capabilities /usr/share/kvmlab/capabilities"]
    (folder / "Containerfile").write_text("\n".join(lines) + "\n")
    argv = ["build", "--quiet", "--isolation=chroot", "--http-proxy=false", f"--tag={tag}", str(folder)]
    podman.run(*argv)
    shutil.rmtree(answers)


def _asked_under(state: State, podman: Podman, image: str) -> str:
    """What the label says of answers that are asked for now: by what a lab host can open, not by what we can."""
    from kvmlab.labhost.computer.accelerator import opens_inside
    from kvmlab.labhost.computer.podman_options import find_podman

    if not may_open_kvm() or not opens_inside(state, find_podman(state, image), image):
        return _WITHOUT
    text = "|".join(f"{name} {value}" for name, value in sorted(kernel_and_processor().items()))
    return f"with /dev/kvm {sha256(text.encode()).hexdigest()[:16]}"


def _ask(podman: Podman, image: str, kind: str, out: Path) -> None:
    from kvmlab.labhost.confinement import trusted_options

    options = [*podman.run_options, *trusted_options(), bound(out, "/out")]
    argv = [*options, image, "/bin/sh", "-euc", _ASK, "sh", kind]
    done = podman.attempt("run", "--rm", *argv, timeout_s=_ASK_S)
    if done.returncode:
        said = done.stderr.strip()[-300:]
        raise CannotRun(t("libvirt on the host image does not work: {said}", said=said), "podman info")


# By its full path, as systemd starts it: from the name alone libvirtd does not find its binary's ctime. It goes into
# the background when it answers. An answer about KVM without KVM in it is none: libvirtd will ask for itself.
_ASK = """
[ "$1" = kvm ] || [ ! -e /dev/kvm ] || { umount /dev/kvm 2>/dev/null || true; rm -f /dev/kvm; }
/usr/sbin/libvirtd --daemon
until virsh uri >/dev/null 2>&1; do kill -0 "$(cat /run/libvirtd.pid)"; sleep 0.2; done
virsh domcapabilities --virttype qemu >/dev/null
[ "$1" != kvm ] || grep -q "<flag name='kvm'/>" /var/cache/libvirt/qemu/capabilities/*.xml || exit 0
cp -p /var/cache/libvirt/qemu/capabilities/*.xml /out/
chmod a+r /out/*
"""
