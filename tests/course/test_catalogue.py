"""The catalogue: order, ids, unfinished and broken labs, hostile names, the cache."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab import words
from kvmlab.course import Course, Lab, store
from kvmlab.errors import UsageError
from kvmlab.paths import State

NO_LABS: list[object] = [None, [], "lab", 1, {}]
SEEDS = (None, "a")
HOSTILE = ["../../etc", "; rm -rf /", "a\nb", "x" * 300, "<lab/>", "", ".", "net-bridge\x00", "NET-BRIDGE", "网络"]


def test_chapters_and_labs_stand_in_the_order_of_course_md(example: Course) -> None:
    assert [(one.id, one.title("zh"), one.labs) for one in example.chapters] == [
        ("net", "网络", ("net-bridge",)),
        ("disk", "磁盘", ("disk-attach",)),
    ]
    assert (example.tag, example.title("en"), example.title("zh")) == ("example", "An example course", "示例课程")


def test_a_lab_without_checker_and_solution_is_in_the_catalogue(example: Course) -> None:
    assert not example.entry("disk-attach").complete
    assert example.entry("net-bridge").complete
    assert example.lab("disk-attach").points == 4


def test_a_lab_without_chinese_is_english_and_says_so(example: Course) -> None:
    assert example.lab("disk-attach", "zh").lang == "en"
    assert example.lab("net-bridge", "zh").lang == "zh"


def test_a_broken_lab_leaves_the_others_alone(copy: Path, edit: Callable[[str, str, str], Path]) -> None:
    edit("labs/disk/attach/lab.md", "minutes = 20", "minutes = soon")
    course = Course.load(copy)
    assert course.entry("disk-attach").broken == "labs/disk/attach/lab.md:3: TOML: Invalid value."
    assert course.lab("net-bridge").points == 5
    with pytest.raises(UsageError, match=r"^labs/disk/attach/lab.md:3: TOML"):
        course.lab("disk-attach")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_id_is_an_unknown_lab(example: Course, name: str) -> None:
    for ask in (example.entry, example.lab, example.folder, example.checker, example.solutions_folder):
        with pytest.raises(UsageError) as caught:
            ask(name)
        assert caught.value.status == 2
        assert caught.value.todo == "kvmlab list"
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 150


@pytest.mark.parametrize(
    ("asked", "meant"), [("net-brige", "net-bridge"), ("bridge", "net-bridge"), ("disk", "disk-attach")]
)
def test_an_unknown_lab_names_the_one_probably_meant(example: Course, asked: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        example.lab(asked)
    assert caught.value.message == f"No lab is called `{asked}`. Did you mean `{meant}`?"


def test_the_same_in_chinese(example: Course) -> None:
    words.set_language("zh")
    with pytest.raises(UsageError, match="没有叫 `bridge` 的实验。是不是想找 `net-bridge`？"):
        example.lab("bridge")


def test_an_unknown_task_names_the_one_probably_meant(example: Course) -> None:
    with pytest.raises(UsageError, match=r"net-bridge has no task `uplnk`\. Did you mean `uplink`\?") as caught:
        example.lab("net-bridge").task("uplnk")
    assert caught.value.todo == "kvmlab show net-bridge"


@pytest.mark.parametrize("missing", ["course.md", "labs"])
def test_a_directory_that_is_no_course(copy: Path, missing: str) -> None:
    (copy / missing).rename(copy / "elsewhere")
    with pytest.raises(UsageError, match=r"is not a course: it has no course\.md, or no labs/\.") as caught:
        Course.load(copy)
    assert caught.value.todo == "kvmlab --course DIR new CHAPTER-NAME"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "example"', 'id = "../x"', "course.md:2: `id` is of small letters"),
        ('title = "Disks"', "titel = 1", "course.md:8: `titel` is not known here. Did you mean `title`?"),
        ("[chapters.disk]", '[chapters."a-b"]', "course.md:7: `a-b` cannot be a chapter"),
        ("[chapters.disk]", "[chapters.disk", "course.md:7: TOML:"),
    ],
)
def test_a_broken_course_md_is_named_with_its_line(
    copy: Path, edit: Callable[[str, str, str], Path], old: str, new: str, message: str
) -> None:
    edit("course.md", old, new)
    with pytest.raises(UsageError) as caught:
        Course.load(copy)
    assert caught.value.message.startswith(message)


def test_a_course_without_an_id_is_told_apart_by_its_place(
    copy: Path, edit: Callable[[str, str, str], Path], tmp_path: Path
) -> None:
    edit("course.md", 'id = "example"\n', "")
    first = Course.load(copy).tag
    copy.rename(tmp_path / "other")
    assert Course.load(tmp_path / "other").tag != first


def test_directories_that_cannot_be_labs_are_left_out(copy: Path) -> None:
    for name in ("net/Upper", "a-b/lab", "net/-x", "net/a--b"):
        folder = copy / "labs" / name
        folder.mkdir(parents=True)
        (folder / "lab.md").write_text("+++\n", encoding="utf-8")
    assert Course.load(copy).ids == ["net-bridge", "disk-attach"]


def files_of(state: State) -> list[Path]:
    return sorted(state.cache.iterdir())


def test_the_cache_gives_the_same_course_and_labs(copy: Path, state: State) -> None:
    first = Course.load(copy, state)
    labs = [first.lab(name, lang, variant) for name in first.ids for lang in ("en", "zh") for variant in SEEDS]
    again = Course.load(copy, state)
    assert again.entries == first.entries
    assert again.chapters == first.chapters
    assert len(files_of(state)) == 1 + len(labs)
    assert [again.lab(name, lang, seed) for name in again.ids for lang in ("en", "zh") for seed in SEEDS] == labs


def test_an_edit_is_seen_at_once(copy: Path, state: State, edit: Callable[[str, str, str], Path]) -> None:
    assert Course.load(copy, state).lab("net-bridge").title == "A bridge to the LAN"
    edit("labs/net/bridge/lab.md", "A bridge to the LAN", "A bridge to the MAN")  # the same size
    course = Course.load(copy, state)
    assert course.entry("net-bridge").title("en") == "A bridge to the MAN"
    assert course.lab("net-bridge").title == "A bridge to the MAN"


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"null", b"[]", b'{"for": 1}', b"\xff\xfe", b'{"for": "x", "found": {}}', b"[" * 100_000],
)
def test_a_damaged_cache_is_made_again(copy: Path, state: State, damage: bytes) -> None:
    course = Course.load(copy, state)
    lab = course.lab("net-bridge")
    for path in files_of(state):
        path.write_bytes(damage)
    again = Course.load(copy, state)
    assert again.ids == course.ids
    assert again.lab("net-bridge") == lab
    assert all(json.loads(path.read_bytes())["found"] for path in files_of(state))


@pytest.mark.parametrize("value", [{}, {"tag": "x"}, [], 7, {"tasks": []}, {"chapters": 1, "labs": 2}])
def test_a_cache_of_another_shape_is_made_again(copy: Path, state: State, value: object) -> None:
    lab = Course.load(copy, state).lab("net-bridge")
    for path in files_of(state):
        path.write_text(json.dumps({**json.loads(path.read_bytes()), "found": value}), encoding="utf-8")
    assert Course.load(copy, state).lab("net-bridge") == lab


def test_a_cache_that_cannot_be_written_costs_only_time(copy: Path, state: State) -> None:
    state.root.mkdir(exist_ok=True)
    (state.root / "cache").symlink_to("/proc/sys/kernel")  # where root, too, may make no file
    assert Course.load(copy, state).lab("net-bridge").points == 5


def test_a_cache_directory_that_cannot_be_made_costs_only_time(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert Course.load(copy, State(tmp_path / "file" / "state")).lab("net-bridge").points == 5


def test_a_lab_survives_json(example: Course) -> None:
    for variant in (None, "a"):
        lab = example.lab("net-bridge", "zh", variant)
        assert Lab.from_json(json.loads(json.dumps(lab.to_json()))) == lab


@pytest.mark.parametrize(
    "change",
    [
        {"tasks": []},
        {"tasks": [{"id": 1}]},
        {"tasks": None},
        {"minutes": "30"},
        {"values": []},
        {"variant": 3},
        {"unknown": 1},
        {"guests": [{"name": "web1"}]},
        {"id": None},
    ],
)
def test_what_is_no_lab_is_refused(example: Course, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        Lab.from_json({**example.lab("net-bridge").to_json(), **change})
    for garbage in NO_LABS:
        with pytest.raises(ValueError, match="Lab: "):
            Lab.from_json(garbage)


def test_another_library_means_compiling_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = tmp_path / "site-packages"
    libraries.mkdir()
    monkeypatch.setattr(sys, "path", [*sys.path, str(libraries)])
    state = State(tmp_path / "state")
    store.save(state, "lab", store.look_at([], []), "compiled")
    assert store.load(state, "lab") == "compiled"
    (libraries / "jinja2-9.dist-info").mkdir()
    assert store.load(state, "lab") is None
