"""Rules for the checker: tasks and points, sentences in both languages, what it imports, facts that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import cache

from kvmlab.author.lint.parts import Parts
from kvmlab.checks import Host, Params
from kvmlab.checks.declare import Check
from kvmlab.checks.facts import FactSpec, Flag, Number, Numbers, Table, Words
from kvmlab.checks.reader import DryRun, Key, Reading
from kvmlab.checks.subject import Subject, vocabulary_of
from kvmlab.course import Lab
from kvmlab.errors import AuthorError, KvmlabError
from kvmlab.words import t

API = "kvmlab.checks"
FORBIDDEN = {"open", "exec", "eval", "compile", "__import__", "print", "input", "breakpoint", "globals"}
MOST = 500
_PLACE = re.compile(r"\{([A-Za-z_][\w.]*)\}")


def lint_checker(parts: Parts) -> None:
    """All rules for checkers."""
    if parts.checks is None or parts.tree is None:
        return
    _lint_source(parts, parts.tree)
    if parts.lab is None:
        return
    _lint_points(parts, parts.lab)
    for check in parts.checks.checks:
        _lint_sentence(parts, check, parts.lab)
        _lint_run(parts, check, parts.lab)


def line_of(check: Check) -> int:
    """The line where a check is declared."""
    return int(check.where.rpartition(":")[2])


def _lint_points(parts: Parts, lab: Lab) -> None:
    assert parts.checks is not None and parts.text is not None
    tasks = {task.id: task for task in lab.tasks}
    for check in parts.checks.checks:
        if check.task not in tasks:
            message = t("the lab has no task `{task}`.", task=check.task)
            parts.error(parts.checker, line_of(check), "tasks", message)
    for piece, task in zip(parts.text.tasks, lab.tasks, strict=True):
        checks = parts.checks.for_task(task.id)
        worth = sum(check.points for check in checks)
        if not checks:
            parts.error(parts.lab_md, piece.title.place.line, "tasks", t("task `{task}` has no check.", task=task.id))
        elif worth != task.points:
            message = t(
                "task `{task}` says {points} points, its checks are worth {worth}.",
                task=task.id, points=task.points, worth=worth,
            )  # fmt: skip
            if any(check.guard and check.points for check in checks):
                message = f"{message} {t('A guard has points=0.')}"
            parts.error(parts.lab_md, piece.title.place.line, "points", message)


def _lint_sentence(parts: Parts, check: Check, lab: Lab) -> None:
    line = line_of(check)
    if not check.zh:
        parts.error(parts.checker, line, "language", t("the check {check} has no Chinese sentence.", check=check.id))
        return
    names = {"en": set(_PLACE.findall(check.sentence)), "zh": set(_PLACE.findall(check.zh))}
    for name in sorted(names["en"] ^ names["zh"]):
        message = t("`{name}` stands in one language's sentence only.", name=name)
        parts.error(parts.checker, line, "language", message)
    for sentence in (check.sentence, check.zh):
        parts.attempt(parts.checker, "sentence", lambda text=sentence: _filled(check, text, lab.params))  # type: ignore[misc]


def _filled(check: Check, sentence: str, params: Params) -> str:
    try:
        return params.fill(sentence)
    except KvmlabError as error:
        raise AuthorError(f"{check.where}: {error.message}") from None


def _lint_run(parts: Parts, check: Check, lab: Lab) -> None:
    """Run it on a host where no object exists, and on one where every object exists, with odd values."""
    said = run_blindly(check, Host(DryRun()), lab.params)
    if said is not None:
        message = t("{check} breaks where the object is missing: {said}", check=check.id, said=_told(said))
        parts.error(parts.checker, _line(check, said), "facts", message)
        return
    said = run_blindly(check, Host(Odd()), lab.params)
    if isinstance(said, AuthorError):
        parts.error(parts.checker, _line(check, said), "facts", f"{check.id}: {_told(said)}")


def run_blindly(check: Check, host: Host, params: Params) -> BaseException | None:
    """The error that the check raises when it runs on `host`, or None."""
    try:
        for number, _ in enumerate(check(host, params)):
            if number >= MOST:
                break
    except Exception as error:
        return error
    return None


def _told(error: BaseException) -> str:
    return error.message if isinstance(error, KvmlabError) else f"{type(error).__name__}: {error}"


def _line(check: Check, error: BaseException) -> int:
    file, line, trace = check.where.rpartition(":")[0], line_of(check), error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


class Odd:
    """A reader to whom everything exists: texts are "x", numbers 1, every flag is set."""

    def read(self, kind: str, key: Key, names: Sequence[str]) -> dict[str, Reading]:
        """A value of the right kind for each fact."""
        return {name: Reading(_VALUES.get(_all_facts()[name].type, "x")) for name in names}


_VALUES: dict[object, object] = {Number: 1, Flag: True, Words: ["x"], Numbers: [1], Table: {"x": "x"}}


@cache
def _all_facts() -> dict[str, FactSpec]:
    """Every fact of the vocabulary by name (every noun has been imported with Host)."""
    found: dict[str, FactSpec] = {}
    todo: list[type[Subject]] = [Subject]
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        found.update(vocabulary_of(kind))
    return found


def _lint_source(parts: Parts, tree: ast.Module) -> None:
    facts = _all_facts()
    for one in ast.walk(tree):
        for module in _imported(one):
            if module != "__future__" and module != API and not module.startswith(f"{API}."):
                message = t("a checker imports only kvmlab.checks, not {module}.", module=module)
                parts.error(parts.checker, one.lineno, "imports", message)  # type: ignore[attr-defined]
        if not isinstance(one, ast.Call):
            continue
        if isinstance(one.func, ast.Name) and one.func.id in FORBIDDEN:
            message = t("a checker only yields findings: no {name}().", name=one.func.id)
            parts.error(parts.checker, one.lineno, "imports", message)
        if isinstance(one.func, ast.Attribute) and one.func.attr == "shows":
            for word in one.keywords:
                if word.arg and word.arg not in facts:
                    message = t("no object has a fact {name}.", name=word.arg)
                    parts.error(parts.checker, word.value.lineno, "facts", message)


def _imported(one: ast.AST) -> list[str]:
    if isinstance(one, ast.Import):
        return [alias.name for alias in one.names]
    if isinstance(one, ast.ImportFrom):
        return [one.module or "."] if not one.level else ["."]
    return []
