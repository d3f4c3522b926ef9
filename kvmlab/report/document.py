"""The report of a check as JSON: the schema kvmlab.check/1, written down in check.schema.json beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kvmlab.grading.verdicts import Report
from kvmlab.json_text import json_text


def document(report: Report) -> str:
    """One JSON document, ending in a newline; any text in it is safe to print."""
    return json_text(report.to_json())


def schema() -> dict[str, Any]:
    """The JSON Schema of the document (https://json-schema.org/draft/2020-12/schema)."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name("check.schema.json").read_text(encoding="utf-8"))
    return loaded
