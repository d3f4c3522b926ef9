"""Imports point one way: a layer imports from those above it in the list only, and few modules know each library.

Counted are all imports: at a module's top, late ones in a function, and those for types alone.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import kvmlab

PACKAGE = Path(kvmlab.__file__).parent
BASE = (
    "errors",
    "install_command",
    "json_text",
    "killpoints",
    "nearest",
    "process",
    "safe_text",
    "slowness",
    "suspension",
    "words",
)
LAYERS = (
    ("", *BASE),  # "": kvmlab/__init__.py
    ("disk_space", "liveness", "paths", "settings"),
    ("state",),
    ("checks",),
    ("grading",),
    ("remote",),
    ("guest",),
    ("host",),
    ("course",),
    ("labhost",),
    ("images",),
    ("bundle",),
    ("setup",),
    ("observe",),
    ("mutants",),
    ("repair",),
    ("receipts",),
    ("report",),
    ("classroom",),
    ("author",),
    ("page",),
    ("cli",),
    ("__main__",),
)
IMPORTERS = {  # of each library, the packages and modules that may import it
    "libvirt": {"host", "setup", "mutants.reader"},
    "paramiko": {"remote"},
    "asyncssh": {"classroom.door"},
    "cryptography": {"receipts.document", "classroom.door.certificate"},
    "jinja2": {"classroom.page", "course.template", "report.exam", "author.lint.names"},
    "markupsafe": {"report.exam"},
    "markdown_it": {"course.markdown", "report.exam", "page.prose"},
    "yaml": {"guest.netconfig.netplan"},
    "rich": {"report"},
    "xlsxwriter": {"classroom.export.workbook"},
    "starlette": {"page", "cli.page"},
    "uvicorn": {"page", "cli.page"},
    "websockets": {"cli.page"},
}


class Import(NamedTuple):
    """A module, without "kvmlab.", and what it imports there."""

    module: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.imported}"


def module_of(path: Path) -> str:
    """The dotted name of a file of the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_by(statement: ast.stmt) -> list[str]:
    """The modules of an import statement; of `from kvmlab import words` that is kvmlab.words."""
    if isinstance(statement, ast.Import):
        return [name.name for name in statement.names]
    if not isinstance(statement, ast.ImportFrom):
        return []
    assert statement.module and not statement.level, "imports are absolute"
    if statement.module != "kvmlab":
        return [statement.module]
    return [f"kvmlab.{name.name}" if is_module(name.name) else "kvmlab" for name in statement.names]


def is_module(name: str) -> bool:
    """Whether the package has a module of that name."""
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


@cache
def imports() -> tuple[Import, ...]:
    """All imports of the package."""
    return tuple(
        Import(module_of(path), name, statement.lineno)
        for path in sorted(PACKAGE.rglob("*.py"))
        if "own_course" not in path.parts
        for statement in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(statement, ast.stmt)
        for name in imported_by(statement)
    )


def layer_of(module: str) -> int:
    """Where its package stands in the list."""
    (found,) = (number for number, layer in enumerate(LAYERS) if module.partition(".")[0] in layer)
    return found


def own() -> Iterator[tuple[Import, str]]:
    """The imports of kvmlab's own modules from another package, and what is imported without "kvmlab."."""
    for one in imports():
        top, _, rest = one.imported.partition(".")
        if top == "kvmlab" and rest.partition(".")[0] != one.module.partition(".")[0]:
            yield one, rest


def test_each_package_has_its_layer() -> None:
    """The list names what there is, each once."""
    there = {module_of(path).partition(".")[0] for path in PACKAGE.rglob("*.py") if "own_course" not in path.parts}
    assert sorted(name for layer in LAYERS for name in layer) == sorted(there)


def test_layers() -> None:
    """Nothing imports from its own layer or from one below it in the list."""
    assert [str(one) for one, name in own() if layer_of(name) >= layer_of(one.module)] == []


def test_libraries() -> None:
    """Each library is imported where the table says and nowhere else; each line of the table is true of some import."""
    found = {(one.imported.partition(".")[0], one) for one in imports()}
    libraries = {(name, one) for name, one in found if name != "kvmlab" and name not in sys.stdlib_module_names}
    assert sorted(str(one) for name, one in libraries if not within(one.module, IMPORTERS.get(name, set()))) == []
    used = {(name, place) for name, one in libraries for place in IMPORTERS[name] if within(one.module, {place})}
    assert used == {(name, place) for name, places in IMPORTERS.items() for place in places}


def within(module: str, places: set[str]) -> bool:
    """Whether the module is one of these places, or in one."""
    return any(f"{module}.".startswith(f"{place}.") for place in places)


def test_no_circles() -> None:
    """No module needs itself, by whatever way, not even for types alone."""
    assert list(TopologicalSorter(needs()).static_order())  # CycleError names the circle


def test_no_circles_of_folders() -> None:
    """Nor does a folder of a package (author.mutants) need itself by way of another."""
    folders: dict[str, set[str]] = {}
    for module, needed in needs().items():
        folders.setdefault(folder_of(module), set()).update(map(folder_of, needed))
    side_by_side = {
        one: {other for other in needed if other and other.count(".") == one.count(".")} - {one}
        for one, needed in folders.items()
        if one  # not kvmlab itself, where the lowest modules are, and __main__
    }
    assert list(TopologicalSorter(side_by_side).static_order())


def folder_of(module: str) -> str:
    """The folder that a module lies in, without "kvmlab."."""
    return module if (PACKAGE / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]


@cache
def needs() -> dict[str, set[str]]:
    """What each module imports of kvmlab."""
    modules = {module_of(path): path for path in PACKAGE.rglob("*.py") if "own_course" not in path.parts}
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        made = (one for one in ast.walk(tree) if isinstance(one, ast.stmt))
        found[name] = {other for one in made for other in own_modules(one) if other in modules}
    return found


def own_modules(statement: ast.stmt) -> Iterator[str]:
    """What it imports of kvmlab, without "kvmlab.": of `from kvmlab.x import y` x.y where that is a module, else x."""
    if isinstance(statement, ast.Import):
        yield from (one.name.removeprefix("kvmlab.") for one in statement.names if one.name.startswith("kvmlab."))
    elif isinstance(statement, ast.ImportFrom) and f"{statement.module}.".startswith("kvmlab."):
        package = f"{statement.module}".removeprefix("kvmlab").removeprefix(".")
        for one in statement.names:
            whole = f"{package}.{one.name}".removeprefix(".")
            folder = PACKAGE / whole.replace(".", "/")
            yield whole if folder.is_dir() or folder.with_suffix(".py").is_file() else package
