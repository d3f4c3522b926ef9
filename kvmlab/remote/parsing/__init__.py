"""Parsers for what hosts and guests print in the same form; all of it may be hostile."""
