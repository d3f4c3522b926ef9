"""The lab host: a podman container with systemd and its own libvirtd, started and thrown away in seconds.

`computer` finds out what this computer needs, `container` starts, enters and removes lab hosts, `inside/`
is what a lab host sees at /usr/lib/kvmlab. Rejected: a QEMU guest as the lab host (nested guests under
emulation boot in minutes), and podman's API socket (it needs a service that may not run; the command is there).
"""
