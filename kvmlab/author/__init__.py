"""What authors of labs need: `new` begins a lab, `lint` holds its parts together, `prove` proves it on real lab hosts.

A lab's proof is a list of cases (`prove.cases`), each carried out on a lab host of its own (`prove.case_run`,
`prove.reset_case`), side by side (`prove.workers`); what came of them is judged together (`prove.judgement`). A proof
never asks the checker whether it is right: it shows a fact met where it must be met and unmet where it must not.
Rejected: mocked hosts (they prove what their author believed), one lab host for all cases (a case would see what
the one before left), and fixed sleeps (a case ends as soon as its verdicts can change no more).
"""
