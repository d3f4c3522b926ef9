"""Which parameters a template or a checker names, with dots: `bridge`, `lan.gateway`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, nodes

from kvmlab.course.template import _environment

TABLE = "lan"


def template_names(*texts: str) -> set[str]:
    """The names a template asks for; of tables the entry, too (`lan.gateway`). The template must be sound."""
    return {name for text in texts for name in _names(_environment(False), text)}


def _names(environment: Environment, text: str) -> Iterable[str]:
    tree = environment.parse(text)
    entries = {id(one.node): one for one in tree.find_all(nodes.Getattr) if isinstance(one.node, nodes.Name)}
    for name in tree.find_all(nodes.Name):
        entry = entries.get(id(name))
        yield f"{name.name}.{entry.attr}" if entry and name.name == TABLE else name.name


def dependencies(raw: Mapping[str, Any]) -> dict[str, set[str]]:
    """Parameter to the parameters its value is made of, all the way down."""
    direct = {key: {name for name in template_names(*_texts(value)) if name in raw} for key, value in raw.items()}

    def deep(key: str, above: frozenset[str]) -> set[str]:
        found = set(direct[key])
        for name in direct[key] - above:
            found |= deep(name, above | {name})
        return found

    return {key: deep(key, frozenset({key})) for key in raw}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def checker_names(tree: ast.Module) -> set[str]:
    """The attributes that a checker takes of its functions' second argument (`lab.bridge`): its parameters."""
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and len(one.args.args) > 1]
    second = {one.args.args[1].arg for one in functions}
    found = set()
    for one in ast.walk(tree):
        if not isinstance(one, (ast.Attribute, ast.Subscript)) or not isinstance(one.value, ast.Name):
            continue
        if one.value.id in second:
            key = one.attr if isinstance(one, ast.Attribute) else getattr(one.slice, "value", None)
            found |= {key} if isinstance(key, str) else set()
    return found
