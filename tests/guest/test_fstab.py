"""fstab as mount reads it. fstab.json has what look.sh said in a small guest (util-linux 2.41) with each of these."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kvmlab.checks.reader import Reading
from kvmlab.checks.vocabulary.guest_storage import Fstab
from kvmlab.errors import CouldNotLook
from kvmlab.guest.fstab import entries, problem
from kvmlab.guest.look_output import Sections
from tests.guest.test_reader import framed, read

SAID: dict[str, dict[str, str | None]] = json.loads(Path(__file__).with_name("fstab.json").read_text(encoding="utf-8"))


def wrong(case: str, **more: str) -> str | None:
    table = Sections({**SAID[case], **more})
    return problem("web1", table, entries(table)[-1])


@pytest.mark.parametrize("case", ["defaults", "many options", "auto", "quotes", "a name with a blank"])
def test_lines_that_mount_takes(case: str) -> None:
    assert wrong(case) is None


@pytest.mark.parametrize(("case", "said"), [
    ("default", "ext4 does not know `default`; did you mean `defaults`?"),
    ("defualts", "ext4 does not know `defualts`; did you mean `defaults`?"),
    ("noatime, misspelt", "ext4 does not know `noatmie`; did you mean `noatime`?"),
    ("an option of another filesystem", "ext4 does not know `size`"),
    ("a value that is none", "ext4 does not know `data=orderd`"),
    ("another filesystem", "xfs does not match with on-disk ext4"),
    ("another UUID", "unreachable on boot required source"),
    ("no such directory", "unreachable on boot required target"),
])  # fmt: skip
def test_lines_that_fail_at_boot(case: str, said: str) -> None:
    assert str(wrong(case)).startswith(said)


def test_systemd_makes_the_directory() -> None:
    assert wrong("no such directory", systemd="yes") is None


def test_a_line_that_mount_passes_over_is_none() -> None:
    table = Sections(SAID["a blank after a comma"])
    assert [entry.target for entry in entries(table)] == ["/"]


def test_what_findmnt_did_not_get_to_is_not_guessed() -> None:
    with pytest.raises(CouldNotLook, match="does not get through"):
        wrong("defaults", **{"fstab-verified": "Segmentation fault"})


def test_options_of_a_filesystem_that_is_not_known_here() -> None:
    verified = "/mnt/new\n   [ ] FS options: umask=077\n   [ ] FS type is vfat\n"
    with pytest.raises(CouldNotLook, match="umask=077"):
        wrong("defaults", **{"fstab-verified": verified})


def test_no_author_has_to_ask_for_it() -> None:
    """A finding that wants other facts of the line is not met either, and says why."""

    class Reader:
        def read(self, kind: str, key: tuple[str, ...], names: list[str]) -> object:
            found = read(kind, *key[2:], names=" ".join(names), snapshot=framed(SAID["defualts"]))
            return {name: value if isinstance(value, Reading) else Reading(value) for name, value in found.items()}

    found = Fstab(Reader(), ("web1", "", "/mnt/new")).shows(fstype="ext4")  # type: ignore[arg-type]
    assert not found.met
    row = found.facts[-1]
    assert (row.name, row.wanted, row.see) == ("problem", "none", "ssh web1 'findmnt --verify --verbose'")
    assert "`defaults`" in row.found
