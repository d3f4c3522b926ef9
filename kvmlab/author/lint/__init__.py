"""Holding a lab's parts together without starting anything: text, checker, solutions, both languages, all variants.

Errors are what contradicts itself or would fail a student; warnings are what a good lab has and this one lacks.
Where a value is meant to stand as it is, `lint: allow VALUE` in a comment of the file says so.
Rejected: checking only the compiled lab, since what is compiled has lost its lines.
"""

from kvmlab.author.lint.claims import Beside, beside
from kvmlab.author.lint.commands import exercised
from kvmlab.author.lint.fault import LintFinding, Severity, faults_json
from kvmlab.author.lint.labs import lint

__all__ = ["Beside", "LintFinding", "Severity", "beside", "exercised", "faults_json", "lint"]
