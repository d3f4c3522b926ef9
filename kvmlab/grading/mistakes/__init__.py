"""Known mistakes: what is said under a failed finding where the host's state shows one.

`table.PATTERNS` has them, in the order in which they are tried; `noticing` holds them against a report. A pattern knows
no lab: it sees what was wanted of which object, and reads the rest through the same nouns as the checks.
"""
