"""The cloud-init seed of a guest from an imported image (cloud-init's data source NoCloud: a disk named cidata)."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from kvmlab.errors import CannotRun
from kvmlab.images.guest import LOOK, authorized_keys
from kvmlab.labhost.podman import OFFLINE, Podman, bound
from kvmlab.paths import State
from kvmlab.words import t


def write_seed(state: State, podman: Podman, host_image: str, hostname: str, target: Path) -> None:
    """The ISO image `target`: `hostname`, the keys that may log in as root, the fact server (xorriso(1))."""
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        folder = Path(temporary)
        (folder / "user-data").write_text(user_data(state, hostname))
        (folder / "meta-data").write_text(json.dumps({"instance-id": hostname, "local-hostname": hostname}))
        argv = ["xorriso", "-as", "mkisofs", "-quiet", "-volid", "cidata", "-joliet", "-rock"]
        files = ["-output", "/out/seed.iso", "/out/user-data", "/out/meta-data"]
        options = [*podman.run_options, "--rm", *OFFLINE, "--security-opt=label=disable"]
        done = podman.attempt("run", *options, bound(folder, "/out"), host_image, *argv, *files)
        if done.returncode:
            raise CannotRun(t("The seed of {guest} could not be made: {said}", guest=hostname, said=done.stderr[-200:]))
        (folder / "seed.iso").replace(target)


def user_data(state: State, hostname: str) -> str:
    """cloud-config, written as JSON, which YAML takes as it is: nothing in it needs YAML's quoting."""
    config = {
        "hostname": hostname,
        "disable_root": False,
        "ssh_pwauth": False,
        "ssh_genkeytypes": ["ed25519"],  # emulated, an RSA key takes ten seconds
        "ssh_quiet_keygen": True,
        "users": [{"name": "root", "lock_passwd": False, "ssh_authorized_keys": authorized_keys(state).splitlines()}],
        "chpasswd": {"expire": False, "users": [{"name": "root", "password": "kvmlab", "type": "text"}]},
        "write_files": [
            {"path": "/usr/lib/kvmlab/look", "permissions": "0755", "content": LOOK.read_text(encoding="utf-8")}
        ],
    }
    return "#cloud-config\n" + json.dumps(config, indent=1) + "\n"
