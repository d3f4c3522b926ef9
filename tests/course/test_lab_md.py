"""lab.md: what comes out of a good one, and the file and line of what is wrong in a bad one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kvmlab.course import Course, Lab
from kvmlab.errors import AuthorError, UsageError

LAB = "labs/net/bridge/lab.md"
ZH = "labs/net/bridge/lab.zh.md"

Edit = Callable[[str, str, str], Path]


def test_text_tasks_hints_and_explanations(example: Course) -> None:
    lab = example.lab("net-bridge")
    assert (lab.title, lab.minutes, lab.points, lab.lang) == ("A bridge to the LAN", 30, 5, "en")
    assert lab.intro.startswith("The host `web1` runs on has one NIC, `ens33`.")
    assert "## this is no heading" in lab.intro
    bridge, uplink = lab.tasks
    assert (bridge.id, bridge.points, bridge.text) == ("bridge", 2, "Make a bridge **br0** with STP on.")
    assert bridge.hints[1] == "```bash\nip link add br0 type bridge stp_state 1\n```"
    assert bridge.explanation == "A bridge is a switch inside the host."
    assert (uplink.title, len(uplink.hints), uplink.explanation) == ("Move the NIC into br0", 1, "")


def test_the_chinese_text_has_the_same_tasks(example: Course) -> None:
    zh, en = example.lab("net-bridge", "zh"), example.lab("net-bridge")
    assert [(task.id, task.points, len(task.hints)) for task in zh.tasks] == [
        (task.id, task.points, len(task.hints)) for task in en.tasks
    ]
    assert zh.tasks[1].title == "把网卡接到 br0"
    assert zh.values == en.values
    assert zh.guests == en.guests


def test_what_the_start_needs(example: Course) -> None:
    lab = example.lab("net-bridge")
    (guest,) = lab.guests
    assert (guest.name, guest.mac, guest.address) == ("web1", "52:54:00:aa:00:01", "192.168.122.11")
    assert (guest.image, guest.memory_mib, guest.vcpus, guest.network, guest.state) == (
        "small",
        128,
        1,
        "default",
        "running",
    )
    (network,) = lab.networks
    assert (network.name, network.active, network.autostart) == ("decoy", True, True)
    assert "<bridge name='br00'/>" in network.xml
    (file,) = lab.files
    assert (file.path, file.text, file.mode) == ("/root/notes.txt", "The bridge is called br0.\n", 0o600)
    assert lab.setup == "echo br0\n"


def test_a_guest_may_have_room_to_grow(copy: Path, edit: Edit) -> None:
    old = 'address = "192.168.122.11"'
    edit(LAB, old, old + '\nmax_vcpus = 4\nmax_memory_mib = "{{ 128 * 2 }}"')
    (guest,) = Course.load(copy).lab("net-bridge").guests
    assert (guest.max_vcpus, guest.max_memory_mib) == (4, 256)


def test_an_iso_lies_where_the_header_says(copy: Path, edit: Edit) -> None:
    table = '[[isos]]\nimage = "installer"\npath = "/data/{{ bridge }}.iso"\n\n'
    edit(LAB, "[[networks]]\n", table + "[[networks]]\n")
    lab = Course.load(copy).lab("net-bridge")
    assert lab.isos == (("installer", "/data/br0.iso"),)
    assert Lab.from_json(lab.to_json()).isos == lab.isos


def test_a_guest_without_a_mac_gets_the_same_one_each_time(copy: Path, edit: Edit) -> None:
    edit(LAB, 'mac = "{{ mac }}"\n', "")
    first, again = (Course.load(copy).lab("net-bridge").guests[0].mac for _ in range(2))
    assert first == again
    assert first.startswith("52:54:00:")


def test_parameters_reach_a_checker(example: Course) -> None:
    params = example.lab("net-bridge").params
    assert params.bridge == "br0"
    assert params.lan.gateway == "10.0.0.2"
    assert params.size_bytes == 268435456


HEADER = [
    ("+++\ntitle", "title", 1, "has to begin with front matter"),
    ("+++\n\nThe host", "\nThe host", 1, "the front matter has no closing line `+++`."),
    ("minutes = 30", "minutes =", 3, "TOML: Invalid value."),
    ("minutes = 30", "minutes = 30\nminutes = 31", 4, "TOML: Cannot overwrite a value."),
    ("minutes = 30\n", "", 1, "`minutes` is missing."),
    ("minutes = 30", 'minutes = "30"', 3, "`minutes` has to be a whole number, not text."),
    ("minutes = 30", "minutes = true", 3, "`minutes` has to be a whole number, not true or false."),
    ("minutes = 30", "minutes = 0", 3, "`minutes` is from 1 to 600."),
    ("minutes = 30", "minuts = 30", 3, "`minuts` is not known here. Did you mean `minutes`?"),
    ('setup = "setup.sh.j2"', 'setup = "../x"', 4, "`../x` is not a file beside it."),
    ('setup = "setup.sh.j2"', 'setup = "/etc/passwd"', 4, "`/etc/passwd` is not a file beside it."),
    ('setup = "setup.sh.j2"', 'setup = "none.sh"', 4, "there is no file `none.sh` beside it."),
    ('name = "web1"', 'nam = "web1"', 22, "`nam` is not known here. Did you mean `name`?"),
    ('name = "web1"\n', "", 21, "`name` is missing."),
    ('name = "web1"', 'name = "../web1"', 22, "`../web1` cannot be a guest's name."),
    ('name = "web1"', 'name = "a\\nb"', 22, "`a�b` cannot be a guest's name."),
    ('mac = "{{ mac }}"', 'mac = "52:54:00:aa:00"', 23, "`52:54:00:aa:00` cannot be a guest's mac."),
    ('mac = "{{ mac }}"', 'mac = "53:54:00:aa:00:01"', 23, "`53:54:00:aa:00:01` cannot be a guest's mac."),
    ('address = "192.168.122.11"', 'address = "192.168.122.011"', 24, "cannot be a guest's address."),
    ('address = "192.168.122.11"', "vcpus = 0", 24, "`vcpus` is a whole number from 1 to 64."),
    ('address = "192.168.122.11"', 'vcpus = "{{ bridge }}"', 24, "`vcpus` is a whole number from 1 to 64."),
    ('address = "192.168.122.11"', "vcpus = 2\nmax_vcpus = 1", 25, "`1` cannot be a guest's max_vcpus."),
    ('address = "192.168.122.11"', "max_memory_mib = 64", 24, "`64` cannot be a guest's max_memory_mib."),
    ('address = "192.168.122.11"', 'nic_model = "e100"', 24, "`e100` cannot be a guest's nic_model."),
    ('address = "192.168.122.11"', 'disk_bus = "sd"', 24, "`sd` cannot be a guest's disk_bus."),
    ('address = "192.168.122.11"', 'state = "off"', 24, "`off` cannot be a guest's state."),
    ('address = "192.168.122.11"', '[[guests]]\nname = "web1"', 25, "two guests have the name `web1`."),
    ('xml = "decoy.xml.j2"', 'xml = "lab.md"', 0, "XML:"),
    ("autostart = true", "autostart = 1", 28, "`autostart` has to be true or false, not a whole number."),
    ("autostart = true", '[[networks]]\nxml = "decoy.xml.j2"', 29, "`decoy` is defined twice."),
    ('path = "/root/notes.txt"', 'path = "notes.txt"', 31, "`notes.txt` is not the absolute path of a file."),
    ('path = "/root/notes.txt"', 'path = "/a/../b"', 31, "`/a/../b` is not the absolute path of a file."),
    ('mode = "0600"', 'mode = "u+x"', 33, "`mode` is written as in chmod(1)"),
    ('mode = "0600"', 'template = "setup.sh.j2"', 31, "a file has either `text` or `template`."),
    ("{{ bridge }}.\\n", "{{ brigde }}.\\n", 32, "`brigde` is not a parameter; did you mean `bridge`?"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), HEADER)
def test_a_broken_header(copy: Path, edit: Edit, old: str, new: str, line: int, message: str) -> None:
    edit(LAB, old, new)
    told = broken(copy)
    assert message in told
    assert told.startswith(f"{LAB}:{line}: " if line else LAB)


PROSE = [
    ("## Make the bridge {#bridge points=2}", "## Make the bridge", "a task's heading ends in its id and points"),
    ("{#bridge points=2}", "{#Bridge points=2}", "`Bridge` is not a task id"),
    ("{#bridge points=2}", "{#bridge points=0}", "`points=0` is not known here; `points=` takes 1 to 100."),
    ("{#bridge points=2}", "{#bridge points=two}", "`points=two` is not known here"),
    ("{#bridge points=2}", "{#bridge point=2}", "`point=2` is not known here"),
    ("{#bridge points=2}", "{#bridge}", "task `bridge` says no points"),
    ("## Make the bridge {#bridge", "## {#bridge", "task `bridge` has no title."),
    ("### Explanation", "### Explenation", "not for `Explenation`; take `####`."),
    ("### Explanation", "### Explanation\n\nOne.\n\n### Explanation", "more than one explanation"),
    ("A bridge is a switch inside the host.", "", "nothing stands under `Explanation`."),
    ("Make a bridge **{{ bridge }}** with STP on.", "", "nothing stands under `Make the bridge"),
    ("Make a bridge **{{ bridge }}** with STP on.", "# No", "the title stands in the front matter"),
    ("Make a bridge **{{ bridge }}** with STP on.", "Make\n---", "a line of `-` under a text makes a heading"),
    ("{#uplink points=3}", "{#bridge points=3}", "task `bridge` stands here and on line 43."),
    ("with STP on.", "with {{ stp }} on.", "`stp` is not a parameter."),
    ("with STP on.", "with {{ lan.gatway }} on.", "`gatway` is not a parameter; did you mean `gateway`?"),
    ("with STP on.", "with {% if %} on.", "template: "),
    ("with STP on.", "{{ bridge.__class__.__mro__ }}", "template: access to attribute '__class__'"),
    ("with STP on.", "{{ 1 / 0 }}", "template: division by zero."),
]


@pytest.mark.parametrize(("old", "new", "message"), PROSE)
def test_a_broken_text(copy: Path, edit: Edit, old: str, new: str, message: str) -> None:
    path = edit(LAB, old, new)
    told = broken(copy)
    file, line, tail = told.split(":", 2)
    assert (file, message in tail) == (LAB, True), told
    bad = path.read_text(encoding="utf-8").split("\n")[int(line) - 1]
    assert bad in (new.split("\n")[0], "### Explanation") or any(part in bad for part in new.split("\n")), told


def test_a_template_error_in_a_hint_has_its_line(copy: Path, edit: Edit) -> None:
    edit(LAB, "ip link add {{ bridge }}", "ip link add {{ bridg }}")
    assert broken(copy) == f"{LAB}:54: `bridg` is not a parameter; did you mean `bridge`?"


def test_a_template_error_in_xml_names_the_template(copy: Path, edit: Edit) -> None:
    edit("labs/net/bridge/decoy.xml.j2", "{{ bridge }}0", "{{ brige }}0")
    assert broken(copy).startswith("labs/net/bridge/decoy.xml.j2:3: `brige` is not a parameter")


def test_broken_xml_names_the_template(copy: Path, edit: Edit) -> None:
    edit("labs/net/bridge/decoy.xml.j2", "</network>", "</netwerk>")
    assert broken(copy).startswith("labs/net/bridge/decoy.xml.j2:4: XML: mismatched tag")


def test_xml_without_a_name(copy: Path, edit: Edit) -> None:
    edit("labs/net/bridge/decoy.xml.j2", "<name>decoy</name>", "<name>../x</name>")
    assert "`../x` cannot be one" in broken(copy)


def test_values_are_escaped_in_xml(copy: Path, edit: Edit) -> None:
    edit(LAB, 'bridge = "br0"', 'bridge = "a\'<b>&"')
    xml = Course.load(copy).lab("net-bridge").networks[0].xml
    assert "name='a&#39;&lt;b&gt;&amp;0'" in xml


def test_quote_is_for_shells(copy: Path, edit: Edit) -> None:
    edit(LAB, 'bridge = "br0"', 'bridge = "a; rm -rf /"')
    assert Course.load(copy).lab("net-bridge").setup == "echo 'a; rm -rf /'\n"


CHINESE = [
    ("{#uplink points=3}", "{#nic points=3}", 25, "task `nic` where lab.md has `uplink`."),
    ("{#uplink points=3}", "{#uplink points=4}", 25, "task `uplink` has 3 points in lab.md."),
    ("### 提示\n\n地址属于", "地址属于", 25, "task `uplink` has 0 hints, 1 in lab.md."),
    ("### 解释\n\n", "", 7, "the explanation of `bridge` stands in one language only."),
    ('title = "', 'minutes = 3\ntitle = "', 2, "`minutes` is not known here."),
    ("### 解释", "### 说明", 21, "not for `说明`"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), CHINESE)
def test_a_chinese_text_that_does_not_fit(copy: Path, edit: Edit, old: str, new: str, line: int, message: str) -> None:
    edit(ZH, old, new)
    with pytest.raises(AuthorError) as caught:
        Course.load(copy).lab("net-bridge", "zh")
    assert message in caught.value.message
    assert caught.value.message.startswith(f"{ZH}:{line}: ")
    assert Course.load(copy).lab("net-bridge").lang == "en"


def test_a_task_missing_in_chinese(copy: Path) -> None:
    path = copy / ZH
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("## 把网卡")], encoding="utf-8")
    with pytest.raises(UsageError, match=r"1 tasks, 2 in lab\.md\."):
        Course.load(copy).lab("net-bridge", "zh")


def test_headings_in_fences_quotes_and_lists_are_text(copy: Path, edit: Edit) -> None:
    edit(
        LAB,
        "Make a bridge **",
        "> ## quoted\n\n- ## in a list\n\n~~~\n## fenced\n~~~\n\n    ## code\n\nMake a bridge **",
    )
    lab = Course.load(copy).lab("net-bridge")
    assert [task.id for task in lab.tasks] == ["bridge", "uplink"]
    assert "## fenced" in lab.tasks[0].text


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "has to begin with front matter"),
        (b"+++\ntitle = '\xff'\n+++\n", "2: is not UTF-8 text."),
        (b"x" * 1_000_001, "is larger than 1000000 bytes."),
        (b"+++\n" + b"a = [" * 5000 + b"\n+++\n", "TOML"),
        (b"+++\ntitle='T'\nminutes=1\n+++\nText, and no task.\n", "has no task: a heading such as `## Title {#id"),
        (b"\0\0\0", "has to begin with front matter"),
    ],
)
def test_garbage(copy: Path, raw: bytes, message: str) -> None:
    (copy / LAB).write_bytes(raw)
    assert message in broken(copy)


def test_line_ends_and_a_byte_order_mark_of_other_systems(copy: Path) -> None:
    path = copy / LAB
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert Course.load(copy).lab("net-bridge").points == 5


def test_a_template_is_not_read_through_a_link(copy: Path) -> None:
    path = copy / "labs/net/bridge/setup.sh.j2"
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert "`setup.sh.j2` is not a file beside it." in broken(copy)


def broken(root: Path) -> str:
    """What is wrong with net-bridge."""
    course = Course.load(root)
    with pytest.raises(AuthorError) as caught:
        course.lab("net-bridge")
    assert caught.value.status == 2
    assert caught.value.message == course.entry("net-bridge").broken
    assert caught.value.message.isprintable()
    return caught.value.message
