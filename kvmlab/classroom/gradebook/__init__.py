"""The gradebook: attempts with their evidence, the runs that graded them, who is in the class, and what was done when.

Attempts, evidence and gradings are written once and never changed; triggers hold every program to that, and only a
person who is being forgotten takes theirs along. What counts, and how much, is not in it: see `classroom.policy`.
Rejected: write-ahead logging, which leaves two further files with people's names beside it; no reader waits long here.
"""
