"""Claims: a sentence of the course, in both languages, and the commands that show whether it is so.

lab = "storage-data"              whose lab host they are tried on
each, after                       shell, before and after every claim of the file
[[claim]]
id = "wipe-sparse"
says = [[FILE, ENGLISH, CHINESE]] where the text says so: `course.md` stands for `course.zh.md`, too
run                               shell, as root on the lab host; `idle` starts a paused guest of that name
shows, never                      what its output has to have, and must not have
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIBRARY = HERE / "library.sh"


class Said(NamedTuple):
    """A sentence of the course: in which English file, and how it is there and in the Chinese one."""

    file: str
    english: str
    chinese: str

    def missing(self) -> list[str]:
        """The files in which it does not stand, of the two."""
        chinese = re.sub(r"\.md$", ".zh.md", self.file)
        both = ((self.file, self.english), (chinese, self.chinese))
        return [file for file, text in both if flat(text) not in flat((ROOT / file).read_text(encoding="utf-8"))]


class Claim(NamedTuple):
    """One claim, and how it is tried."""

    id: str
    lab: str
    says: tuple[Said, ...]
    script: str
    shows: tuple[str, ...]
    never: tuple[str, ...]

    def wrong(self, output: str) -> list[str]:
        """What the output of the script should have said and has not, or the other way round."""
        lines = output.replace("\r", "")
        return [f"never says {text!r}" for text in self.shows if text not in lines] + [
            f"says {text!r}" for text in self.never if text in lines
        ]


def flat(text: str) -> str:
    """A text without its line breaks and the blanks around them, by which Chinese lines are joined."""
    return re.sub(r"\s+", "", text)


def claims() -> list[Claim]:
    """All claims, in the order of the files."""
    return [one for path in sorted(HERE.glob("*.toml")) for one in _claims_of(path)]


def _claims_of(path: Path) -> list[Claim]:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    before = f"exec 2>&1\n{LIBRARY.read_text(encoding='utf-8')}\n{data['each']}"
    found = []
    for one in data["claim"]:
        said = tuple(Said(*each) for each in one["says"])
        script = f"{before}\n{one['run']}\n{{ {data['after'].strip()}\n}} > /dev/null 2>&1\n"
        found.append(Claim(one["id"], data["lab"], said, script, tuple(one["shows"]), tuple(one.get("never", ()))))
    return found
