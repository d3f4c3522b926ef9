"""What `solve` shows is what one would see when typing it: one prompt a command."""

from __future__ import annotations

import pytest

from kvmlab.course.lab.typed_step import typed


@pytest.mark.parametrize(
    ("code", "prompts"),
    [
        ("virsh list\nvirsh net-list\n", "$$"),
        ("cat >a <<EOF\n<a>\n$x\nEOF\nls", "$>>>$"),
        ("cat >a <<'END' && ls\none\n\nEND\nls", "$>>>$"),
        ("for a in 1 2; do\n  echo $a\ndone\nls", "$>>$"),
        ("echo 'one\ntwo'\nls", "$>$"),
        ("virt-install \\\n  --name web1\nls", "$>$"),
        ("a |\nb", "$>"),
        ("", ""),
    ],
)
def test_one_prompt_a_command(code: str, prompts: str) -> None:
    assert "".join(prompt for prompt, _ in typed(code)) == prompts
    assert [line for _, line in typed(code)] == code.rstrip().splitlines()
