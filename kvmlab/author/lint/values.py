"""Rules for values: what the text asks for is checked, what varies is nowhere written out, nothing is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from kvmlab.author.lint.checkers import run_blindly
from kvmlab.author.lint.names import TABLE, checker_names, dependencies, template_names
from kvmlab.author.lint.parts import Parts
from kvmlab.checks import Host, Params
from kvmlab.checks.reader import DryRun
from kvmlab.course.lab.lan import TAKEN
from kvmlab.words import t

ORDINARY = {"qcow2", "ext2", "ext3", "ext4", "e1000", "rtl8139", "x86_64", "vfat", "iso9660"}
"""Words with a digit in them that stand for themselves, whatever a parameter is."""
RESERVED_PATHS = ("/usr/lib/kvmlab", "/run/kvmlab", "/srv/kvmlab", "/usr/libexec/kvmlab")
_ALLOW = re.compile(r"lint: allow (\S+)")
_TABLE = re.compile(r"\s*\[+\s*([\w.]+)")


def lint_values(parts: Parts) -> None:
    """All rules for values."""
    if parts.front is None or parts.text is None or parts.lab is None:
        return
    _lint_reserved(parts)
    if parts.checks is not None and parts.tree is not None:
        _lint_unchecked(parts)
        _lint_unused(parts)
    for file in _files(parts):
        _lint_literals(parts, file)


def parameters(parts: Parts) -> dict[str, Any]:
    """The lab's parameters as they stand in the front matter."""
    assert parts.front is not None
    return dict(parts.front.table.get("parameters", {}))


# what the text asks for is checked


def checked_names(parts: Parts) -> set[str]:
    """The parameters that the checker uses, with all they are made of and all that is made of them alone."""
    assert parts.checks is not None and parts.tree is not None and parts.lab is not None
    params = Params(parts.lab.values)
    for check in parts.checks.checks:
        run_blindly(check, Host(DryRun()), params)
    read = {name.partition(".")[0] for name in params.read} | checker_names(parts.tree)
    made_of = dependencies(parameters(parts))
    used = set(read)
    for name in read:
        used |= made_of.get(name, set())
    return used | {name for name, others in made_of.items() if others & read}


def _lint_unchecked(parts: Parts) -> None:
    assert parts.text is not None
    used, known = checked_names(parts) | _start_names(parts), parameters(parts)
    told: set[str] = set()
    for task in parts.text.tasks:
        for piece in (task.title, task.text):
            for number, line in enumerate(piece.text.split("\n")):
                for name in sorted(_names_in(line) & known.keys() - used - told):
                    told.add(name)
                    message = t("the task asks for `{name}`, and the checker never uses it.", name=name)
                    parts.error(parts.lab_md, piece.place.line + number, "values", message)


def _start_names(parts: Parts) -> set[str]:
    """The parameters of what is there at the start: a text names them to say which object is meant."""
    found: set[str] = set()
    for file in _files(parts):
        if file == parts.lab_md:
            found |= template_names(_without_parameters(parts.source(file).text).split("\n+++")[0])
        elif file.startswith(parts.folder) and not file.endswith(".md"):
            found |= template_names(parts.source(file).text)
    made_of = dependencies(parameters(parts))
    return found.union(*(made_of.get(name, set()) for name in found))


def _names_in(line: str) -> set[str]:
    """The words of a line's expressions, without entries of tables."""
    inner = " ".join(re.findall(r"\{[{%](.*?)[}%]\}", line))
    return set(re.findall(r"(?<![.\w])[a-z_]\w*", inner))


# nothing is left over


def _lint_unused(parts: Parts) -> None:
    assert parts.front is not None and parts.tree is not None
    raw = parameters(parts)
    named = checker_names(parts.tree)
    for file in _files(parts):
        if not file.endswith(".py"):
            named |= template_names(_without_parameters(parts.source(file).text))
    made_of = dependencies(raw)
    for name in list(named):
        named |= made_of.get(name, set())
    for name in raw:
        if name not in named:
            line = parts.front.place("parameters", 0, name).line
            parts.warning(parts.lab_md, line, "values", t("nothing uses the parameter `{name}`.", name=name))


# what varies is nowhere written out


def _lint_literals(parts: Parts, file: str) -> None:
    text = parts.source(file).text
    allowed = set(_ALLOW.findall(text))
    values = {value: name for value, name in _varying(parts).items() if value not in allowed}
    for number, line in _searched(file, text):
        for value, name in values.items():
            if re.search(rf"(?<![A-Za-z0-9_]){re.escape(value)}(?![A-Za-z0-9_])", line):
                message = t("`{value}` is written out; it varies: {name}.", value=value, name=f"{{{{ {name} }}}}")
                parts.error(file, number, "literals", message)


def _varying(parts: Parts) -> dict[str, str]:
    """The values that are others in a variant, as they would be written: value to parameter."""
    assert parts.front is not None and parts.lab is not None
    raw, made_of = parameters(parts), dependencies(parameters(parts))
    drawn = set(parts.front.table.get("variants", {}))
    varies = [name for name in raw if name in drawn or made_of[name] & drawn]
    return {str(parts.lab.values[name]): name for name in reversed(varies) if _distinct(parts.lab.values[name])}


def _distinct(value: Any) -> bool:
    """Whether a value can be told from an ordinary word: it has a digit, a blank, or is like a path or address."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return False
    text = str(value)
    if isinstance(value, int):
        return len(text) >= 3
    return len(text) >= 3 and text not in ORDINARY and bool(re.search(r"[\d/: ]", text))


def _searched(file: str, text: str) -> Iterator[tuple[int, str]]:
    """The numbered lines in which a value must not stand: of a checker its texts, of a lab all but its parameters."""
    if file.endswith(".py"):
        for one in ast.walk(ast.parse(text)):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                for number, line in enumerate(one.value.split("\n")):
                    yield one.lineno + number, line
        return
    yield from enumerate(_without_parameters(text).split("\n"), 1)


def _without_parameters(text: str) -> str:
    """The text with the lines of [parameters], [variants] and [named.…] empty."""
    lines, table, inside = text.split("\n"), "", False
    for number, line in enumerate(lines):
        if line.rstrip() == "+++":
            inside, table = number == 0, ""
        elif inside and (found := _TABLE.match(line)):
            table = found[1]
        if inside and table.partition(".")[0] in ("parameters", "variants", "named"):
            lines[number] = ""
    return "\n".join(lines)


def _files(parts: Parts) -> list[str]:
    """Every file of the lab: texts, templates, checker, solutions."""
    folder = parts.course.root / parts.folder
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    solutions = parts.course.root / parts.solutions_folder
    found += sorted(solutions.rglob("*.md")) if solutions.is_dir() else []
    names = [parts.inside(path) for path in found]
    return names + ([parts.checker] if parts.tree is not None else [])


# names that are taken


def _lint_reserved(parts: Parts) -> None:
    assert parts.front is not None and parts.lab is not None
    for index, guest in enumerate(parts.lab.guests):
        for key in ("name", "mac", "address"):
            if getattr(guest, key) in TAKEN:
                line = parts.front.place("guests", index, key).line
                message = t("`{value}` is taken: every lab host has it already.", value=getattr(guest, key))
                parts.error(parts.lab_md, line, "reserved", message)
    for index, network in enumerate(parts.lab.networks):
        if network.name in TAKEN:
            line = parts.front.place("networks", index, "xml").line
            message = t("`{value}` is taken: every lab host has it already.", value=network.name)
            parts.error(parts.lab_md, line, "reserved", message)
    for index, file in enumerate(parts.lab.files):
        if file.path.startswith(RESERVED_PATHS):
            line = parts.front.place("files", index, "path").line
            parts.error(parts.lab_md, line, "reserved", t("`{path}` belongs to kvmlab.", path=file.path))
    if TABLE in parameters(parts):
        parts.error(parts.lab_md, 1, "reserved", t("`{value}` is taken: every lab host has it already.", value=TABLE))
