"""An exam's result: in the terminal, and as one HTML page that stands alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.course.exam.model import PASS_PERCENT, Exam, ExamLab
from kvmlab.report.cells import cells, fit
from kvmlab.report.plain import TextPage
from kvmlab.words import language, t

if TYPE_CHECKING:
    from markupsafe import Markup


def print_exam(page: TextPage, exam: Exam) -> None:
    """The verdict, the questions by chapter, the labs task by task."""
    word, style = (t("passed"), "bold green") if exam.passed else (t("not passed"), "bold red")
    page.line(page.paint(verdict_line(exam, word), style))
    page.line(f"{page.bar(exam.points, exam.max_points, 20)}")
    questions = questions_by_chapter(exam)
    rows = [*questions, *((one.id, one.points, one.max_points) for one in exam.labs)]
    widest = max((cells(name) for name, _, _ in rows), default=0)
    room = min(60, page.width - 15)
    page.line()
    for name, points, most in questions:
        page.line(f"  {page.paint(fit(name, widest), 'cyan')}  {page.bar(points, most)}  {points}/{most}")
    for lab in exam.labs:
        page.line(f"  {page.paint(fit(lab.id, widest), 'cyan')}  {page.bar(lab.points, lab.max_points)}  {_lab(lab)}")
        for task in lab.tasks:
            mark = page.mark("done" if task["verdict"] == "passed" else "new")
            page.line(f"      {mark} {task['points']}/{task['max_points']}  {page.title(str(task['title']), room)}")
    page.line()
    page.line(page.paint(terms_line(exam), "dim"))


def exam_html(exam: Exam) -> str:
    """A page without scripts or anything to load; every text in it is escaped."""
    from jinja2 import Environment

    from kvmlab.report.evidence import label
    from kvmlab.report.sheet import MARKS

    source = Path(__file__).with_name("exam.html.j2").read_text(encoding="utf-8")
    word = t("passed") if exam.passed else t("not passed")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["prose"] = _prose
    return environment.from_string(source).render(
        exam=exam,
        verdict=verdict_line(exam, word),
        chapters=questions_by_chapter(exam),
        terms=terms_line(exam),
        heading=t("Questions"),
        lang=language(),
        lab_line=_lab,
        label=label,
        found=lambda fact: t("{found}, wanted {wanted}", found=fact["found"], wanted=fact["wanted"]),
        marks={verdict.value: mark for verdict, mark in MARKS.items()},
    )


def _prose(text: str) -> Markup:
    """`code` in a sentence as code; nothing else of Markdown means anything there, and HTML does not either."""
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    return Markup(MarkdownIt("zero").enable("backticks").renderInline(text))


def verdict_line(exam: Exam, word: str) -> str:
    """The one line that says it."""
    points = {"points": exam.points, "most": exam.max_points, "percent": exam.percent}
    when = exam.began[:10]
    return t("Exam of {when}: {word}, {points} of {most} points ({percent} %)", when=when, word=word, **points)


def terms_line(exam: Exam) -> str:
    """What it was drawn from, its time, what passes."""
    values = {"seed": exam.seed, "minutes": exam.minutes, "percent": PASS_PERCENT}
    return t("seed {seed}, {minutes} min, {percent} % pass", **values)


def questions_by_chapter(exam: Exam) -> list[tuple[str, int, int]]:
    """Chapter, points, questions."""
    chapters = sorted({one.chapter for one in exam.questions})
    groups = {name: [one for one in exam.questions if one.chapter == name] for name in chapters}
    return [
        (t("questions: {chapter}", chapter=name), sum(one.points for one in group), len(group))
        for name, group in groups.items()
    ]


def _lab(lab: ExamLab) -> str:
    if lab.reached is None:
        return t("{points}/{most}, not handed in", points=0, most=lab.max_points)
    if lab.late:
        return t("{points}/{most}, handed in late with {reached}", points=0, most=lab.max_points, reached=lab.reached)
    return f"{lab.points}/{lab.max_points}"
