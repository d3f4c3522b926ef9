"""Contents that a lab's set-up wrote, made again so that sums can be compared: `sha256(filled(lab.line, size))`."""

from __future__ import annotations


def filled(line: str, size_bytes: int) -> bytes:
    """That many bytes of the same line over and over, as `yes LINE | head -c SIZE` writes them."""
    data = line.encode() + b"\n"
    return (data * (size_bytes // len(data) + 1))[:size_bytes]


def sha256(*parts: bytes) -> str:
    """The SHA-256 sum of these bytes one after the other, as sha256sum(1) prints it."""
    import hashlib

    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
