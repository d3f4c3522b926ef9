"""What the documents name is there: files, links, verbs; and README is short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kvmlab.cli.verbs import VERBS
from tests.gate.programs import REPOSITORY
from tests.gate.test_imports import BASE, LAYERS

DOCUMENTS = sorted(
    path.relative_to(REPOSITORY)
    for path in (*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("*/README.md"))
    if not path.name.startswith("course.")
)
LINK = re.compile(r"\]\(([^)#:]+)\)")
NAMED = re.compile(r"`((?:kvmlab|tests|script|labs|checkers|solutions|benchmarks|docs)/[\w./-]+)`")
MADE = {
    "labs/network/vlan/",
    "checkers/network/vlan.py",
    "solutions/network/vlan/",
}  # by `kvmlab new`, as is said there
COMMAND = r"^    \$ (.+?)(?:   .*)?$"
SECTION = r"^##+ "
IDS = {str(path): path for path in DOCUMENTS}


@pytest.mark.parametrize("document", IDS.values(), ids=IDS.keys())
def test_what_it_names_is_there(document: Path) -> None:
    """Links are relative to the document, names in code to the repository."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    linked = {name for name in LINK.findall(text) if not (REPOSITORY / document.parent / name).exists()}
    named = {name for name in NAMED.findall(text) if "CHAPTER" not in name and not (REPOSITORY / name).exists()}
    assert linked | named - MADE == set()


@pytest.mark.parametrize("document", IDS.values(), ids=IDS.keys())
def test_its_commands_are_verbs(document: Path) -> None:
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    used = set(re.findall(r"(?:`|\$ )kvmlab (?:--[a-z]+ \w+ )?([a-z]+)", text))
    assert used <= set(VERBS)


READ_BY_STUDENTS = (
    "README.md",
    *sorted(f"docs/{path.name}" for path in REPOSITORY.glob("docs/*.md") if ".zh" not in path.name),
)


@pytest.mark.parametrize("document", READ_BY_STUDENTS)
def test_what_a_student_reads_is_there_in_both_languages(document: str) -> None:
    """With the same sections and the same commands, and each names the other."""
    english, chinese = REPOSITORY / document, REPOSITORY / document.replace(".md", ".zh.md")
    texts = [path.read_text(encoding="utf-8") for path in (english, chinese)]
    assert chinese.name in texts[0] and english.name in texts[1]
    commands, sections = ([re.findall(form, text, re.MULTILINE) for text in texts] for form in (COMMAND, SECTION))
    assert commands[0] == commands[1]
    assert len(sections[0]) == len(sections[1])


def test_architecture_has_every_package() -> None:
    """In the order of the layers."""
    text = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = [name for layer in LAYERS for name in layer if (REPOSITORY / "kvmlab" / name / "__init__.py").is_file()]
    assert re.findall(r"^\| `(\w+)/` \|", text, flags=re.MULTILINE) == [
        name for name in packages if name not in ("", *BASE)
    ]


def test_readme_is_a_screen_and_a_half() -> None:
    lines = (REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 80
    assert max(map(len, lines)) <= 140


def test_pictures_fetch_nothing() -> None:
    """A picture is whole in itself, and of a real run: it has what the terminal has shown."""
    for name, word in (("check", "network-bridge"), ("map", "web1")):
        text = (REPOSITORY / "docs" / f"{name}.svg").read_text(encoding="utf-8")
        assert word in text
        assert set(re.findall(r"https?://[^/\"\s]+", text)) <= {"http://www.w3.org", "https://www.textualize.io"}
