"""Receipts: what somebody who learns alone has reached, as a signed document that a teacher takes or refuses offline.

    evidence   what `kvmlab check` keeps of the best run of each lab, beside its progress
    document   the file: canonical JSON, signed with a key of the state directory (Ed25519, RFC 8032)
    reading    a file as it comes, from anybody: of the shape it must have, or refused with a sentence
    judging    what is wrong with a receipt, by the course as it is here; and with several of them together

What a signature shows is that nothing was changed after it was made. It does not show who did the work, nor that it
was done: whoever learns at home is root there, holds the key, and can have kvmlab say anything. What is held against
the course (version, parameters, tasks, verdicts by their facts) and against the other receipts finds mistakes and what
was merely passed on. Rejected: a key hidden in kvmlab (it would be found in a minute, and then trusted by somebody).
"""
