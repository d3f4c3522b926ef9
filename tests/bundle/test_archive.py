"""The file of a bundle is exactly what kvmlab writes, or refused with a sentence."""

from __future__ import annotations

import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from kvmlab.bundle import archive
from kvmlab.bundle.contents import read_contents
from kvmlab.errors import KvmlabError, UsageError
from tests.bundle.conftest import CONTENTS, SMALL, write_bundle


class Silent:
    """Progress nobody sees."""

    def step(self, text: str, fraction: float | None = None) -> None:
        """Nothing."""


def read_whole(path: Path) -> None:
    """All that is looked at before anything is written."""
    with archive.opened(path) as bundle:
        bundle.verify(Silent())
        read_contents(bundle)


def refused(path: Path) -> str:
    """The sentence it is refused with."""
    with pytest.raises(UsageError) as error:
        read_whole(path)
    assert error.value.message.endswith(".") and "\n" not in error.value.message
    assert error.value.todo
    return error.value.message


def test_what_is_written_is_read(small_bundle: Path) -> None:
    with archive.opened(small_bundle) as bundle:
        bundle.verify(Silent())
        assert read_contents(bundle) == CONTENTS
        assert {name: bundle.content(name) for name in SMALL} == SMALL
        assert bundle.names("hosts") == ["hosts/00.tar.gz"]


def test_the_longest_name_is_read(tmp_path: Path) -> None:
    """Some wheels are for many systems, and say so in their names."""
    name = "wheels/" + "x" * 95 + ".whl"
    write_bundle(tmp_path / "long", {**SMALL, name: b"content"})
    with archive.opened(tmp_path / "long") as bundle:
        bundle.verify(Silent())
        assert bundle.content(name) == b"content"


def test_tar_and_sha256sum_read_it(small_bundle: Path, tmp_path: Path) -> None:
    """A bundle can be looked into without kvmlab; `open` may be executed, and comes first."""
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-xf", small_bundle, "-C", out], check=True)
    subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=out, check=True)
    assert (out / "open").stat().st_mode & 0o111
    with tarfile.open(small_bundle) as found:
        assert found.getnames()[:3] == ["open", "SHA256SUMS", "manifest.json"]


def test_the_same_files_give_the_same_bundle(small_bundle: Path, tmp_path: Path) -> None:
    assert write_bundle(tmp_path / "again", SMALL).read_bytes() == small_bundle.read_bytes()


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"PK\3\4" * 999, "你好\n".encode() * 999, b"\x1f\x8b" * 999])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "foreign").write_bytes(content)
    assert "foreign is not a whole bundle" in refused(tmp_path / "foreign")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "is not a file" in refused(tmp_path)
    assert "is not a file" in refused(tmp_path / "missing")


def fuzzed(data: bytes, dice: random.Random) -> bytes:
    """`data` torn, or changed in one of the ways files are."""
    at, size = dice.randrange(len(data)), dice.randint(1, 2000)
    ways: list[Callable[[], bytes]] = [
        lambda: data[:at],
        lambda: data[at:],
        lambda: data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :],
        lambda: data[:at] + dice.randbytes(size) + data[at + size :],
        lambda: data[:at] + data[at + size :],
        lambda: data[:at] + dice.randbytes(size) + data[at:],
        lambda: data[:at] + bytes(size) + data[at + size :],
        lambda: data + dice.randbytes(size),
        lambda: data + data,
        lambda: data[:at] + data[at:].replace(b"0", b"7", 3),
    ]
    return dice.choice(ways)()


def test_a_thousand_torn_or_changed_bundles(small_bundle: Path, tmp_path: Path) -> None:
    """Each is refused with a sentence, and nothing is written."""
    data, dice, torn = small_bundle.read_bytes(), random.Random(12), tmp_path / "torn"
    changed = [other for other in (fuzzed(data, dice) for _ in range(1200)) if other != data]
    assert len(changed) >= 1000
    before = sorted(tmp_path.iterdir())
    for other in changed:
        torn.write_bytes(other)
        refused(torn)
    assert sorted(tmp_path.iterdir()) == sorted([*before, torn])


def test_each_single_bit_counts(small_bundle: Path, tmp_path: Path) -> None:
    """Headers, what fills blocks up, and the end are held as the contents are."""
    data, torn = bytearray(small_bundle.read_bytes()), tmp_path / "torn"
    for at in range(0, len(data), 3):
        data[at] ^= 1
        torn.write_bytes(data)
        refused(torn)
        data[at] ^= 1


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """A member as a stranger's tar might have it."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.uname, info.gname = kind, link, 0o644, "root", "root"
    return info


HOSTILE = {
    "absolute": entry("/etc/cron.d/x"),
    "above": entry("wheels/../../x.whl"),
    "dots": entry("../x"),
    "symbolic link": entry("wheels/x.whl", tarfile.SYMTYPE, "/etc/passwd"),
    "hard link": entry("wheels/x.whl", tarfile.LNKTYPE, "/etc/passwd"),
    "device": entry("wheels/x.whl", tarfile.BLKTYPE),
    "FIFO": entry("wheels/x.whl", tarfile.FIFOTYPE),
    "folder": entry("wheels/x.whl", tarfile.DIRTYPE),
    "twice": entry("wheels/kvmlab-1.0-py3-none-any.whl"),
    "other folder": entry("keys/look_key"),
    "option": entry("wheels/-rf"),
    "hidden": entry("wheels/.x"),
    "line end": entry("wheels/x\n.whl"),
    "long name": entry("wheels/" + "x" * 300),
    "not ASCII": entry("wheels/包.whl"),
    "set-user-id": entry("wheels/x.whl"),
}
HOSTILE["set-user-id"].mode = 0o4755


@pytest.mark.parametrize("member", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_hostile_members_are_refused(
    small_bundle: Path, tmp_path: Path, member: tarfile.TarInfo, kind: Literal[1, 2]
) -> None:
    """By their header alone, before any sum is looked at."""
    data, header = small_bundle.read_bytes(), member.tobuf(kind, "utf-8", "surrogateescape")
    (tmp_path / "hostile").write_bytes(data[: -len(archive._END)] + header + archive._END)
    said = refused(tmp_path / "hostile")
    assert "not one that kvmlab writes" in said or "not of a bundle" in said


def test_sizes_beyond_the_file(small_bundle: Path, tmp_path: Path) -> None:
    """What a header claims is never believed: neither memory nor time is spent on it."""
    data = small_bundle.read_bytes()
    for size in (1, 511, 512, 10**6, 8**11 - 1):
        (tmp_path / "claims").write_bytes(data[:-1024] + archive._header("wheels/x.whl", size) + archive._END)
        assert "ends" in refused(tmp_path / "claims")


MANIFESTS = [
    b"", b"null", b"[]", b"{}", b"1", b'"x"', b"[" * 9000, b"\xff\xfe", b"{" + b'"a":' * 300, b"NaN",
    CONTENTS.to_json().replace(b"kvmlab.bundle/1", b"kvmlab.bundle/9"),
    CONTENTS.to_json().replace(b"localhost/kvmlab-host", b"localhost/bash"),
    CONTENTS.to_json().replace(b'"small"', b'"--state=/"'),
    CONTENTS.to_json().replace(b'"host",', b'"../host",'),
    CONTENTS.to_json().replace(b'"2.17"', b"2.17"),
    CONTENTS.to_json().replace(b'"2.17"', b'"two"'),
    CONTENTS.to_json().replace(b'"version": "1.0"', b'"version": "1.0; rm -rf /"'),
    CONTENTS.to_json().replace(b'"machine"', b'"engine"'),
    CONTENTS.to_json().replace(b'"podman"', b'"further": 1, "podman"'),
    CONTENTS.to_json().replace(b"a" * 64, b"a" * 63),
]  # fmt: skip


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, manifest: bytes) -> None:
    """Its sums are right: somebody has written it so."""
    archive.write(tmp_path / "odd", {archive.OPEN: b"", archive.MANIFEST: manifest, **SMALL})
    refused(tmp_path / "odd")


@pytest.mark.parametrize("name", ["packages/x.tar.gz", "packages/00112233aabb.tar", "packages/00112233aabbcc.tar.gz"])
def test_packages_of_another_name_are_refused(tmp_path: Path, name: str) -> None:
    write_bundle(tmp_path / "odd", {**SMALL, name: b""})
    refused(tmp_path / "odd")


def test_a_file_that_shrinks_while_it_is_read(small_bundle: Path, tmp_path: Path) -> None:
    moving = tmp_path / "moving"
    shutil.copy(small_bundle, moving)
    with pytest.raises(KvmlabError), archive.opened(moving) as bundle:
        moving.write_bytes(moving.read_bytes()[:3000])
        bundle.verify(Silent())


def test_reading_needs_no_more_memory_than_a_piece(tmp_path: Path) -> None:
    """SHA256SUMS and the manifest are read whole, and are held to be small."""
    archive.write(tmp_path / "large", {archive.OPEN: b"", archive.MANIFEST: b" " * 2_000_000, **SMALL})
    assert "too large" in refused(tmp_path / "large")
