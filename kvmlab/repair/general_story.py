"""The texts of a general fault: a ticket of what no longer works, hints, and what had happened."""

from __future__ import annotations

from collections.abc import Sequence

from kvmlab.checks.vocabulary.start import see
from kvmlab.course.fault.model import Story, Symptom
from kvmlab.host.start.aspects import Objects
from kvmlab.repair.changes import Changed, changes
from kvmlab.repair.general_kinds import LANGUAGES, NOTES, Offered, texts

MOST_ROWS, LONGEST = 6, 160


def story_of(lang: str, one: Offered, symptoms: Sequence[Symptom], solved: Objects, broken: Objects) -> Story:
    """In one language; `solved`, `broken`: what is on the lab host before and after."""
    said = texts()
    hint, number = said["hint"], LANGUAGES.index(lang)
    title = one.told.titles[lang].format(thing=f"`{one.thing}`")
    title = title[0].upper() + title[1:]
    upcoming = symptoms[0].upcoming
    opening = said["ticket"][f"upcoming_{lang}" if upcoming else lang]
    ticket = [opening, *(_probe(lang, symptom) for symptom in symptoms)]
    changed = list(changes(solved, broken))
    rows = [_row(lang, one) for one in changed[:MOST_ROWS]]
    told = [hint[f"story_{lang}"].format(title=title), *rows] if rows else [f"{title}."]
    hints = [hint[f"layer_{lang}"].format(layer=said["layer"][one.kind][number], command=said["layer"][one.kind][2])]
    hints += [hint[f"object_{lang}"].format(object=f"`{one.thing}`")]
    hints += [hint[f"see_{lang}"].format(see=see(*changed[0][:3]))] if changed else []
    hints += [hint[f"change_{lang}"].format(title=title)]
    done = "\n".join(line for line in one.mutant.change.do.splitlines() if _is_told(line))
    done = f"{hint[f'done_{lang}']}\n\n```\n{done}\n```" if done.count("\n") < 6 else ""
    return Story(title, "\n\n".join(ticket), tuple(hints), "\n\n".join(["\n".join(told), *([done] if done else [])]))


def _is_told(line: str) -> bool:
    """Whether a line of a mutant changes what it is about."""
    return not any(note in line for note in NOTES) and not line.startswith(("test ", "grep -q "))


def _probe(lang: str, symptom: Symptom) -> str:
    kind, _, name = symptom.id.partition(" ")
    text: str = texts()["probe"][kind][lang]
    return text.format(name=name)


def _row(lang: str, one: Changed) -> str:
    hint, name, shown_by = texts()["hint"], one.name.replace(" ", " `", 1) + "`", see(one.noun, one.key, one.aspect)
    if not one.aspect:
        return str(hint[f"gone_{lang}"].format(object=name, see=shown_by))
    before, after = _short(one.before), _short(one.after)
    row = hint[f"row_{lang}"].format(object=name, aspect=one.aspect, before=before, after=after, see=shown_by)
    return str(row)


def _short(value: object) -> str:
    text = " ".join(str("-" if value in (None, "", []) else value).split()).replace("`", "'")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
