"""Reading over a connection from a side that is never trusted: deadlines, SSH, a lab host's root directory, its fact
server.

`parsing` reads what hosts and guests print in the same form.
"""
