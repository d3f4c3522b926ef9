"""What the course's texts say of libvirt, QEMU and Linux, tried on a lab host; `script/claims` does it, at night."""
