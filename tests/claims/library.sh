# What the claims' scripts have in common: a guest without a system in it, paused, so that it takes no time.

# idle_xml NAME: its definition, without disks and cards.
idle_xml() {
    cat <<XML
<domain type='qemu'>
  <name>$1</name>
  <memory unit='MiB'>16</memory>
  <vcpu current='1'>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <features><acpi/></features>
  <devices>
$2
  </devices>
</domain>
XML
}

# idle: define and start it, with a raw and a qcow2 disk of 8 MiB in the current directory.
idle() {
    qemu-img create -q -f raw "$PWD/r.img" 8M
    qemu-img create -q -f qcow2 "$PWD/q.qcow2" 8M
    virsh pool-refresh claims > /dev/null 2>&1
    idle_xml idle "
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='$PWD/r.img'/><target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='$PWD/q.qcow2'/><target dev='vdb' bus='virtio'/>
    </disk>" | virsh define /dev/stdin > /dev/null
    virsh start idle --paused > /dev/null
}

# idle_on NETWORK: the same without disks, with a card on a network.
idle_on() {
    idle_xml idle "<interface type='network'><source network='$1'/><model type='virtio'/></interface>" |
        virsh define /dev/stdin > /dev/null
    virsh start idle --paused > /dev/null
}
