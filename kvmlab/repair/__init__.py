"""Repairs: a lab host in its lab's solved state with a fault hidden in it, mended by somebody who has a ticket only.

`beginning` solves the lab, takes the picture of that state, and breaks it; `judging` says which symptoms are left, and
whether everything the lab asks for holds again; `record` is what is known of a repair that runs, kept beside the lab
host and never on it. Rejected: a fault that is played (a wrapper of ping, a guest that lies): what is found must be so.
"""
