"""The door: students come in to the class's server by SSH, land in their own kvmlab, and nowhere else.

    ssh ── front ══ desk ── prompt ── kvmlab VERB      a prompt for each terminal, on a pty of its own
           (asyncssh, no rights)  └── prompt ── …

    logins     who may come in: codes that let in once, public keys; kept in the gradebook
    front      the process that faces the network. It has given up all it could do (`confine`), knows no student's
               secret, and asks the desk over a socket that both were born with (`wire`); `connection`
               says who comes in there, `channel` carries their terminal
    desk       the process that may start things. It keeps the fronts (`fronts`), checks codes, opens terminals,
               and ends what is left of them (`terminals`)
    prompt     what a student types at: a table of verbs and their options (`allowed`), and nothing else
    pages      the desk's side of the page for browsers, whose front is kvmlab.page.classroom: the same codes, a list of
               its own of what may be done (`runs`), and sessions that hang on a code (`sessions`)

What comes back from the desk is a terminal's file descriptor (SCM_RIGHTS, unix(7)), so that what a student types and
sees never passes through the process that has rights. A front that was taken over can come in as any student who has a
key there, for as long as it runs; it cannot guess a code, nor reach a lab host, a file or the network by itself.

Rejected: OpenSSH with `Match` and a forced command (needs root and the system's sshd_config, and knows no code that
lets in once); a named socket for the desk (others could come to it); readline for the prompt (it completes the names of
the server's files, and there is no way to be sure of all that it can do).
"""
