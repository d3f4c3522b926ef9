"""One file that sets kvmlab up on a computer without a network, without apt and without mmdebstrap.

A bundle is a plain tar: `open` (a shell script that any Linux can run), SHA256SUMS (sha256sum(1) reads it),
manifest.json, then wheels/, hosts/ (podman's images) and packages/ (what guest images are put together from).

    open.sh       finds a Python, unpacks kvmlab's wheel, and lets that kvmlab do the rest: `kvmlab bundle open`
    archive       the file as a whole: exactly the bytes kvmlab would write, or refused
    contents      what the manifest says, and whether it suits this computer
    wheels, making        kvmlab's own wheel, its libraries', the images; made in FILE.parts, so a kill costs one part
    environment, opening  the virtual environment, then the images; each step is found done the second time

Nothing that hangs on the maker is in it. Guest images and saved guests trust the keys of one state directory, so their
packages travel, and they are put together anew; what libvirt found out about its QEMU holds on one computer, so the
host images travel without it. Rejected: guest images with their keys cut out (each opener would rewrite ext4), and
a self-extracting shell script (nobody could look into it with tar).
A bundle is a program, as an installer is: its sums show that it is whole, not who made it.
"""
