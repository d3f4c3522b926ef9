"""Rules for what a header says is the student's to change: it is written as it should be, and is there at the start."""

from __future__ import annotations

import re

from kvmlab.author.lint.parts import Parts
from kvmlab.checks.vocabulary.aspects import ASPECT_WORDS, INSIDE, Grant
from kvmlab.course import Lab
from kvmlab.grading.as_it_was import declared
from kvmlab.words import t


def lint_yours(parts: Parts) -> None:
    """All rules for `yours`."""
    if parts.lab is None or parts.front is None:
        return
    line = parts.front.place("", 0, "yours").line
    for text in parts.lab.yours:
        grant = parts.attempt(parts.lab_md, "yours", lambda text=text: declared(text))  # type: ignore[misc]
        if grant is None:
            continue
        if not _is_there(grant, parts.lab):
            message = t("`yours` names {noun} `{name}`, which the lab does not start with.",
                        noun=grant.noun, name=grant.name)  # fmt: skip
            parts.error(parts.lab_md, line, "yours", message)
        first = grant.words.partition(" ")[0]
        if first and first not in {*ASPECT_WORDS, INSIDE}:
            message = t("`yours` names an aspect `{words}`, which nothing has.", words=grant.words)
            parts.error(parts.lab_md, line, "yours", message)


def _is_there(grant: Grant, lab: Lab) -> bool:
    """Whether the lab can start with such an object: its header names it, or its set-up script does."""
    named = {
        "domain": [*(one.name for one in lab.guests), *(one.name for one in lab.domains)],
        "network": ["default", *(one.name for one in lab.networks)],
        "pool": [one.name for one in lab.pools],
    }
    if grant.noun not in named:
        return True
    in_setup = re.search(rf"(?<![\w.-]){re.escape(grant.name)}(?![\w.-])", lab.setup)
    return grant.name in named[grant.noun] or in_setup is not None
