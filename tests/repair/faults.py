"""A fault of the tiny course, for tests that hide it."""

from __future__ import annotations

from pathlib import Path

from tests.author.planting import plant

FILE, CHINESE = "faults/tiny/moved.md", "faults/tiny/moved.zh.md"
TEXT = """\
+++
title = "`{{ note }}` was moved, and {{ bridge }} is down"
level = 3
[labs.tiny-note]
moved = "{{ note }}.old"
+++
## Ticket
The note is not to be read, and nobody on the office network gets an answer.
```bash id=read
grep -q . {{ note }}
```
```bash id=link from=peer
ping -c1 -W2 {{ lan.ip }}
```
## Break
```bash id=move
mv {{ note }} {{ moved }}
```
```bash id=down
ip link set {{ bridge }} down
ip link set {{ lan.nic }} down
```
## Undo
```bash id=up
ip link set {{ lan.nic }} up
ip link set {{ bridge }} up
ip route replace default via {{ lan.gateway }} dev {{ lan.nic }}
mv {{ moved }} {{ note }}
```
## Cure: a new note
```bash id=write
echo '{{ line }}' > {{ note }}
```
```bash id=up
ip link set {{ lan.nic }} up
ip link set {{ bridge }} up
ip route replace default via {{ lan.gateway }} dev {{ lan.nic }}
```
## Wrong cure: an empty note, and half of the links
```bash id=touch
touch {{ note }}
ip link set {{ lan.nic }} up
```
## Hint
Look at files and links.
## Hint
`ls /root; ip link`
## Hint
Another name, and DOWN.
## Story
Both were changed by hand.
"""
TRANSLATION = (
    '+++\ntitle = "改了名"\n+++\n## 工单\n便条读不到。\n' + "## 提示\n看。\n" * 3 + "## 始末\n有人手动改的。\n"
)


def course_with_a_fault(tmp_path: Path, *changes: tuple[str, str, str]) -> Path:
    """The tiny course with it, changed."""
    return plant(tmp_path, (FILE, "", TEXT), (CHINESE, "", TRANSLATION), *changes).root
