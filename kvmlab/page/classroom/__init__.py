"""The page for a class: who comes in with a code sees their own labs, and nothing of another's.

    browser ── TLS ── front ══ desk ── kvmlab VERB      in the student's state directory
                      (no rights)  └── kvmlab shell     on a pty of its own

    front      the process that faces the network, as the SSH door's does: it has given up all it could do (`confine`)
               before anybody comes, and asks the desk (kvmlab.classroom.door) over a socket that both were born with
    keys       what lets in: the desk says whose a session is, at each request anew
    asking     a student's kvmlab, by the desk
    app        a page (kvmlab.page.app) for each session, ended with it; and the board for the instructor's

Rejected: a server process a student (40 MB each, and each would read what strangers send with the rights of the
instructor's account); a certificate by ACME (a class's server is often not to be reached from outside).
"""
