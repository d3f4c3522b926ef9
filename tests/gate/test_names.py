"""No name of a class stands for two things: whoever reads `Domain` need not look where it was imported from."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.gate.programs import REPOSITORY, files, programs


def test_no_class_name_twice() -> None:
    """In kvmlab/, private and inner classes and those of its programs without a suffix included."""
    python = {name for name, by in programs() if "python" in by}
    found: dict[str, list[str]] = defaultdict(list)
    for path in files():
        name = str(path.relative_to(REPOSITORY))
        if name.startswith("kvmlab/") and (path.suffix == ".py" or name in python):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(f"{name}:{node.lineno}")
    assert {"LabHost", "Refused"} <= set(found)  # of a module, and of a program
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
