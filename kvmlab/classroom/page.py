"""The marks of a class as one HTML page that stands alone: the table, and for each student what it rests on."""

from __future__ import annotations

from pathlib import Path

from kvmlab.classroom.export.tables import reports
from kvmlab.classroom.gradebook.book import Gradebook
from kvmlab.classroom.results import Results, shown
from kvmlab.words import language, t


def class_html(title: str, results: Results, book: Gradebook, when: str) -> str:
    """A page without scripts or anything to load; every text in it is escaped."""
    from jinja2 import Environment

    source = Path(__file__).with_name("class.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(
        title=title,
        lang=language(),
        when=t("computed {when} UTC, by class.toml as it was then", when=when.replace("T", " ").rstrip("Z")),
        results=results,
        reports={(who[0], lab): report for who, lab, report in reports(results, book)},
        shown=shown,
        none=t("no grade"),
        total=t("total"),
        words={"id": t("id"), "name": t("name"), "group": t("group")},
        found=lambda fact: t("{found}, wanted {wanted}", found=fact["found"], wanted=fact["wanted"]),
        marks={"passed": "✓", "failed": "✗", "blocked": "○", "error": "!"},
    )
