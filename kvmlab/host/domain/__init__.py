"""A domain as libvirt tells it: its definition, devices, displays, what decides about its next start."""
