"""Templates: jinja2, sandboxed, every unknown name an error with file and line.

Comments are written `<!--# … #-->`: jinja2's own `{#` is shell (`${#list}`) and a task's `{#id points=3}`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import cache, lru_cache
from traceback import extract_tb
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kvmlab.course.source import Piece, Place
from kvmlab.errors import AuthorError
from kvmlab.nearest import nearest
from kvmlab.safe_text import shown
from kvmlab.words import t

_MARKS = re.compile(r"\{\{|\{%|<!--#|\r")
"""Without any of these jinja2 gives a text back as it is; most pieces of a lab are such, and compiling one takes longer
than all else that is done with it. (Of \\r\\n it makes \\n.)"""
_ALONE = re.compile(r"\{\{((?:(?!\}\}|\{\{).)+)\}\}", re.DOTALL)


@cache
def _environment(xml: bool) -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=xml,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        comment_start_string="<!--#",
        comment_end_string="#-->",
    )
    env.filters["quote"] = lambda value: shlex.quote(str(value))
    return env


@lru_cache(2000)
def _compiled(text: str, xml: bool) -> Template:
    """The same texts are rendered with the values of one variant after the other."""
    return _environment(xml).from_string(text)


def render(piece: Piece, values: Mapping[str, Any], *, xml: bool = False) -> str:
    """`piece` with `values` filled in; for XML they are escaped."""
    if not _MARKS.search(piece.text):
        return piece.text
    try:
        return _compiled(piece.text, xml).render(values)
    except Exception as error:
        raise _told(error, piece.place, values) from None


def value(text: str, values: Mapping[str, Any], place: Place) -> Any:
    """A parameter's value: what is one expression alone (`"{{ size_mib * 2 }}"`) keeps its type."""
    alone = _ALONE.fullmatch(text.strip())
    if not alone:
        return render(Piece(text, place), values)
    try:
        result = _environment(False).compile_expression(alone[1], undefined_to_none=False)(**values)
        if isinstance(result, StrictUndefined):
            str(result)  # raises, naming what is undefined
    except Exception as error:
        raise _told(error, place, values) from None
    return result


def names_in(text: str, place: Place) -> set[str]:
    """The parameters that `text` mentions."""
    try:
        return meta.find_undeclared_variables(_environment(False).parse(text))
    except TemplateSyntaxError as error:
        raise _told(error, place, {}) from None


def _told(error: Exception, place: Place, values: Mapping[str, Any]) -> AuthorError:
    """The error in the author's terms: where in the source, and which name was probably meant."""
    if isinstance(error, TemplateSyntaxError):
        below, message = error.lineno - 1, t("template: {reason}.", reason=shown(error.message, 120))
    else:
        frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename == "<template>"]
        below = (frames[-1].lineno or 1) - 1 if frames else 0
        message = _unknown(error, values) or t("template: {reason}.", reason=shown(error, 120))
    return place.error(message, below=below)


def _unknown(error: Exception, values: Mapping[str, Any]) -> str | None:
    found = re.search(r"'(\w+)' is undefined|has no attribute '(\w+)'", str(error))
    if not found:
        return None
    name = found[1] or found[2]
    tables = [part for part in values.values() if isinstance(part, dict)]
    known = values if found[1] else [key for table in tables for key in table]
    meant = nearest(name, known)
    if meant:
        return t("`{name}` is not a parameter; did you mean `{meant}`?", name=name, meant=meant)
    return t("`{name}` is not a parameter.", name=name)
