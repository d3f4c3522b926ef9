"""A host seen from outside: libvirt over its read-only socket, the rest through its look server."""
