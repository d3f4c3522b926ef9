"""What a checker is written with: `from kvmlab.checks import *`, and nothing else is needed.

A check is a generator of findings; a finding compares facts of one object with what a lab wants:

    @check(task="uplink", points=2, zh="{uplink} 是 {bridge} 的端口。")
    def uplink_is_a_port_of_the_bridge(host: Host, lab: Params) -> Findings:
        \"\"\"`{uplink}` is a port of `{bridge}`.\"\"\"
        yield host.link(lab.uplink).shows(master=lab.bridge, addresses=[])

Nouns and their facts are in `kvmlab.checks.vocabulary`, what may be wanted besides plain values in
`kvmlab.checks.matchers`; names are compared exactly, so a decoy never satisfies a check. Checks only read: no sleeps,
no commands. Standard library only, and quick to import, since every `kvmlab check` is a new process.
Rejected: assertions (the first that fails hides the rest, and trouble looks like a wrong answer) and facts as
strings to parse (a misspelt one should be a type error).
"""

from kvmlab.checks.answers import answer
from kvmlab.checks.contents import filled, sha256, sparse
from kvmlab.checks.declare import check
from kvmlab.checks.findings import Findings, expect
from kvmlab.checks.matchers import (
    Matcher,
    absent,
    all_of,
    anything,
    as_seen,
    at_least,
    at_most,
    between,
    contains,
    count,
    ends_with,
    exactly,
    lacks,
    matches,
    not_,
    one_of,
    same_content,
)
from kvmlab.checks.params import Params
from kvmlab.checks.text import show
from kvmlab.checks.vocabulary.guest import Guest
from kvmlab.checks.vocabulary.host import Host

__all__ = [
    "Findings",
    "Guest",
    "Host",
    "Matcher",
    "Params",
    "absent",
    "all_of",
    "answer",
    "anything",
    "as_seen",
    "at_least",
    "at_most",
    "between",
    "check",
    "contains",
    "count",
    "ends_with",
    "exactly",
    "expect",
    "filled",
    "lacks",
    "matches",
    "not_",
    "one_of",
    "same_content",
    "sha256",
    "show",
    "sparse",
]
