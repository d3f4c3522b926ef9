"""A guest from the inside: what it says over SSH through its lab host, and why it says nothing.

One connection a guest, one question (look.sh, the forced command of the look key) for all that a pass wants.
`search` enters, `obstacles` and `diagnose` say why that failed, `reader` tells what was read.
Rejected: the OpenSSH client (115 ms a call), the guest agent for facts (a student may stop it, and libvirt marks a
guest asked so as tainted), and a shell for the checker's key (a checker could change what it grades).
"""
