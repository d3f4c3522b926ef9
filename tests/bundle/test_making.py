"""What goes into a bundle, and that images are made of it without mmdebstrap."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from kvmlab.bundle.making import without_this_computer
from kvmlab.errors import CannotRun
from kvmlab.images.guest import OURS, guest_orders
from kvmlab.images.iso import ISOS, iso_order
from kvmlab.images.supply import Order, kept, supply
from kvmlab.paths import State
from tests.bundle.test_archive import Silent

OF_THE_MAKER = ("./etc/hostname", "./etc/resolv.conf", "./etc/apt/sources.list", "./var/lib/apt/lists/mirror_Packages")


def root_tar() -> bytes:
    """A root as mmdebstrap writes it."""
    with io.BytesIO() as raw:
        with tarfile.open(fileobj=raw, mode="w") as out:
            for folder in ("./etc", "./var/lib/apt/lists/", "./dev"):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                out.addfile(entry)
            for name in ("./etc/passwd", *OF_THE_MAKER):
                entry = tarfile.TarInfo(name)
                entry.size = 4
                out.addfile(entry, io.BytesIO(b"data"))
            link = tarfile.TarInfo("./etc/mtab")
            link.type, link.linkname = tarfile.SYMTYPE, "/proc/self/mounts"
            out.addfile(link)
        return raw.getvalue()


def test_what_is_the_makers_is_left_out(tmp_path: Path) -> None:
    """All else is as it was: folders, links, contents."""
    with tarfile.open(fileobj=io.BytesIO(root_tar())) as source, gzip.open(tmp_path / "x.tar.gz", "wb") as out:
        without_this_computer(source, out)
    with tarfile.open(tmp_path / "x.tar.gz") as found:
        names = ["./etc", "./var/lib/apt/lists", "./dev", "./etc/passwd", "./etc/mtab"]
        assert [one.name for one in found] == names
        assert (found.getmember("./etc").mode, found.getmember("./etc/mtab").linkname) == (0o755, "/proc/self/mounts")
        stream = found.extractfile("./etc/passwd")
        assert stream and stream.read() == b"data"


def test_packages_that_were_brought_need_no_mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    state, order = State(tmp_path / "state"), Order.unpacked(["busybox-static"])
    with pytest.raises(CannotRun, match="mmdebstrap is not installed"):
        supply(state, order, tmp_path / "unpack.tar", Silent(), "building")
    kept(state, order).parent.mkdir()
    kept(state, order).write_bytes(b"brought")
    supply(state, order, tmp_path / "unpack.tar", Silent(), "building")
    assert (tmp_path / "unpack.tar").read_bytes() == b"brought"


def test_each_image_has_its_packages_and_no_two_orders_one_key() -> None:
    orders = [order for name in OURS for order in guest_orders(name).values()] + [iso_order(name) for name in ISOS]
    assert len({order.key for order in orders}) == len(set(orders)) >= len(OURS) + len(ISOS)
    assert Order.unpacked(["a", "b"]).key != Order.installed(["a", "b"]).key != Order.unpacked(["ab"]).key
