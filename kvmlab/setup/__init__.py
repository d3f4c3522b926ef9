"""What a lab needs at its start, put there: guests restored from saved memory, networks, pools, files.

`lifecycle` starts, resets and finishes; `saved_guests` keeps guests that have booted; `domain_xml` writes their XML.
Rejected: booting guests at every start (4 s each, emulated, against under 1 s), and libvirt's managed save
(it lives inside a lab host, and lab hosts are thrown away).
"""
