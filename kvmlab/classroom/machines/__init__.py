"""Students who sit at computers of their own: kvmlab there does the work, and one document comes back.

    inventory    which computers there are, from the file that Ansible uses
    ansible      that file, as ansible-inventory reads it
    remote       what is done for a student at theirs, told as for students on this computer
    servers      class servers, each for many: which student is placed on which, and how many of them at once

A computer that is off, hangs or answers nonsense is a row that says so, within the deadline. The transport is ssh(1):
it knows the instructor's keys, agent, known hosts and jump hosts.
Rejected: ansible-runner, or ansible-playbook, with a `raw` task (at its defaults one silent computer keeps it from ever
ending; with `strategy: free` and a timeout it needs ten times the processor time, and killed it leaves its ssh behind);
asyncssh (saves half of ssh's, and would have to learn the instructor's ~/.ssh/config).
"""
