"""Mutants: the solved state broken by one small change at a time, from a library that knows no lab.

A mutator is a short function over one object of the lab host (a domain, a disk of it, a file that a check reads …) that
gives a script which breaks it and one which undoes that. `scene` finds the objects, `library` has all mutators. Proof 9
tries them all on one lab host (kvmlab.author.prove.mutant_trial), a repair hides one (kvmlab.repair.general). What no
check catches is a fault of the checker or stands in the lab's header ([[survivors]]) with the reason.
Rejected: mutating the checkers' code (what survives says little about states that a student can be in), and a lab host
for each mutant (a minute instead of a second or two).
"""
