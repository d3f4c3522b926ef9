"""fstab(5) as mount reads it: its entries, and what mount cannot do with one of them.

libmount in the guest takes the file apart and says which options are its own, the kernel's for all filesystems, and
the filesystem's (`findmnt --verify`). Only the kernel knows the last ones, and only when it mounts: those of ext4 are
listed here, and of others nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kvmlab.errors import CouldNotLook
from kvmlab.guest.look_output import Sections
from kvmlab.nearest import nearest
from kvmlab.words import t

EXT = ("ext2", "ext3", "ext4")
# ext4(5) and the table in the kernel's fs/ext4/super.c; then what any filesystem takes through security modules.
EXT4_OPTIONS = frozenset(
    """
    abort acl auto_da_alloc barrier bh block_validity bsddf bsdgroups check commit data data_err dax debug
    debug_want_extra_isize delalloc dioread_lock dioread_nolock discard errors fc_debug_force fc_debug_max_replay
    grpid grpjquota grpquota i_version init_itable inlinecrypt inode_readahead_blks journal_async_commit
    journal_checksum journal_dev journal_ioprio journal_path jqfmt max_batch_time max_dir_size_kb
    mb_optimize_scan mblk_io_submit min_batch_time minixdf no_mbcache no_prefetch_block_bitmaps noacl
    noauto_da_alloc nobarrier nobh noblock_validity nodelalloc nodiscard nodioread_nolock nogrpid noinit_itable
    noload nojournal_checksum nomblk_io_submit nombcache noquota norecovery nouid32 nouser_xattr nowarn_on_error
    oldalloc orlov prefetch_block_bitmaps prjquota quota resgid resuid sb stripe sysvgroups
    test_dummy_encryption user_xattr usrjquota usrquota warn_on_error
    context defcontext fscontext rootcontext seclabel
    """.split()  # noqa: SIM905 (so that they can be read)
)
VALUES = {"data": ("journal", "ordered", "writeback"), "errors": ("continue", "panic", "remount-ro")}
# What mount itself knows, to find the word that was meant.
OTHERS = """defaults async atime auto dev diratime dirsync exec group iversion lazytime loop mand noatime noauto nodev
    nodiratime noexec nofail nolazytime nomand norelatime nostrictatime nosuid nouser owner relatime remount ro rw
    strictatime suid sync user users""".split()  # noqa: SIM905


class FstabLine(NamedTuple):
    """A line of fstab."""

    source: str
    target: str
    fstype: str
    options: tuple[str, ...]


def entries(table: Sections) -> list[FstabLine]:
    """The lines that mount takes; where findmnt does not say it, those of three words and more, with numbers last."""
    rows = table.texts.get("fstab-rows")
    lines = (rows if rows else table.text("fstab")).splitlines()
    words = [line.split() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    sound = [row for row in words if len(row) > 2 and all(word.isdigit() for word in row[4:6])]
    plain = [[_unescaped(word) for word in row] for row in sound]
    return [FstabLine(row[0], row[1], row[2], tuple(row[3].split(",")) if len(row) > 3 else ()) for row in plain]


def _unescaped(word: str) -> str:
    """fstab writes a blank as \\040, findmnt as \\x20."""

    def character(found: re.Match[str]) -> str:
        return chr(int(found[1], 8) if found[1] else int(found[2], 16))

    return re.sub(r"\\(?:([0-7]{3})|x([0-9a-f]{2}))", character, word)


def problem(guest: str, table: Sections, entry: FstabLine) -> str | None:
    """The first thing that makes mounting it fail; None: nothing is seen. Raises CouldNotLook where it hangs on options
    of a filesystem that is not known here."""
    said = _said_of(entry.target, table.text("fstab-verified"))
    if not said:  # findmnt 2.41 crashes over a line that mount passes over
        reason = t("Guest {guest}: findmnt does not get through /etc/fstab; a line cannot be read.", guest=guest)
        raise CouldNotLook(reason, f"ssh {guest} findmnt --verify")
    found = [*_found(said, made=table.text("systemd") == "yes"), *_options(guest, entry, said)]
    return next(iter(found), None)


def _said_of(target: str, verified: str) -> list[str]:
    """What `findmnt --verify --verbose` says of one target: the lines below it."""
    said: list[str] = []
    mine = False
    for line in verified.splitlines():
        if not line.startswith(" "):
            mine = line.strip() == target
        elif mine:
            said.append(line.strip())
    return said


def _found(said: list[str], *, made: bool) -> Iterator[str]:
    """Its errors, and of its warnings that of a wrong type. `made`: systemd makes a directory that is not there."""
    for line in said:
        if line.startswith("[E]") and not (made and "required target" in line):
            yield line.removeprefix("[E]").strip()
        elif "does not match with on-disk" in line:
            yield line.removeprefix("[W]").strip()


def _options(guest: str, entry: FstabLine, said: list[str]) -> Iterator[str]:
    words = [word for line in said if "FS options: " in line for word in line.partition("FS options: ")[2].split(",")
             if "VFS options" not in line]  # fmt: skip
    seen = next((line.rpartition(" ")[2] for line in said if "FS type is" in line), entry.fstype)
    if words and seen not in EXT:
        reason = t("Guest {guest}: whether {fstype} takes the option `{option}` cannot be told from here.",
                   guest=guest, fstype=seen, option=words[0])  # fmt: skip
        raise CouldNotLook(reason, f"ssh {guest} mount -a")
    for word in words:
        name, equals, value = word.partition("=")
        if name not in EXT4_OPTIONS:
            yield _unknown(seen, name)
        elif equals and value not in VALUES.get(name, (value,)):
            yield t("{fstype} does not know `{option}`", fstype=seen, option=word)


def _unknown(fstype: str, name: str) -> str:
    if meant := nearest(name, [*OTHERS, *EXT4_OPTIONS]):
        return t("{fstype} does not know `{option}`; did you mean `{meant}`?", fstype=fstype, option=name, meant=meant)
    return t("{fstype} does not know `{option}`", fstype=fstype, option=name)
