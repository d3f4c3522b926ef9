"""Who may act for the students of a class at the same time: not two with the same verb, and nobody while one is
forgotten, who would be started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from kvmlab.classroom.folder import Class
from kvmlab.cli.context import Context
from kvmlab.errors import CannotRun
from kvmlab.words import t

_STUDENTS = "students"


@contextmanager
def at_work(found: Class, ctx: Context, verb: str, lab: str | None) -> Iterator[None]:
    """While the block lasts nobody else does the same, and nobody is forgotten; CannotRun where one does or is."""
    command = " ".join(["kvmlab class", verb, *([lab] if lab else [])])
    said = t("Another `{command}` is at work on this class.", command=command)
    forgetting = t("Another `{command}` is at work on this class.", command="kvmlab class forget")
    with _held(found, ctx, f"{verb}-{lab or 'all'}", said), _held(found, ctx, _STUDENTS, forgetting, shared=True):
        yield


@contextmanager
def nobody_acts(found: Class, ctx: Context) -> Iterator[None]:
    """While the block lasts nobody acts for students; CannotRun where somebody does."""
    with _held(found, ctx, _STUDENTS, t("Somebody is at work for the students of this class; wait until it is done.")):
        yield


@contextmanager
def _held(found: Class, ctx: Context, name: str, said: str, *, shared: bool = False) -> Iterator[None]:
    lock = ctx.state.lock(f"class-{found.tag}-{name}", wait=False, shared=shared)
    with ExitStack() as stack:
        try:
            stack.enter_context(lock)
        except CannotRun:
            raise CannotRun(said, "kvmlab class status") from None
        yield
