"""What is read from afar, and never trusted: deadlines, SSH, a lab host's root directory and its fact server.

`parsing` takes apart what hosts and guests say alike.
"""
