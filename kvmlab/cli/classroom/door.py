"""kvmlab class codes, open: students come in by SSH."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kvmlab.classroom.door.logins import DAYS, EACH, Logins
from kvmlab.classroom.folder import Class, open_class
from kvmlab.classroom.roster.student import Student
from kvmlab.cli.classroom.listening import listener_at, server_name
from kvmlab.cli.classroom.students import chosen
from kvmlab.cli.context import Context
from kvmlab.errors import CannotRun, UsageError
from kvmlab.report.plain import TextPage
from kvmlab.safe_text import clean
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.classroom.door.desk import Desk
    from kvmlab.classroom.door.fronts import Side

PORT = 2222


def codes(args: argparse.Namespace, ctx: Context) -> int:
    """Slips with fresh codes, for those who have none left; with --new for all that are meant."""
    with open_class(args.folder) as found:
        students, logins, page = chosen(found, args), Logins(found), TextPage(color=ctx.color())
        if args.key:
            return _let_in(args, students, logins, page)
        have = set() if args.new else logins.have_codes()
        fresh = [one for one in students if one.id not in have]
        host = server_name(args.server)
        where = [t("The server's key: {fingerprint}", fingerprint=logins.host_key().get_fingerprint())]
        if args.page is not None:
            where += _browsers(found, host, args.page)
        for one in fresh:
            for line in _slip(one, logins.give_codes(one.id), host, args.port or PORT, where):
                page.line(line)
        if len(fresh) < len(students):
            left = len(students) - len(fresh)
            page.stream.flush()
            page.line(t("{count} have codes already, which cannot be printed again; --new gives others.", count=left))
    return 0


def _browsers(found: Class, host: str, port: int) -> list[str]:
    """Where the page is, and how it is known."""
    from kvmlab.classroom.door.certificate import certificate_of
    from kvmlab.cli.classroom.page import host_of

    shown = certificate_of(found, host).fingerprint
    url = t("In a browser: {url}", url=f"https://{host_of(host, port)}/")
    return [url, t("Its certificate's SHA-256: {fingerprint}", fingerprint=""), f"  {shown[:47]}", f"  {shown[48:]}"]


def _slip(student: Student, codes: list[str], host: str, port: int, where: list[str]) -> Iterator[str]:
    """What is cut out and handed over. `where`: how the server is known."""
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + DAYS * 86_400))
    yield "- " * 36
    yield f"{student.id}  {student.name}  {student.group}"
    yield ""
    yield f"    ssh -p {port} {student.id}@{host}"
    yield ""
    for number, code in enumerate(codes, 1):
        yield "    " + t("code {number}:  {code}", number=number, code=code)
    yield ""
    yield "    " + t("Each of the {count} lets you in once, until {date}.", count=EACH, date=until)
    yield from (f"    {line}".rstrip() for line in where)
    yield ""


def _let_in(args: argparse.Namespace, students: list[Student], logins: Logins, page: TextPage) -> int:
    """One student's public key, from a file."""
    if len(args.student or ()) != 1:
        raise UsageError(t("--key is one student's."), "kvmlab class codes --student ID --key FILE")
    text = args.key.read_text(encoding="utf-8", errors="replace")[:10_000] if args.key.is_file() else ""
    added = logins.add_key(students[0].id, text.strip())
    page.line(t("{student} comes in with the key {fingerprint}.", student=students[0].id, fingerprint=added))
    return 0


def open(args: argparse.Namespace, ctx: Context) -> int:
    """Let students in until Ctrl-C. Lab hosts stay."""
    from kvmlab.classroom.door.desk import Desk
    from kvmlab.cli.classroom.page import page_of

    page = TextPage(color=ctx.color())

    def tell(line: str) -> None:
        page.line(clean(line))
        page.stream.flush()

    if args.page is None and (args.proxy or args.server):
        raise UsageError(t("--server and --proxy are of --page here."), "kvmlab class open --page")
    with open_class(args.folder) as found, contextlib.ExitStack() as stack:
        fingerprint = Logins(found).host_key().get_fingerprint()
        _alone(stack, ctx, found.tag, found.folder)
        listener = stack.enter_context(listener_at(args.listen, PORT if args.port is None else args.port))
        desk = Desk(found, ctx.state, ctx.course_dir, tell)
        address, port = listener.getsockname()[:2]
        tell(t("The door of {path}: port {port} of {address}.", path=found.folder.name, port=port, address=address))
        tell(t("The server's key: {fingerprint}", fingerprint=fingerprint))
        name = server_name(args.server)
        tell(t("A student types: {command}", command=f"ssh -p {port} ID@{name}"))
        sides = [desk.door(listener)]
        if args.page is not None:
            sides.append(page_of(found, desk, stack, args, tell))
        asyncio.run(_until_told(desk, sides))
        tell(t("The door is closed. Lab hosts stay as they are."))
    return 0


def _alone(stack: contextlib.ExitStack, ctx: Context, tag: str, folder: Path) -> None:
    try:
        stack.enter_context(ctx.state.lock(f"class-{tag}-open", wait=False))
    except CannotRun:
        said = t("The door of {path} is open already: another kvmlab holds it.", path=folder)
        raise CannotRun(said, "pgrep -af 'class open'") from None


async def _until_told(desk: Desk, sides: list[Side]) -> None:
    """Until SIGINT, SIGTERM or SIGHUP."""
    running = asyncio.ensure_future(desk.run(*sides))
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(one, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
