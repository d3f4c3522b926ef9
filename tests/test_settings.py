"""What a user may choose for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from kvmlab.errors import UsageError
from kvmlab.settings import config_file, spare_wanted


@pytest.fixture(autouse=True)
def _own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("KVMLAB_SPARE", raising=False)
    config_file().parent.mkdir()


def test_a_spare_is_wanted_unless_somebody_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    assert spare_wanted()
    config_file().write_text("spare = false\n")
    assert not spare_wanted()
    monkeypatch.setenv("KVMLAB_SPARE", "1")
    assert spare_wanted()
    monkeypatch.setenv("KVMLAB_SPARE", "0")
    assert not spare_wanted()


@pytest.mark.parametrize("text", ["spare = no", "spare = 0", "sparse = false", "[spare]", "\x00", "spare = 'false'"])
def test_what_means_nothing_is_refused_with_its_file(text: str) -> None:
    config_file().write_text(text)
    with pytest.raises(UsageError, match=str(config_file())):
        spare_wanted()


def test_what_cannot_be_read_is_refused() -> None:
    config_file().mkdir()
    with pytest.raises(UsageError):
        spare_wanted()
