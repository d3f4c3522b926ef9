"""A guest from the inside: what it says over SSH through its lab host, and why it says nothing."""
