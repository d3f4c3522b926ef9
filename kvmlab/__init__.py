"""kvmlab: a KVM/libvirt course that grades itself, on a real KVM host in a container."""

__version__ = "0.1.0"
