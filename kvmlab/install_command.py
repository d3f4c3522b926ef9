"""The command that installs programs on this computer, whatever its distribution."""

from __future__ import annotations

import shutil

_MANAGERS = {
    "apt": "sudo apt install",
    "dnf": "sudo dnf install",
    "zypper": "sudo zypper install",
    "pacman": "sudo pacman -S",
}
_OTHERWISE = {
    "uidmap": {"dnf": "shadow-utils", "zypper": "shadow", "pacman": "shadow"},
    "openssh-client": {"dnf": "openssh-clients", "zypper": "openssh-clients", "pacman": "openssh"},
    "libvirt0": {"dnf": "libvirt-libs", "zypper": "libvirt-libs", "pacman": "libvirt"},
    "golang-github-containers-common": {
        "dnf": "containers-common", "zypper": "libcontainers-common", "pacman": "containers-common",
    },
}  # fmt: skip
"""What a package of Debian's name is called elsewhere, where that differs."""


def install(*packages: str) -> str:
    """The command that installs packages, given by their Debian names; apt's where no package manager is found that we
    know."""
    manager = next((name for name in _MANAGERS if shutil.which(name)), "apt")
    return " ".join((_MANAGERS[manager], *(_OTHERWISE.get(name, {}).get(manager, name) for name in packages)))
