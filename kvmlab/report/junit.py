"""The report of a check as JUnit XML, for CI and learning platforms: a suite per task, a case per check.

failed is a <failure>, error an <error>, blocked a <skipped>, as https://llg.cubic.org/docs/junit/ describes the format.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kvmlab.checks.findings import FactRow, Finding
from kvmlab.grading.verdicts import CheckResult, Report, TaskResult, Verdict
from kvmlab.safe_text import in_xml
from kvmlab.words import t


def junit_xml(report: Report) -> str:
    """The XML document, declaration included; valid whatever was found."""
    whole = {"name": in_xml(report.lab), "time": f"{report.seconds:.3f}", **_counts(report.checks)}
    root = Element("testsuites", whole)
    for task in report.tasks:
        _suite(root, task, report)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, task: TaskResult, report: Report) -> None:
    counts = {**_counts(task.checks), "skipped": _number(task.checks, Verdict.BLOCKED)}
    suite = SubElement(root, "testsuite", {"name": in_xml(task.id), **counts})
    properties = SubElement(suite, "properties")
    for name, value in (
        ("title", task.title),
        ("points", str(task.points)),
        ("max_points", str(task.max_points)),
        ("variant", report.variant or ""),
    ):
        SubElement(properties, "property", name=name, value=in_xml(value))
    for check in task.checks:
        _case(suite, check, f"{report.lab}.{task.id}")


def _case(suite: Element, check: CheckResult, classname: str) -> None:
    case = SubElement(suite, "testcase", name=in_xml(check.id), classname=in_xml(classname))
    if check.verdict is Verdict.FAILED:
        _outcome(case, "failure", check.sentence, _evidence(check))
    elif check.verdict is Verdict.ERROR:
        _outcome(case, "error", check.error or "", "\n".join((check.sentence, *filter(None, (check.todo,)))))
    elif check.verdict is Verdict.BLOCKED:
        SubElement(case, "skipped", message=in_xml(t("waits for {checks}", checks=", ".join(check.blocked_by))))


def _outcome(case: Element, tag: str, message: str, text: str) -> None:
    SubElement(case, tag, message=in_xml(message), type=tag).text = in_xml(text)


def _evidence(check: CheckResult) -> str:
    lines = [_line(finding, fact) for finding in check.findings for fact in finding.facts if not fact.met]
    mistakes = dict.fromkeys(one.mistake for one in check.findings if one.mistake)
    lines += [f"→ {one.sentence}" + (f" ({one.see})" if one.see else "") for one in mistakes]
    return "\n".join([*lines, *filter(None, (check.error,))])


def _line(finding: Finding, fact: FactRow) -> str:
    said = t("{found}, wanted {wanted}", found=fact.found, wanted=fact.wanted)
    return f"{finding.subject}: {fact.name}: {said} ({fact.see})"


def _counts(checks: tuple[CheckResult, ...]) -> dict[str, str]:
    return {
        "tests": str(len(checks)),
        "failures": _number(checks, Verdict.FAILED),
        "errors": _number(checks, Verdict.ERROR),
    }


def _number(checks: tuple[CheckResult, ...], verdict: Verdict) -> str:
    return str(sum(check.verdict is verdict for check in checks))
