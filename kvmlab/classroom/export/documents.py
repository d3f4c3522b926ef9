"""JSON and JUnit of a class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kvmlab.classroom.export.tables import reports
from kvmlab.classroom.gradebook.book import Gradebook
from kvmlab.classroom.policy import Mark
from kvmlab.classroom.results import Results
from kvmlab.json_text import json_text
from kvmlab.safe_text import in_xml

SCHEMA = "kvmlab.class/1"


def json_of(results: Results, book: Gradebook) -> str:
    """Every mark, with the report of the attempt that it rests on. No grade is null."""
    by_place = {(who[0], lab): report for who, lab, report in reports(results, book)}
    students = [
        {**one._asdict(), "labs": [_lab(lab, results.marks[one.id][lab], by_place.get((one.id, lab)))
                                   for lab in results.labs]}
        for one in results.students
    ]  # fmt: skip
    return json_text({"schema": SCHEMA, "students": students})


def _lab(lab: str, mark: Mark, report: Mapping[str, Any] | None) -> dict[str, Any]:
    points = None if mark.points is None else round(mark.points, 2)
    found: dict[str, Any] = {"lab": lab, "points": points, "max_points": mark.max_points, "why": mark.why}
    if mark.graded:
        attempt = mark.graded.attempt
        found["attempt"] = {**attempt._asdict(), "run": mark.graded.grading.run, "report": report}
    return found


def junit_of(results: Results, book: Gradebook) -> str:
    """A suite per student and lab, a case per check, `classname` STUDENT.LAB.TASK."""
    root = Element("testsuites")
    for who, lab, report in reports(results, book):
        checks = [one for task in report["tasks"] for one in task["checks"]]
        counts = {
            name: str(sum(one["verdict"] == verdict for one in checks))
            for name, verdict in (("failures", "failed"), ("errors", "error"), ("skipped", "blocked"))
        }
        suite = SubElement(root, "testsuite", {"name": in_xml(f"{who[0]}.{lab}"), "tests": str(len(checks)), **counts})
        for task in report["tasks"]:
            for check in task["checks"]:
                _case(suite, check, f"{who[0]}.{lab}.{task['id']}")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _case(suite: Element, check: Mapping[str, Any], classname: str) -> None:
    case = SubElement(suite, "testcase", name=in_xml(check["id"]), classname=in_xml(classname))
    tag = {"failed": "failure", "error": "error", "blocked": "skipped"}.get(check["verdict"])
    if tag:
        SubElement(case, tag, message=in_xml(check["error"] or check["sentence"]))
