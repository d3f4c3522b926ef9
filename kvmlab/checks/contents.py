"""Contents that a lab's set-up wrote, made again so that sums can be compared: `sha256(filled(lab.line, size))`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

MIB = 1024**2


def filled(line: str, size_bytes: int) -> bytes:
    """That many bytes of the same line over and over, as `yes LINE | head -c SIZE` writes them."""
    data = line.encode() + b"\n"
    return (data * (size_bytes // len(data) + 1))[:size_bytes]


def sparse(lines: Mapping[int, str], size_mib: int) -> Iterator[bytes]:
    """Zeros, but for a line at the beginning of some mebibytes (by number), as `echo LINE | dd bs=1M seek=NUMBER` makes
    them in a file of that size: one mebibyte after the other, for `sha256(*sparse({0: "a"}, 16))`.
    """
    nothing = bytes(MIB)
    for mib in range(size_mib):
        yield f"{lines[mib]}\n".encode().ljust(MIB, b"\0") if mib in lines else nothing


def sha256(*parts: bytes) -> str:
    """The SHA-256 sum of these bytes one after the other, as sha256sum(1) prints it."""
    import hashlib

    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
