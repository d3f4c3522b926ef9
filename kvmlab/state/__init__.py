"""What kvmlab keeps in JSON, in one of two ways.

    record   must not be lost: what runs, what has been reached, what a lab host or an image is
    cache    may be lost at any time, and is found out again: each entry under a stamp of what it hangs on

Both are replaced as a whole. The gradebook is a database (`classroom.gradebook`), what `prove` keeps are Python's own
objects under the hash of all they depend on (`author.prove.kept_results`).
"""
