"""Receipts are taken, or refused with a sentence; those handed in by two are named."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kvmlab.course import Course
from kvmlab.receipts.judging import judge
from tests.conftest import Kvmlab
from tests.receipts.conftest import LABS, Make

Change = Callable[[dict[str, Any]], object]


def against(course: Course, *files: Path, variants: dict[str, str] | None = None) -> list[str]:
    """What is said against each file, as one line."""
    return [" ".join(one.against) for one in judge(files, course, variants)]


def test_a_right_one_is_taken(course: Course, make: Make) -> None:
    (found,) = judge([make()], course)
    assert found.against == [] and found.taken
    assert {lab: points for lab, (points, _) in found.points.items()} == {lab: course.entry(lab).points for lab in LABS}


def test_each_students_own_variant(course: Course, make: Make) -> None:
    """Of another's variant, of none that is anybody's, and of somebody who is not in the class."""
    variants = {"zhang-wei": "a1", "li-na": "b2"}
    files = [make(variant="a1"), make("li-na", "a1"), make("li-na", "c3"), make("nobody", "a1")]
    said = against(course, *files, variants=variants)
    assert said[0] == ""
    assert "made for the variant of zhang-wei" in said[1]
    assert "another variant than li-na's" in said[2]
    assert "Nobody in the class is called nobody" in said[3]


def test_handed_in_by_two(course: Course, make: Make) -> None:
    """The same lab host, or the same evidence signed anew, names all who have it; nobody else is touched."""
    shared = [make("zhang-wei", host="one"), make("li-na", host="one"), make("wang-fang", host="one", by="zhang-wei")]
    said = against(course, *shared, make("liu-yang"))
    assert "handed in by li-na, wang-fang, too" in said[0]
    assert "handed in by wang-fang, zhang-wei, too" in said[1]
    assert "handed in by li-na, zhang-wei, too" in said[2]
    assert said[3] == ""


def test_one_lab_host_of_several(course: Course, make: Make) -> None:
    def same_second(receipt: dict[str, Any]) -> None:
        receipt["labs"][1]["lab_host"] = "shared"

    said = against(course, make("zhang-wei", change=same_second), make("li-na", change=same_second))
    assert "a lab host of it is in the receipt of li-na, too" in said[0]
    assert "a lab host of it is in the receipt of zhang-wei, too" in said[1]


def test_the_same_twice_counts_once(course: Course, make: Make) -> None:
    said = against(course, make(), make())
    assert said == ["", "it is the same as 0000.json."]


def first(receipt: dict[str, Any]) -> dict[str, Any]:
    """The first lab's evidence."""
    return receipt["labs"][0]  # type: ignore[no-any-return]


def first_task(receipt: dict[str, Any]) -> dict[str, Any]:
    """Its first task."""
    return first(receipt)["report"]["tasks"][0]  # type: ignore[no-any-return]


LIES: dict[str, tuple[Change, str]] = {
    "version": (lambda it: first(it).update(lab_version="0" * 16), "another version of the lab"),
    "parameters": (lambda it: first(it)["parameters"].update(bridge="br7"), "parameters are not those of its variant"),
    "variant": (lambda it: first(it).update(variant="x"), "do not follow"),
    "points": (lambda it: first_task(it).update(points=99), "do not follow"),
    "sum": (lambda it: first(it)["report"].update(points=1000), "do not follow"),
    "no points": (lambda it: first_task(it).update(points=0), "do not follow"),
    "task": (lambda it: first_task(it).update(id="other"), "do not follow"),
    "task gone": (lambda it: first(it)["report"]["tasks"].pop(), "do not follow"),
    "check gone": (lambda it: first_task(it)["checks"].pop(), "do not follow"),
    "check twice": (lambda it: first_task(it)["checks"].append(first_task(it)["checks"][0]), "do not follow"),
    "failed": (lambda it: first_task(it)["checks"][0].update(verdict="failed"), "do not follow"),
    "error": (lambda it: first_task(it)["checks"][0].update(error="libvirtd is down"), "do not follow"),
    "unmet": (
        lambda it: first_task(it)["checks"][0]["findings"][0]["facts"][0].update(met=False),
        "do not follow",
    ),
    "future": (lambda it: it.update(made="2126-01-01T00:00:00Z"), "not in their order"),
    "backwards": (lambda it: first(it).update(taken="2020-01-01T00:00:00Z"), "not in their order"),
    "unknown lab": (lambda it: first(it).update(lab="network-brigde"), "network-brigde"),
    "path": (lambda it: first(it).update(lab="../../etc"), "damaged"),
    "course": (lambda it: it.update(course="other"), "another course: other"),
    "lab twice": (lambda it: it["labs"].append(first(it)), "damaged"),
    "no labs": (lambda it: it.update(labs=[]), "damaged"),
    "escape": (lambda it: it.update(student="\x1b[2J"), "damaged"),
    "long name": (lambda it: it.update(student="x" * 65), "damaged"),
    "truth": (lambda it: first_task(it).update(points=True), "damaged"),
    "no zone": (lambda it: it.update(made="2026-11-21T08:00:00"), "damaged"),
    "new field": (lambda it: it.update(grade="A"), "damaged"),
    "hints": (lambda it: first(it).update(hints={"bridge": -1}), "damaged"),
}


@pytest.mark.parametrize(("change", "said"), LIES.values(), ids=LIES.keys())
def test_what_is_not_so_is_seen_though_it_is_signed(course: Course, make: Make, change: Change, said: str) -> None:
    assert said in against(course, make(change=change))[0]


def test_a_changed_letter_breaks_the_signature(course: Course, make: Make) -> None:
    path = make()
    path.write_text(path.read_text().replace("zhang-wei", "li-na"))
    assert against(course, path) == ["It was changed after it was signed."]


def test_other_line_ends_and_indents_do_not(course: Course, make: Make) -> None:
    path = make()
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4).replace("\n", "\r\n"))
    assert against(course, path) == [""]


def test_a_signature_of_another_key_is_none(course: Course, make: Make) -> None:
    mine, other = make(), make("li-na")
    whole = json.loads(mine.read_text()) | {"key": json.loads(other.read_text())["key"]}
    mine.write_text(json.dumps(whole))
    assert against(course, mine) == ["It was changed after it was signed."]


FOREIGN = [
    b"", b"\0" * 100, b"{}", b"[]", b"null", b"[" * 100_000, b'{"schema": "kvmlab.receipt/1"}', b"\xff\xfe{\0}\0",
    b'{"schema": "kvmlab.receipt/1", "receipt": {}, "key": "", "signature": ""}', b"NaN", b"1" * 5000,
    b'{"schema": "kvmlab.receipt/1", "receipt": {"a": 1e999}, "key": "AA==", "signature": "AA=="}',
    b'{"schema": "kvmlab.receipt/1", "receipt": {"\\ud800": 1}, "key": "\xc3\xa4", "signature": 1}',
]  # fmt: skip


@pytest.mark.parametrize("content", FOREIGN)
def test_what_is_no_receipt(course: Course, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.json").write_bytes(content)
    (said,) = against(course, tmp_path / "x.json")
    assert re.fullmatch(r"It (is not a receipt of kvmlab|is damaged.*|was changed after it was signed)\.", said), said


def fuzzed(raw: bytes, dice: random.Random) -> bytes:
    """`raw` torn or changed; at a token, a value or a byte."""
    at, size = dice.randrange(len(raw)), dice.randint(1, 60)
    odd = (b"null", b"-1", b"1e400", b'"\\u0000"', b"[]", b"{}", b"true", b"9" * 400, b'{"a":' * 90)
    ways: list[Callable[[], bytes]] = [
        lambda: raw[:at],
        lambda: raw[at:],
        lambda: raw[:at] + bytes([raw[at] ^ 1 << dice.randrange(8)]) + raw[at + 1 :],
        lambda: raw[:at] + dice.randbytes(size) + raw[at + size :],
        lambda: raw[:at] + raw[at + size :],
        lambda: raw[:at] + dice.choice(odd) + raw[at:],
        lambda: re.sub(rb": [^\n]*", lambda found: b": " + dice.choice(odd) + b",", raw, count=dice.randint(1, 20)),
        lambda: raw + raw,
    ]
    return dice.choice(ways)()


def test_a_thousand_damaged_ones(course: Course, make: Make, tmp_path: Path) -> None:
    """Each is refused with a sentence, and takes none of the right ones along."""
    raw, dice, right = make().read_bytes(), random.Random(12), make("li-na")
    same = json.loads(raw)
    files = [right]
    while len(files) <= 1000:
        other = fuzzed(raw, dice)
        try:
            if json.loads(other) == same:
                continue  # a blank more or less
        except (ValueError, RecursionError):
            pass
        files.append(tmp_path / f"fuzzed-{len(files)}")
        files[-1].write_bytes(other)
    found = judge(files, course)
    assert found[0].taken
    assert [one for one in found[1:] if one.taken or not all(said.endswith(".") for said in one.against)] == []


def signed_oddly(receipt: dict[str, Any], dice: random.Random) -> None:
    """Change a value somewhere in it: whoever signs may sign anything."""
    place: Any = receipt
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = dice.choice(keys)
        if isinstance(place[key], (dict, list)) and place[key] and dice.random() < 0.85:
            place = place[key]
            continue
        place[key] = dice.choice([None, -1, 10**40, "", "\x1b[31m", "x" * 100_000, [], {}, [[]], True, 0.5, "\ud800"])
        return


def test_hundreds_that_are_signed_and_odd(course: Course, make: Make) -> None:
    """No value in it is believed to be of its type; what is taken is only what a reader would pass over."""
    dice = random.Random(5)
    files = [make(f"s{number}", change=lambda it: signed_oddly(it, dice), by="one") for number in range(300)]
    found = judge(files, course)
    assert all(said.endswith(".") for one in found for said in one.against)
    assert sum(not one.taken for one in found) > 200


def test_the_verb_makes_and_verifies(bare_kvmlab: Kvmlab, course: Course, make: Make, tmp_path: Path) -> None:
    """From what `check` has kept to what a teacher reads, in both languages."""
    kept = bare_kvmlab.state.progress / course.tag / "evidence"
    kept.mkdir(parents=True)
    for evidence in json.loads(make().read_text())["receipt"]["labs"]:
        (kept / f"{evidence['lab']}.json").write_text(json.dumps(evidence))
    out = tmp_path / "mine.receipt"
    done = bare_kvmlab("receipt", "--student", "zhang-wei", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "2 labs" in done.stdout and "proves neither who did the work" in done.stdout
    broken = tmp_path / "broken.receipt"
    broken.write_bytes(out.read_bytes()[:-30])
    verified = bare_kvmlab("receipt", "verify", str(out), str(broken))
    assert verified.returncode == 1
    assert "✓ mine.receipt  zhang-wei" in verified.stdout and "1 of 2 are taken." in verified.stdout
    assert "proves neither who did the work" in verified.stdout
    chinese = bare_kvmlab("--lang", "zh", "receipt", "verify", str(out))
    assert chinese.returncode == 0 and "证明不了" in chinese.stdout
    listed = json.loads(bare_kvmlab("receipt", "verify", "--json", str(out)).stdout)
    assert [one["taken"] for one in listed["receipts"]] == [True]


@pytest.mark.parametrize(
    "argv",
    [
        [], ["--student", "x"], ["--out", "x"], ["verify"], ["verify", "/nonexistent", "--student", "x"],
        ["no-lab", "--student", "x", "--out", "/dev/null"], ["--student", "\n", "--out", "/dev/null"],
    ],
)  # fmt: skip
def test_wrong_use(bare_kvmlab: Kvmlab, argv: list[str]) -> None:
    done = bare_kvmlab("receipt", *argv)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr


def test_nothing_to_make_one_of(bare_kvmlab: Kvmlab) -> None:
    done = bare_kvmlab("receipt", "network-bridge", "--student", "x", "--out", "/dev/null")
    assert done.returncode == 3 and "→ kvmlab check network-bridge" in done.stderr


def test_variants_from_a_file(bare_kvmlab: Kvmlab, make: Make, tmp_path: Path) -> None:
    (tmp_path / "class.tsv").write_text("zhang-wei\ta1\nli-na\tb2\n")
    files = [str(make(variant="a1")), str(make("li-na", "a1"))]
    done = bare_kvmlab("receipt", "verify", "--variants", str(tmp_path / "class.tsv"), *files)
    assert done.returncode == 1 and "made for the variant of zhang-wei" in done.stdout
    (tmp_path / "class.tsv").write_text("zhang-wei a1\n")
    done = bare_kvmlab("receipt", "verify", "--variants", str(tmp_path / "class.tsv"), *files)
    assert done.returncode == 2 and "class.tsv:1" in done.stderr
