"""Files of the host, and what a student notes in one. Keys: file (PATH), note (PATH, NAME)."""

from __future__ import annotations

from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Number, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.subject import Subject
from kvmlab.checks.vocabulary.start import AsAtStart


class FileFacts(Facts, total=False):
    """A file or directory."""

    kind: Annotated[Word, "ls -ld {0}", '"file", "directory", "link", "socket", "fifo", "device"']
    size_bytes: Annotated[Number, "ls -l {0}", "length, bytes"]
    mode: Annotated[Word, "stat -c %a {0}", 'permissions: "0644"']
    owner: Annotated[Word, "stat -c %U:%G {0}", '"root:root"']
    target: Annotated[Word, "readlink {0}", "of a link: where it points; else None"]
    text: Annotated[Word, "cat {0}", "its first 64 KiB; None: not a file"]
    lines: Annotated[Words, "cat {0}", "the lines of `text`, stripped, empty ones left out"]
    sha256: Annotated[Word, "sha256sum {0}", "of the whole content; None: not a file"]
    blank: Annotated[Flag, "tr -d '\\0' < {0} | wc -c", "nothing but zero bytes in it (or empty)"]


class NoteFacts(Facts, total=False):
    """What a student noted in a file: a line NAME=VALUE (or NAME: VALUE). Missing where two such lines differ."""

    text: Annotated[Word, "cat {0}", "the value"]
    number: Annotated[Number, "cat {0}", "the value as a number, a unit after it left out; None: it is none"]
    words: Annotated[Words, "cat {0}", "its words, between blanks, commas or arrows"]


class HostFileFacts(FileFacts, total=False):
    """A file or directory of the host."""

    own_file: Annotated[Flag, "stat {0}", "a file with this one name: neither a symbolic link nor a second name (ln)"]
    age_s: Annotated[Number, "stat -c %y {0}; date", "seconds since it was last written: the younger of two is newer"]
    link_age_s: Annotated[Number, "stat -c %y {0}; date", "of a link: seconds since it was made; None: it is none"]


class File(AsAtStart):
    """A file or directory of the host. `ls`, `cat`, `stat`"""

    noun = "file"

    kind = "file"
    facts = HostFileFacts
    label = "file {0}"
    see = "ls -l {0}"
    absent = "no such file"

    def shows(self, **want: Unpack[HostFileFacts]) -> Finding:
        return self._finding(want)


class Note(Subject):
    """A value noted in a file of the host. Key: note (PATH, NAME). `cat`"""

    kind = "note"
    facts = NoteFacts
    label = "{1} in {0}"
    see = "cat {0}"
    named = 1
    absent = "not noted"

    def shows(self, **want: Unpack[NoteFacts]) -> Finding:
        return self._finding(want)
