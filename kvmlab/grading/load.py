"""Checker files: loaded alone, every mistake in them named with file and line."""

from __future__ import annotations

import sys
from _thread import get_ident  # threading itself costs every check a millisecond
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple, Protocol

from kvmlab.checks.answers import ANSWERS, AnswerFunction
from kvmlab.checks.declare import CHECKS, Check, place_of
from kvmlab.errors import AuthorError, KvmlabError, UsageError
from kvmlab.nearest import nearest
from kvmlab.words import t


class TaskLike(Protocol):
    """A task of a lab, as the runner needs it (course.Task is one)."""

    @property
    def id(self) -> str:
        """Its id in lab.md."""

    @property
    def title(self) -> str:
        """Its heading."""

    @property
    def points(self) -> int:
        """What it is worth; the sum of its checks' points."""


class CheckSet(NamedTuple):
    """The checks of one checker file, in the order they are written. `path`: the file."""

    path: Path
    checks: tuple[Check, ...]

    def for_task(self, task: str) -> tuple[Check, ...]:
        """The checks of one task."""
        return tuple(check for check in self.checks if check.task == task)

    def must_fit(self, tasks: Sequence[TaskLike]) -> None:
        """AuthorError unless every check's task is one of `tasks`, each has checks, and their points are its points."""
        ids = [task.id for task in tasks]
        for check in self.checks:
            if check.task not in ids:
                raise AuthorError(
                    _with_meant(
                        t("{where}: the lab has no task {task}", where=check.where, task=check.task),
                        nearest(check.task, ids),
                    )
                )
        for task in tasks:
            worth = sum(check.points for check in self.for_task(task.id))
            if worth != task.points or not self.for_task(task.id):
                raise AuthorError(
                    t(
                        "{path}: the checks of task {task} are worth {worth} points, lab.md says {points}.",
                        path=self.path,
                        task=task.id,
                        worth=worth,
                        points=task.points,
                    )
                )


def load_checks(path: Path) -> CheckSet:
    """The checks of a checker file.

    UsageError where it cannot be read or has a syntax error, AuthorError for anything else that is wrong with it; the
    message begins with file:line. Nothing is written beside the file, and it is not importable afterwards.
    """
    with CHECKS.collected() as checks:
        execute(path)
    return _sound(CheckSet(path, tuple(checks)))


def load_answers(path: Path) -> Mapping[str, AnswerFunction]:
    """The answers of checkers/CHAPTER/quiz.py, by question. Errors as in load_checks."""
    with ANSWERS.collected() as declared:
        execute(path)
    found: dict[str, AnswerFunction] = {}
    for question, function in declared:
        if question in found:
            where = f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"
            raise AuthorError(t("{where}: a second answer to `{question}`.", where=where, question=question))
        found[question] = function
    return found


def execute(path: Path) -> None:
    """Run a checker file as a module that nobody can import; errors as in load_checks."""
    code = _compiled(path)
    module = ModuleType(f"kvmlab_checker_{abs(hash(path)):x}_{get_ident():x}")  # several threads may load it
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and typing look a class's module up there
    try:
        exec(code, module.__dict__)
    except KvmlabError as error:
        raise AuthorError(_placed(path, error, error.message), error.todo) from error
    except (Exception, SystemExit) as error:
        raise AuthorError(_placed(path, error, f"{type(error).__name__}: {error}")) from error
    finally:
        del sys.modules[module.__name__]


def _compiled(path: Path) -> CodeType:
    try:
        return compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UsageError(f"{path}:{error.lineno or 1}: {error.msg}") from error
    except ValueError as error:  # null bytes
        raise UsageError(f"{path}:1: {error}") from error
    except OSError as error:
        raise UsageError(t("{path}: the checker cannot be read: {reason}", path=path, reason=error.strerror)) from error


def _placed(path: Path, error: BaseException, message: str) -> str:
    return message if message.startswith(f"{path}:") else f"{place_of(path, error) or path}: {message}"


def _sound(loaded: CheckSet) -> CheckSet:
    seen: dict[str, Check] = {}
    for check in loaded.checks:
        if other := seen.get(check.id):
            raise AuthorError(
                t(
                    "{where}: a second check {check}; the first is at {other}.",
                    where=check.where,
                    check=check.id,
                    other=other.where,
                )
            )
        for needed in check.needs:
            if seen.get(needed.id) is not needed:
                raise AuthorError(
                    t(
                        "{where}: needs {needed}, which is not a check of this file.",
                        where=check.where,
                        needed=needed.id,
                    )
                )
        seen[check.id] = check
    if not seen:
        raise AuthorError(t("{path}: there is no check in this file.", path=loaded.path))
    return loaded


def _with_meant(message: str, meant: str | None) -> str:
    return t("{said}; did you mean `{meant}`?", said=message, meant=meant) if meant else message
