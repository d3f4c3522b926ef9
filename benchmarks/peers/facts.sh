#!/bin/bash
# The ten facts as one writes them by hand: one command a fact.
# Environment: URI (libvirt), GUEST, ADDRESS, KEY. Runs in the lab host's network namespace.
set -u
failed=0
virsh() { command virsh -r -c "$URI" "$@"; }
guest() {
    ssh -i "$KEY" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
        "root@$ADDRESS" "$@"
}
want() { # NAME WANTED FOUND
    if [[ $3 == *"$2"* ]]; then echo "ok   $1"; else echo "FAIL $1: wanted $2, found $3"; failed=1; fi
}
want state running "$(virsh domstate "$GUEST")"
want memory 131072 "$(virsh dominfo "$GUEST" | grep 'Used memory')"
want vcpus 1 "$(virsh vcpucount "$GUEST" --current --live)"
want network default "$(virsh domiflist "$GUEST")"
want active yes "$(virsh net-info default | grep Active)"
want address 192.168.122.1/24 "$(ip -4 -br address show virbr0)"
want gateway 10.0.0.2 "$(ip route show default)"
want guest-address "$ADDRESS/24" "$(guest ip -4 address show eth0)"
want guest-gateway 192.168.122.1 "$(guest ip route show default)"
want guest-root ext4 "$(guest "grep ' / ' /proc/mounts")"
exit $failed
