"""Files that a user names: one that is no file is written to, and never replaced."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from kvmlab.bundle.making import make_bundle
from kvmlab.cli.output import write_document
from kvmlab.errors import UsageError
from kvmlab.images import Quiet
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State


def test_a_document_is_written_as_a_whole_and_for_one_s_own_eyes(tmp_path: Path) -> None:
    path = tmp_path / "document.json"
    for said in ("one", "two"):
        write_document(path, {"said": said})
        assert json.loads(path.read_text()) == {"said": said}
    assert path.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_gets_it_and_stays(tmp_path: Path, linked: bool) -> None:
    """As /dev/null does, and /dev/stdout, which is a link."""
    pipe = path = tmp_path / "pipe"
    os.mkfifo(pipe)
    if linked:
        path = tmp_path / "link"
        path.symlink_to(pipe)
    writer = threading.Thread(target=write_document, args=(path, {"said": "one"}))
    writer.start()
    assert json.loads(pipe.read_text()) == {"said": "one"}
    writer.join(60)
    assert pipe.is_fifo() and path.is_symlink() is linked


def test_a_bundle_takes_the_place_of_a_file_only(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="is not a file"):
        make_bundle(State(tmp_path / "state"), Podman(), pipe, [], [], Quiet())
    assert list(tmp_path.iterdir()) == [pipe]
