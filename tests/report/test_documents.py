"""The report as JSON and as JUnit XML: valid, whatever was found."""

import io
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from kvmlab import words
from kvmlab.checks.findings import FactRow, Finding, Mistake
from kvmlab.grading.verdicts import CheckResult, Report, TaskResult, Verdict
from kvmlab.report.document import document, schema
from kvmlab.report.junit import junit_xml
from kvmlab.report.terminal import print_report
from tests.report.samples import STATES, report

TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip


def valid(value: Any, rule: dict[str, Any], whole: dict[str, Any], path: str = "$") -> None:
    """The part of JSON Schema that ours uses."""
    if "$ref" in rule:
        return valid(value, whole["$defs"][rule["$ref"].rpartition("/")[2]], whole, path)
    if "const" in rule:
        assert value == rule["const"], path
    if "enum" in rule:
        assert value in rule["enum"], path
    if "type" in rule:
        kinds = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
        assert any(
            isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in kinds
        ), path
    if "minimum" in rule:
        assert value >= rule["minimum"], path
    if isinstance(value, list):
        assert len(value) >= rule.get("minItems", 0), path
        for number, item in enumerate(value):
            valid(item, rule["items"], whole, f"{path}[{number}]")
    if isinstance(value, dict):
        optional = {"notes"} & set(rule["properties"])
        assert set(value) | optional == {*rule["required"], *optional} == set(rule["properties"]), path
        assert not rule["additionalProperties"], path
        for name, item in value.items():
            valid(item, rule["properties"][name], whole, f"{path}.{name}")
    return None


def hostile() -> Report:
    """Text that no XML may hold, that ends elements, that a terminal obeys."""
    text = 'a\x00\x08\x1b[31m</failure>]]>&"\ud800\ufffe\u202e<x y="'
    row = FactRow(text, text, text, False, text)
    checks = tuple(
        CheckResult(text, text, text, verdict, 1, False, (text,), text, text, findings=(Finding(text, (row,), text),))
        for verdict in Verdict
    )
    return Report(text, text, (TaskResult(text, text, 4, checks),), 1.5)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_json_is_exactly_as_its_schema_says(state: str, language: str) -> None:
    words.set_language(language)
    valid(json.loads(document(report(state))), schema(), schema())


def test_what_is_to_be_known_of_how_it_was_looked_is_in_the_json() -> None:
    found = json.loads(document(report("half")._replace(notes=("It moved.",))))
    assert found.pop("notes") == ["It moved."] and found == json.loads(document(report("half")))
    valid({**found, "notes": ["It moved."]}, schema(), schema())


def test_the_json_of_the_contract() -> None:
    found = json.loads(document(report("half")))
    assert list(found) == ["schema", "lab", "variant", "verdict", "points", "max_points", "seconds", "tasks"]
    assert (found["schema"], found["lab"], found["variant"], found["verdict"]) == (
        "kvmlab.check/1", "network-bridge", None, "failed",
    )  # fmt: skip
    assert (found["points"], found["max_points"], found["seconds"]) == (3, 8, 0.3)
    task = found["tasks"][0]
    assert list(task) == ["id", "title", "verdict", "points", "max_points", "checks"]
    assert task["checks"][1] == {
        "id": "bridge-has-stp",
        "sentence": "STP is on for `br0`.",
        "verdict": "failed",
        "blocked_by": [],
        "error": None,
        "findings": [
            {
                "subject": "link br0",
                "facts": [
                    {
                        "name": "stp",
                        "wanted": "yes",
                        "found": "no",
                        "met": False,
                        "see": "ip -d link show br0",
                        "rehearsed": False,
                    }
                ],
                "mistake": None,
            }
        ],
    }


def test_a_known_mistake_is_in_the_json_and_on_the_page() -> None:
    said = Mistake("listening", "`br0` is \x1b[2J listening.", "bridge link")
    found = with_mistake(report("half"), said)
    assert json.loads(document(found))["tasks"][0]["checks"][1]["findings"][0]["mistake"] == said._asdict()
    valid(json.loads(document(found)), schema(), schema())
    page = io.StringIO()
    print_report(found, lab="network-bridge", color=False, width=100, stream=page)
    assert page.getvalue().count("→ `br0` is [2J listening.\n        $ bridge link\n") == 1


def with_mistake(found: Report, mistake: Mistake) -> Report:
    """The same mistake under each finding that has failed."""
    tasks = [
        task._replace(checks=tuple(
            check._replace(findings=tuple(one._replace(mistake=None if one.met else mistake) for one in check.findings))
            for check in task.checks
        ))
        for task in found.tasks
    ]  # fmt: skip
    return found._replace(tasks=tuple(tasks))


def test_the_json_says_who_blocks_and_what_could_not_be_seen() -> None:
    found = json.loads(document(report("start")))
    assert found["tasks"][0]["checks"][1]["blocked_by"] == ["bridge-exists"]
    assert json.loads(document(report("unreachable")))["tasks"][2]["checks"][2]["error"].startswith("Guest web1: SSH")


def test_the_json_can_be_printed_anywhere() -> None:
    text = document(report("half"))
    text.encode("utf-8")
    assert all(letter.isprintable() for line in text.splitlines() for letter in line)


@pytest.mark.parametrize("state", [*STATES, "hostile"])
def test_the_xml_is_valid_and_its_counts_are_right(state: str) -> None:
    checked = hostile() if state == "hostile" else report(state)
    root = ElementTree.fromstring(junit_xml(checked).encode("utf-8"))
    assert root.tag == "testsuites" and len(root) == len(checked.tasks)
    for suite, task in zip(root, checked.tasks, strict=True):
        assert [child.tag for child in suite] == ["properties"] + ["testcase"] * len(task.checks)
        cases = suite.findall("testcase")
        for tag, counted, verdict in (
            ("failure", "failures", Verdict.FAILED),
            ("error", "errors", Verdict.ERROR),
            ("skipped", "skipped", Verdict.BLOCKED),
        ):
            there = [case for case in cases if case.find(tag) is not None]
            assert len(there) == int(suite.get(counted, "")) == sum(check.verdict is verdict for check in task.checks)
        assert int(suite.get("tests", "")) == len(cases)
        assert all(len(case) <= 1 and case.get("name") and case.get("classname") for case in cases)
    assert int(root.get("tests", "")) == len(checked.checks) and float(root.get("time", "")) >= 0


def test_a_failure_brings_its_evidence() -> None:
    root = ElementTree.fromstring(junit_xml(report("half")))
    failure = root.find(".//testcase[@name='bridge-has-stp']/failure")
    assert failure is not None and failure.get("message") == "STP is on for `br0`."
    assert failure.text == "link br0: stp: no, wanted yes (ip -d link show br0)"
    known = with_mistake(report("half"), Mistake("stp", "`br0` was made without STP.", "brctl show"))
    failure = ElementTree.fromstring(junit_xml(known)).find(".//testcase[@name='bridge-has-stp']/failure")
    assert failure is not None and str(failure.text).endswith("br0)\n→ `br0` was made without STP. (brctl show)")
    blocked = root.find(".//testcase[@name='guest-has-its-address']/skipped")
    assert blocked is not None and blocked.get("message") == "waits for nic-is-on-the-bridge"


def test_no_control_character_reaches_the_xml() -> None:
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", junit_xml(hostile()))
