"""Faults: what may be broken on a solved lab host, for somebody else to find and mend (`kvmlab repair`).

Rejected: faults inside the labs' own folders (one fault is offered for many labs), and faults as Python (what is broken
is broken with the commands that a colleague would have typed, and those are read beside the story they belong to).
"""
