"""The report in the terminal: it fits, it is safe, it says what is wanted, found and to be done.

The pages themselves are in snapshots/; KVMLAB_UPDATE_SNAPSHOTS=1 writes them anew.
"""

import io
import os
import re
from pathlib import Path

import pytest

from kvmlab import words
from kvmlab.grading.verdicts import Verdict
from kvmlab.report.evidence import label
from kvmlab.report.plain import cells
from kvmlab.report.terminal import print_report
from tests.checks.memory import checked, untouched
from tests.report.samples import STATES, report

SNAPSHOTS = Path(__file__).with_name("snapshots")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def page(state: str, width: int = 80, *, color: bool = False, verbose: bool = False) -> str:
    stream = io.StringIO()
    print_report(report(state), lab="network-bridge", color=color, verbose=verbose, width=width, stream=stream)
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", STATES)
def test_the_page_is_as_it_was_agreed(state: str, language: str, width: int) -> None:
    words.set_language(language)
    found = page(state, width)
    kept = SNAPSHOTS / f"{state}.{language}.{width}.txt"
    if os.environ.get("KVMLAB_UPDATE_SNAPSHOTS"):
        kept.write_text(found, encoding="utf-8")
    assert found == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", STATES)
def test_nothing_but_a_command_is_wider_than_the_terminal(state: str, language: str, width: int) -> None:
    words.set_language(language)
    for verbose in (False, True):
        for line in page(state, width, verbose=verbose).splitlines():
            assert cells(line) <= width or re.search(r"(ip|virsh|ssh|kvmlab) ", line), line


@pytest.mark.parametrize("state", STATES)
def test_colour_changes_nothing_but_colours(state: str) -> None:
    painted = page(state, color=True)
    assert "\x1b[" in painted and "\x1b" not in COLOUR.sub("", painted)
    bare = page(state)
    assert "\x1b" not in bare and all(line.isprintable() for line in bare.splitlines())
    words_of = [text.replace("`", "").split() for text in (COLOUR.sub("", painted), bare)]
    assert words_of[0] == words_of[1]


def test_what_is_as_wanted_is_shown_only_when_asked_for() -> None:
    assert "running" not in page("done") and "virsh" not in page("done")
    everything = page("done", verbose=True)
    assert "✓ running" in everything and "virsh domstate web1" in everything
    assert len(everything.splitlines()) > len(page("done").splitlines()) + 8


def test_every_sentence_is_there_once_with_its_mark() -> None:
    text = " ".join(page("half", 160).split())
    for check in report("half").checks:
        mark = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.BLOCKED: "○", Verdict.ERROR: "!"}[check.verdict]
        assert f"{mark} {check.sentence}" in text


def test_a_missing_object_is_one_line() -> None:
    text = page("start", 160)
    assert re.search(r"link br0 +no such link; did you mean `br1`\? +ip link show\n", text)
    assert text.count("did you mean") == 2  # two checks look at it


def test_blocked_checks_name_what_they_wait_for() -> None:
    text = page("start", 160)
    assert "waits for: The host has a bridge `br0`\n" in text  # of the same task: its sentence
    assert "waits for: task bridge\n" in text  # of another task: its name, at the root


def test_could_not_look_says_why_and_what_to_do() -> None:
    text = page("unreachable")
    assert "could not look: Guest web1: SSH refused at 10.0.0.122." in text
    assert "virsh console web1" in text and "kvmlab status" in text and "hint:" not in text


def test_the_same_trouble_is_told_once() -> None:
    text = page("no-libvirtd")
    assert text.count("connection refused") == 1 and text.count("$ systemctl start libvirtd") == 1
    assert text.count("could not look, as above") == 1


def test_tasks_that_wait_for_others_lead_to_the_whole() -> None:
    stream = io.StringIO()
    print_report(checked(untouched(), only=["guest"]), lab="a-lab", color=False, width=80, stream=stream)
    assert "waits for: task bridge: The host has a bridge `br0`\n" in stream.getvalue()
    assert "kvmlab check a-lab  " in stream.getvalue()


def test_a_stream_without_our_signs_gets_others() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_report(report("half"), lab="network-bridge", color=False, width=80, stream=stream)
    stream.flush()
    text = raw.getvalue().decode("ascii")
    assert text.startswith("x Build a bridge") and "  + The host has a bridge `br0`." in text and "✗" not in text


def test_what_is_to_be_known_of_how_it_was_looked_stands_before_the_verdict() -> None:
    """As plain text, whatever is in it."""
    stream = io.StringIO()
    found = report("half")._replace(notes=("web1 \x1b[2Jmoves",))
    print_report(found, lab="network-bridge", color=False, width=80, stream=stream)
    before, _, after = stream.getvalue().partition("  web1 [2Jmoves\n")
    assert "not yet" in after and "\x1b" not in before + after


def test_what_comes_next() -> None:
    assert "kvmlab hint network-bridge bridge " in page("half")
    assert "kvmlab finish network-bridge" in page("done")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("memory_mib", "memory (MiB)"), ("size_bytes", "size (bytes)"), ("delay_s", "delay (s)"), ("stp", "stp"),
     ("dhcp_range", "dhcp range")],
)  # fmt: skip
def test_units_are_said(name: str, shown: str) -> None:
    assert label(name) == shown
