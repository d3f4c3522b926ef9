"""The bundle's file: a tar (POSIX.1-1988, ustar) of plain files that can have been written in one way only.

A reader makes each header again from name and size, and refuses a file that has another. So no link, device, path
outside or odd owner is ever looked at, whatever tar would make of it, and no changed byte goes unseen: contents are
held by SHA256SUMS, all else by this.
"""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NoReturn

from kvmlab.errors import UsageError
from kvmlab.images.recipe import BuildProgress
from kvmlab.words import t

OPEN, SUMS, MANIFEST = "open", "SHA256SUMS", "manifest.json"
FIRST = (OPEN, SUMS, MANIFEST)
NAME = re.compile(r"(wheels|hosts|packages)/[A-Za-z0-9][A-Za-z0-9._+-]{0,98}")
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)
_SMALL = 1_000_000  # bytes; SHA256SUMS and the manifest have some thousands
_MOST = 10_000  # members
_PIECE = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file in the bundle, and where its content begins."""

    name: str
    offset: int
    size: int


class Bundle:
    """A bundle that is open for reading; what is wrong with it is a UsageError."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size
        self.members = {member.name: member for member in self._members()}
        self._sums = self._read_sums()

    def verify(self, progress: BuildProgress) -> None:
        """Read all of it, and hold each file against its sum."""
        total, done = sum(member.size for member in self.members.values()) or 1, 0
        text = t("checking {file}", file=self.path.name)
        for name, wanted in self._sums.items():
            digest = sha256()
            for piece in self.pieces(name):
                digest.update(piece)
                done += len(piece)
                progress.step(text, done / total)
            if digest.hexdigest() != wanted:
                self.refuse(t("{name} in it is not as it was written", name=name))

    def names(self, folder: str) -> list[str]:
        """The members below `folder`, in their order."""
        return [name for name in self.members if name.startswith(f"{folder}/")]

    @property
    def identity(self) -> str:
        """What tells this bundle from every other: the SHA-256 of its sums."""
        return sha256(self.content(SUMS)).hexdigest()

    def content(self, name: str) -> bytes:
        """All of a small member."""
        if self.members[name].size > _SMALL:
            self.refuse(t("{name} in it is too large", name=name))
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """A member's content, piece by piece."""
        member = self.members[name]
        self._stream.seek(member.offset)
        left = member.size
        while left:
            piece = self._exactly(min(left, _PIECE))
            left -= len(piece)
            yield piece

    def extract(self, name: str, target: Path) -> None:
        """The member as the new file `target`."""
        with target.open("xb") as out:
            for piece in self.pieces(name):
                out.write(piece)

    def refuse(self, reason: str) -> NoReturn:
        """UsageError: this is no bundle that can be used."""
        message = t("{file} is not a whole bundle: {reason}.", file=self.path, reason=reason)
        raise UsageError(message, "kvmlab bundle make FILE")

    def _members(self) -> Iterator[Member]:
        names: list[str] = []
        while (header := self._exactly(_BLOCK)) != _END[:_BLOCK]:
            name, size = _parsed(header) or self.refuse(t("a header in it is not one that kvmlab writes"))
            if not self._may_follow(names, name):
                self.refuse(t("a file in it is not of a bundle: {name}", name=repr(name[:60])))
            names.append(name)
            offset = self._stream.tell()
            yield Member(name, offset, size)
            self._stream.seek(offset + size)
            if any(self._exactly(-size % _BLOCK)):
                self.refuse(t("what fills it up after {name} is not empty", name=name))
        if self._exactly(_BLOCK) != _END[_BLOCK:] or self._stream.read(1) or len(names) < len(FIRST):
            self.refuse(t("it does not end where a bundle ends"))

    def _may_follow(self, names: list[str], name: str) -> bool:
        if len(names) < len(FIRST):
            return name == FIRST[len(names)]
        return NAME.fullmatch(name) is not None and name not in names and len(names) < _MOST

    def _exactly(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) != size or self._stream.tell() > self._size:
            self.refuse(t("it ends too early"))
        return data

    def _read_sums(self) -> dict[str, str]:
        sums: dict[str, str] = {}
        for line in self.content(SUMS).decode("ascii", "replace").splitlines():
            digest, _, name = line.partition("  ")
            sums[name] = digest
        if _sums_text(sums) != self.content(SUMS) or [OPEN, *list(self.members)[2:]] != list(sums):
            self.refuse(t("{name} in it is not as it was written", name=SUMS))
        return sums


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """The bundle in the file `path`, its structure looked at; UsageError where it is none."""
    if not path.is_file():
        raise UsageError(t("{file} is not a file.", file=path), "kvmlab bundle open FILE")
    try:
        stream = path.open("rb")
    except OSError as error:
        said = error.strerror or str(error)
        raise UsageError(t("{file} cannot be read: {said}", file=path, said=said), f"ls -l {path}") from None
    with stream:
        yield Bundle(path, stream)


def write(target: Path, files: dict[str, Path | bytes]) -> None:
    """The bundle `target` of `files`: OPEN, MANIFEST, then the rest; SUMS is made of them."""
    assert all(name in FIRST or NAME.fullmatch(name) for name in files), "what is written can be read"
    sums = {name: _digest(content) for name, content in files.items()}
    whole: dict[str, Path | bytes] = {OPEN: files[OPEN], SUMS: _sums_text(sums)}
    whole |= {name: content for name, content in files.items() if name != OPEN}
    with target.open("wb") as out:
        for name, content in whole.items():
            _write_member(out, name, content)
        out.write(_END)
        out.flush()
        os.fsync(out.fileno())


def _write_member(out: BinaryIO, name: str, content: Path | bytes) -> None:
    with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        out.write(_header(name, size))
        while piece := stream.read(_PIECE):
            out.write(piece)
        out.write(bytes(-size % _BLOCK))


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.uname, info.gname = size, 0o755 if name == OPEN else 0o644, "root", "root"
    return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")


def _parsed(header: bytes) -> tuple[str, int] | None:
    """Name and size, or None where it is not, byte for byte, the header of such a file."""
    try:
        found = tarfile.TarInfo.frombuf(header, "ascii", "strict")
        return (found.name, found.size) if header == _header(found.name, found.size) else None
    except (tarfile.HeaderError, ValueError, OverflowError):
        return None


def _digest(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return sha256(content).hexdigest()
    from hashlib import file_digest

    with content.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def _sums_text(sums: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sums.items()).encode("ascii", "replace")
