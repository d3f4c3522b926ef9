"""A class: its students, their lab hosts on this computer, and a gradebook that keeps what every grade rests on.

A class is a folder with two files: class.toml, the policy, and gradebook.sqlite. Every student has a state directory of
their own below the instructor's (classes/CLASS/STUDENT), with the images and saved guests of the instructor's, so that
whatever kvmlab can do for one person it does for each of a class: one child process a student, as many at once as there
are processors.

    folder       the two files, made as a whole or not at all, for their owner's eyes only
    roster       who is in the class, from whatever file the school's system writes
    gradebook    attempts with their evidence, and the runs in which they were graded: nothing in it is ever changed
    policy       what an attempt is worth: computed from class.toml whenever it is asked for, stored nowhere
    students     a student's state directory, variant and child processes
    regrading    stored evidence graded again by the checker as it is now
    export       tables for other programs
    machines     students at computers of their own
    turns        the one line in which lab hosts are started
    doctor       what this computer lacks for all of them
    board        who is where, and who is stuck
    forgetting   one person removed everywhere

Rejected: a daemon (nothing here has to be remembered between two commands but what the gradebook has); results in a
file per student (a regrade of thirty students is one transaction or nothing); SQLAlchemy for eight tables;
parking lab hosts by freezing them (a frozen QEMU keeps its memory where there is no swap, and systemd's watchdogs end
services when it thaws, which is not what the student did) or by saving guests and stopping the lab host (what a student
has only in memory, which checks read, is gone).
"""
