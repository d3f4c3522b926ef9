"""`kvmlab reset` against vagrant-libvirt with the same guest, on a lab host of its own image."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from pathlib import Path

from benchmarks.place import Place, state_beside
from benchmarks.starting import LAB, Bare
from benchmarks.timing import Row, in_turns, tell
from kvmlab.labhost.container import LabHost
from kvmlab.labhost.podman import Podman, finish
from kvmlab.setup.files import lay_ready

HERE = Path(__file__).parent / "vagrant"
UP = "vagrant destroy -f && vagrant up"
RESTORE = "vagrant snapshot restore"
ANSWERS = (
    "at=$(virsh domifaddr guest_default | grep -o '192[0-9.]*') && "
    "until nc -w 1 $at 22 </dev/null | grep -q SSH-; do sleep 0.02; done"
)


class Vagrant:
    """A lab host on which vagrant-libvirt has brought up the guest once."""

    def __init__(self, bare: Bare) -> None:
        self._bare = bare
        self._host = LabHost.fresh("vagrant", bare.state, bare.materials.podman)

    def prepare(self) -> None:
        """Start it, make a box of the guest's image and bring it up."""
        materials, host = self._bare.materials, self._host
        host.prepare_run_dir()
        lay_ready(self._bare.state, host.start_dir, (), ())
        image = materials.guests[0].image.path.parent
        volumes = [(image, "/srv/kvmlab/image"), (HERE, "/srv/kvmlab/vagrant")]
        finish(host.start(image_with_vagrant(materials.podman, materials.host_image), volumes), ("run",))
        self.run("/srv/kvmlab/vagrant/prepare")

    def up(self) -> float:
        """Seconds of the guest destroyed and brought up again; its snapshot is taken anew, unmeasured."""
        seconds = self.run(f"cd /root/guest && {UP}")
        self.run("cd /root/guest && vagrant snapshot save start")
        return seconds

    def restore(self) -> float:
        """Seconds until the snapshot is restored and the guest answers SSH (vagrant itself does not wait for that)."""
        return self.run(f"cd /root/guest && {RESTORE} start && {ANSWERS}")

    def run(self, script: str) -> float:
        """Seconds that `script` takes, measured on the lab host."""
        timed = f"set -e; begin=$(date +%s%N); {{ {script}; }} >&2; echo $(($(date +%s%N) - begin))"
        env = ["env", "HOME=/root", f"DOMAIN_TYPE={self._bare.materials.domain_type}"]
        done = self._host.execute([*env, "sh", "-c", timed], timeout_s=600)
        if done.returncode:
            raise SystemExit(f"{script} failed on the lab host\n{done.stderr}")
        return int(done.stdout) / 1e9

    def close(self) -> None:
        """Nothing stays but the image."""
        self._host.remove()


def image_with_vagrant(podman: Podman, host_image: str) -> str:
    """The host image with vagrant-libvirt installed; built once for each host image."""
    recipe = (HERE / "Containerfile").read_bytes()
    name = f"localhost/kvmlab-bench:{sha256(recipe + host_image.encode()).hexdigest()[:12]}"
    if podman.attempt("image", "exists", name).returncode:
        tell("installing vagrant-libvirt on a copy of the host image")
        argv = podman.argv("build", "--quiet", "--isolation=chroot", "--network=host", f"--tag={name}")
        subprocess.run([*argv, f"--build-arg=HOST={host_image}", str(HERE)], check=True, stdout=subprocess.DEVNULL)
    return name


def rows(rounds: int) -> list[Row]:
    """The table's part."""
    place = Place(state_beside("start"), LAB)
    place.run("reset")
    peer = Vagrant(Bare.of(place))
    try:
        tell("vagrant up, for the first time")
        peer.prepare()
        runs = {
            "reset": lambda: place.run("reset"),
            UP: peer.up,
            RESTORE: peer.restore,
        }
        taken = in_turns(runs, rounds)
    finally:
        peer.close()
        place.run("finish")
    return [
        Row("reset, guest answers SSH", taken["reset"], UP, taken[UP], ">= 3.5"),
        Row("reset, guest answers SSH", taken["reset"], f"{RESTORE} (the guest alone)", taken[RESTORE], ">= 1"),
    ]
