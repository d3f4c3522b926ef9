"""This computer as it is outside lab hosts: what no lab and no crash may change."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

WATCHED = ("/etc", "/usr/local", "/var/lib/libvirt", "/var/spool", "/boot", "/srv", "/opt/kvmlab")
COMMANDS = (
    ("ip", "-j", "link"),
    ("ip", "-j", "address"),
    ("ip", "-j", "route", "show", "table", "all"),
    ("ip", "-j", "neigh", "show", "nud", "permanent"),
    ("ip", "netns", "list"),
    ("nft", "list", "ruleset"),
    ("sysctl", "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "kernel.hostname"),
)
_PASSING = ("ifi_flags", "valid_life_time", "preferred_life_time", "stats64", "stats")


def outside(bystander: str) -> dict[str, str]:
    """Each thing watched and its state as text; of containers only `bystander`: tests run side by side."""
    seen = {" ".join(argv): _output(argv) for argv in COMMANDS if shutil.which(argv[0])}
    seen["bystander"] = _container(bystander)
    for folder in WATCHED:
        seen[folder] = _tree(Path(folder))
    return seen


def _output(argv: tuple[str, ...]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True)
    try:
        return json.dumps(_lasting(json.loads(done.stdout)), indent=1, sort_keys=True)
    except ValueError:
        return done.stdout


def _lasting(value: object) -> object:
    """Without what the kernel changes by itself."""
    if isinstance(value, dict):
        return {key: _lasting(item) for key, item in value.items() if key not in _PASSING}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def _container(name: str) -> str:
    argv = ["podman", "container", "inspect", "--format={{.Id}} {{.State.Status}} {{.State.StartedAt}}", name]
    return subprocess.run(argv, capture_output=True, text=True).stdout


def _tree(folder: Path) -> str:
    digest = hashlib.sha256()
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(parent) / name
            try:
                stat = path.lstat()
            except FileNotFoundError:
                continue
            digest.update(f"{path} {stat.st_mode} {stat.st_uid} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
