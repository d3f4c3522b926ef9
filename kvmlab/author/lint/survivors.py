"""Rules for [[survivors]]: each names mutants that the library can make. Whether one survives only `prove` can say."""

from __future__ import annotations

from fnmatch import fnmatchcase

from kvmlab.author.lint.parts import Parts
from kvmlab.nearest import nearest
from kvmlab.words import t


def lint_survivors(parts: Parts) -> None:
    """All rules for [[survivors]]."""
    if parts.lab is None or parts.front is None or not parts.lab.survivors:
        return
    from kvmlab.mutants.library import changes

    known, seen = changes(), set[str]()
    for index, one in enumerate(parts.lab.survivors):
        line = parts.front.place("survivors", index, "mutant").line
        if one.mutant in seen:
            parts.error(parts.lab_md, line, "survivors", t("`{mutant}` stands here twice.", mutant=one.mutant))
        seen.add(one.mutant)
        if fault := _fault(one.mutant, known):
            parts.error(parts.lab_md, line, "survivors", fault)


def _fault(pattern: str, known: dict[str, list[str]]) -> str:
    """What is wrong with a pattern, or ""."""
    kind, blank, rest = pattern.partition(" ")
    _, colon, change = rest.rpartition(": ")
    if not blank or not colon:
        return t("a mutant is `KIND OBJECT: CHANGE`, not `{mutant}`.", mutant=pattern)
    if kind not in known:
        return t("no mutant is about a `{kind}`; there are: {kinds}.", kind=kind, kinds=", ".join(known))
    if any(fnmatchcase(one, change) for one in known[kind]):
        return ""
    meant = nearest(change, known[kind])
    tail = " " + t("Did you mean `{meant}`?", meant=meant) if meant else ""
    return t("nothing changes a {kind} so: `{change}`.", kind=kind, change=change) + tail
