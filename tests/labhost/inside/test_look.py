# ruff: noqa: E501 (tables are read better in one line)
"""labhost/inside/look, the fact server of a lab host: what it answers, what it refuses, that it cannot write."""

from __future__ import annotations

import ast
import io
import json
import os
import struct
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "kvmlab" / "labhost" / "inside" / "look"


def ask(*requests: object) -> dict[object, dict[str, Any]]:
    lines = "".join(json.dumps(request) + "\n" if not isinstance(request, str) else request for request in requests)
    done = subprocess.run([sys.executable, "-IS", str(SCRIPT)], input=lines, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {answer["id"]: answer for answer in answers}


def one(verb: str, **args: object) -> dict[str, Any]:
    return ask({"id": 1, "verb": verb, "args": args})[1]


@pytest.fixture(scope="module")
def look() -> ModuleType:
    loader = SourceFileLoader("inside_look", str(SCRIPT))
    spec = spec_from_loader("inside_look", loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


def test_a_process_that_begins_stirs(look: ModuleType) -> None:
    stir = look.Stir()
    subprocess.run(["true"], check=True)
    before = stir.signs()
    subprocess.run(["true"], check=True)
    assert stir.signs() != before
    began = time.monotonic()
    thread = Thread(target=lambda: [subprocess.run(["true"]) for _ in range(3)])
    thread.start()
    assert stir.wait(30) is True and time.monotonic() - began < 30
    thread.join()


def test_who_types_at_a_terminal_stirs(look: ModuleType) -> None:
    """Though no process begins by it: into a guest's console, say. Where there are no terminals nothing is said."""
    ours, theirs = os.openpty()
    name = os.ttyname(theirs)
    os.utime(name, (0, 0))
    before = look.read_from("/dev/pts")
    os.write(ours, b"x\n")
    os.read(theirs, 10)
    after = look.read_from("/dev/pts")
    os.close(theirs)
    os.close(ours)
    assert f"{Path(name).name} 0" in before and f"{Path(name).name} 0" not in after
    assert look.read_from("/dev/nowhere") == []


@pytest.mark.parametrize("within", [0, 61, 1.5, True, "1", None])
def test_how_long_it_waits_is_bounded(within: object) -> None:
    assert one("stir", within=within)["kind"] == "refused"


def test_one_who_asks_anew_waits_alone(look: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    stir = look.Stir()
    monkeypatch.setattr(stir, "signs", list)
    first = Thread(target=stir.wait, args=(60,))
    first.start()
    while not stir.asked:
        time.sleep(0.01)
    assert stir.wait(1) is False
    first.join(30)
    assert not first.is_alive()


def test_several_questions_are_answered_side_by_side() -> None:
    slow = [
        {"id": number, "verb": "greeting", "args": {"where": "host", "to": "192.0.2.1", "port": 9}}
        for number in range(6)
    ]
    began = time.monotonic()
    answers = ask(*slow, {"id": "x", "verb": "hello"}, {"id": 99, "verb": "hello"})
    assert time.monotonic() - began < 8  # two seconds each, were they asked in turn
    assert answers[99]["value"]["version"] == 1
    assert len(answers) == 8


def test_a_link_local_address_with_its_link_may_be_tried() -> None:
    """It was refused ("bad argument") while a guest booted whose bridge speaks IPv6, and that was told as trouble."""
    said = one("greeting", where="host", to="fe80::5054:ff:fed0:e528%lo", port=9)
    assert said["ok"] and said["value"]["open"] is False
    assert one("greeting", where="host", to="fe80::1%lo;reboot", port=9)["kind"] == "refused"


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a file\nwith ünusual name"
    path.write_text("abc")
    path.chmod(0o640)
    said = one("file", path=str(path), content=True, sha256=True)["value"]
    assert (said["kind"], said["size"], said["mode"], said["text"], said["blank"]) == ("file", 3, 0o640, "abc", False)
    assert said["sha256"].startswith("ba7816bf") and 0 <= said["age_s"] < 60


def test_links_directories_fifos_and_nothing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "fifo")
    answers = ask(*({"id": number, "verb": "file", "args": {"path": str(path), "content": True, "sha256": True}}
                    for number, path in enumerate([tmp_path / "link", tmp_path / "fifo", tmp_path, tmp_path / "no"])))  # fmt: skip
    assert (answers[0]["value"]["kind"], answers[0]["value"]["target"]) == ("link", "nowhere")
    assert (answers[1]["value"]["kind"], "text" in answers[1]["value"]) == ("fifo", False)
    assert answers[2]["value"]["entries"] == ["fifo", "link"]
    assert answers[3]["kind"] == "missing"


def test_a_large_file_is_cut_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"\xff" * (3 << 20))
    said = one("file", path=str(tmp_path / "large"), content=True)["value"]
    assert len(said["text"]) == 1 << 20
    assert said["whole"] is False


HASH = "$6$abc$K4v3HcZ8yAmpRfxML6S46NCcqy9r4/KdbQpFvqSWsBf4dgySOEOo1DHJTrmn2BsJK2aNmPN8Tfb826D2o9.z51"


def test_an_account(look: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/sh\neva:x:7:7::/:/bin/true\nbroken\n",
        "/etc/group": "root:x:0:\nlibvirt:x:105:opsy,ops\nops:x:1000:\n",
        "/etc/shadow": f"root:*:1:0:9:7:::\nops:{HASH}:1:0:9:7:::\neva:letmein:1:0:9:7:::\n",
        "/etc/shells": "# those that count\n/bin/sh\n",
    }
    monkeypatch.setattr(look, "open", lambda name, **_: io.StringIO(files[name]), raising=False)
    said = look.account("ops")
    assert said == {"uid": 1000, "home": "/home/ops", "shell": "/bin/sh", "groups": ["ops", "libvirt"], "password": "set",
                    "login_shell": True}  # fmt: skip
    assert (look.account("root")["password"], look.account("root")["login_shell"]) == ("locked", False)
    assert look.account("eva")["password"] == "locked"  # no password has such a hash
    with pytest.raises(look.Missing):
        look.account("opsy")


CONNTRACK = """\
ipv4     2 icmp     1 12 src=10.0.0.1 dst=10.0.1.2 type=8 code=0 id=1 src=10.0.1.2 dst=10.0.1.254 type=0 code=0 id=1 use=2
ipv4     2 icmp     1 29 src=10.0.0.1 dst=10.0.1.2 type=8 code=0 id=2 src=10.0.1.2 dst=10.0.0.1 type=0 code=0 id=2 use=2
ipv4     2 tcp      6 99 SYN_SENT src=10.0.0.1 dst=10.0.1.2 sport=1 dport=2 src=10.0.1.2 dst=10.9.9.9 sport=2 dport=1 use=2
ipv4     2 icmp     1 29 src=10.0.0.1 dst=10.0.1.3 type=8 code=0 id=3 src=10.0.1.3 dst=10.9.9.9 type=0 code=0 id=3 use=2
"""


def test_the_source_that_pings_have_at_the_other_end(look: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest first: what was translated a moment ago is no longer the case."""
    monkeypatch.setattr(look, "open", lambda *_, **__: io.StringIO(CONNTRACK), raising=False)
    assert look.flows("10.0.0.1", "10.0.1.2") == ["10.0.0.1", "10.0.1.254"]
    assert look.flows("10.0.0.2", "10.0.1.2") == []


RULES = """table ip filter {
    chain LIBVIRT_INP {
        iifname "virbr0" udp dport 53 counter accept
    }

    chain INPUT {
        type filter hook input priority filter; policy accept;
        counter jump LIBVIRT_INP
    }

    chain FORWARD {
        type filter hook forward priority filter; policy drop;
        counter jump LIBVIRT_FWX
        ip saddr 192.168.50.0/24 counter accept
    }
}
# Warning: table ip nat is managed by iptables-nft, do not touch!
table ip libvirt_network {
    chain guest_output {
        iif "virbr1" counter reject
    }
}
table inet own {
    set friends {
        type ipv4_addr
        elements = { 10.0.0.1,
            10.0.0.2 }
    }
}
"""


def test_firewall_rules_are_those_of_the_host(look: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """libvirt's own come and go with its networks; a chain that is there and lets everything pass is none."""
    monkeypatch.setattr(look, "run", lambda argv: (0, RULES, ""))
    assert look.firewall()["firewall"] == [
        "ip filter FORWARD: type filter hook forward priority filter; policy drop;",
        "ip filter FORWARD: ip saddr 192.168.50.0/24 counter accept",
        "inet own friends: type ipv4_addr",
        "inet own friends: elements = { 10.0.0.1,",
        "inet own friends: 10.0.0.2 }",
    ]


UNITS = """Id=libvirtd.service
UnitFileState=enabled

Id=libvirtd.socket
UnitFileState=masked

Id=libvirtd-gone.socket
UnitFileState=
"""


def test_what_of_libvirtd_starts_at_boot(look: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "run", lambda argv, timeout: (0, UNITS, ""))
    assert look.at_boot() == {"libvirtd.service": "enabled", "libvirtd.socket": "masked"}
    monkeypatch.undo()
    monkeypatch.setattr(look, "ENVIRONMENT", {"PATH": "/nowhere"})
    assert look.at_boot() == {}


def test_without_nft_there_are_no_rules(look: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "ENVIRONMENT", {"PATH": "/nowhere"})
    assert look.firewall() == {"firewall": [], "network rules": []}


MOUNTS = """22 1 0:30 / / rw,relatime - overlay overlay rw
23 22 0:31 / /srv/in\\040memory rw,relatime shared:7 - tmpfs none rw
24 22 254:0 /run/kept /etc/libvirt/qemu rw - ext4 /dev/vda rw
25 22 254:1 / /data rw - ext4 /dev/vdb rw
"""


def test_mounts_are_those_that_a_boot_forgets(
    look: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(look, "open", lambda name, **how: (tmp_path / "mountinfo").open(**how), raising=False)
    monkeypatch.setattr(look, "written", lambda name: "# by hand\n/dev/vdb /data ext4 defaults 0 2\n")
    assert look.mounts() == {
        "/": "overlay overlay", "/srv/in\\040memory": "tmpfs none", "/etc/libvirt/qemu": "ext4 /dev/vda/run/kept",
    }  # fmt: skip


def table(*, gpt: bool) -> bytes:
    """The beginning of a disk with a partition from sector 2048 on, the second one of its table."""
    if not gpt:
        rows = bytes(16) + struct.pack("<4sB3sII", bytes(4), 0x83, bytes(3), 2048, 4096) + bytes(32)
        return bytes(446) + rows + b"\x55\xaa" + bytes(1024)
    header = b"EFI PART" + bytes(64) + struct.pack("<QII", 2, 4, 128)
    row = bytes(range(1, 33)) + struct.pack("<QQ", 2048, 6143) + bytes(80)
    return bytes(512) + header.ljust(512, b"\0") + bytes(128) + row + bytes(256)


@pytest.mark.parametrize("gpt", [True, False])
def test_where_partitions_begin(look: ModuleType, gpt: bool) -> None:
    assert look.partitions(table(gpt=gpt), 8 << 20) == [1 << 20]
    assert look.partitions(table(gpt=gpt), 1 << 20) == []  # the disk has been cut short
    assert look.partitions(bytes(2048), 8 << 20) == []


def test_when_a_link_was_made(tmp_path: Path) -> None:
    """Not when the file was written to that it points to."""
    (tmp_path / "file").touch()
    os.utime(tmp_path / "file", (1000, 1000))
    (tmp_path / "link").symlink_to("file")
    names = ("link", "file")
    answers = ask(*({"id": number, "verb": "file", "args": {"path": str(tmp_path / name)}}
                    for number, name in enumerate(names)))  # fmt: skip
    link, plain = answers[0]["value"], answers[1]["value"]
    assert link["link_age_s"] < 600 < link["age_s"]
    assert "link_age_s" not in plain


def test_a_second_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a")
    assert one("file", path=str(tmp_path / "one"))["value"]["names"] == 1
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert one("file", path=str(tmp_path / "one"))["value"]["names"] == 2


@pytest.mark.parametrize("length", [3000, 3 << 20])
def test_copies_of_a_file_are_found_wherever_they_lie(
    look: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, length: int
) -> None:
    """Moved, copied, under a name that says nothing; not what has only its size, and no link."""
    content, salt = os.urandom(length), "5a17"
    was = tmp_path / "secret.img"
    was.write_bytes(content)
    said = look.signature(str(was), salt)
    was.rename(tmp_path / ".old")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "notes.txt").write_bytes(content)
    (tmp_path / "other.img").write_bytes(os.urandom(length))
    (tmp_path / "link").symlink_to(tmp_path / ".old")
    walked = os.walk
    monkeypatch.setattr(look.os, "walk", lambda _: walked(tmp_path))
    found = look.copies(str(was), said["size"], said["sum"], salt)
    assert found == sorted([str(tmp_path / ".old"), str(tmp_path / "deep" / "er" / "notes.txt")])
    monkeypatch.setattr(look, "SEARCHED_CAP", 2)
    with pytest.raises(look.Failed):
        look.copies(str(was), said["size"], said["sum"], salt)


def test_how_often_a_domain_was_started(look: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By its log; what a guest prints on its console does not count."""
    line = "2026-11-27 23:00:00.123+0000: {} libvirt version: 9.0.0\n"
    (tmp_path / "mail1.log").write_text(line.format("starting up") + "char device\n" + line.format("starting up"))
    (tmp_path / "web1.log").write_text(f" {line.format('starting up')}2026-11-27 23:00:09.1+0000: shutting down\n")
    monkeypatch.setattr(look, "beside", lambda _: sorted(str(one) for one in tmp_path.iterdir()))
    assert look.starts() == {"mail1": 2, "web1": 0}


def test_networks_whose_dnsmasq_runs(look: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """libvirt starts two processes for each; somebody's own dnsmasq is none of them."""
    ours = {"name": "dnsmasq", "args": ["/usr/sbin/dnsmasq", "--conf-file=/var/lib/libvirt/dnsmasq/lab.conf"]}
    own = {"name": "dnsmasq", "args": ["dnsmasq", "--conf-file=/etc/dnsmasq.conf"]}
    other = {"name": "less", "args": ["less", "--conf-file=/var/lib/libvirt/dnsmasq/x.conf"]}
    monkeypatch.setattr(look, "processes", lambda: [ours, dict(ours), own, other])
    assert look.dnsmasqs() == ["lab"]


def test_a_service_that_pam_does_not_know() -> None:
    assert one("admits", service="no-such-service", name="root")["kind"] == "missing"
    assert one("admits", service="../etc", name="root")["kind"] == "refused"


HOSTILE: list[object] = [
    "nonsense\n", "[]\n", "null\n", "{}\n", '{"id": 1}\n', "[" * 5000 + "\n", "1e999\n",
    {"id": 1, "verb": ["links"]}, {"id": 1, "verb": "run", "args": {"argv": ["id"]}}, {"id": 1, "verb": "__import__"},
    {"id": 1, "verb": "links", "args": []}, {"id": 1, "verb": "links", "args": {"extra": 1}},
    {"id": 1, "verb": "file"}, {"id": 1, "verb": "file", "args": {"path": "etc/passwd"}},
    {"id": 1, "verb": "file", "args": {"path": "/etc/\0passwd"}}, {"id": 1, "verb": "file", "args": {"path": 3}},
    {"id": 1, "verb": "file", "args": {"path": "/" + "x" * 5000}},
    {"id": 1, "verb": "file", "args": {"path": "/etc/passwd", "content": "yes"}},
    {"id": 1, "verb": "packages", "args": {"name": "-f"}}, {"id": 1, "verb": "packages", "args": {"name": "a;b"}},
    {"id": 1, "verb": "services", "args": {"name": "--now"}}, {"id": 1, "verb": "services", "args": {"name": "a b"}},
    {"id": 1, "verb": "account", "args": {"name": "root:x"}}, {"id": 1, "verb": "account", "args": {"name": "-a"}},
    {"id": 1, "verb": "sysctl", "args": {"name": "../../etc/passwd"}},
    {"id": 1, "verb": "sysctl", "args": {"name": "net/../../../etc/passwd"}},
    {"id": 1, "verb": "sysctl", "args": {"name": "kernel.hostname=x"}},
    {"id": 1, "verb": "ping", "args": {"where": "host", "to": "-f"}},
    {"id": 1, "verb": "ping", "args": {"where": "lan; id", "to": "10.0.0.2"}},
    {"id": 1, "verb": "ping", "args": {"where": "host", "to": "10.0.0.2\n-f"}},
    {"id": 1, "verb": "resolve", "args": {"where": "host", "name": "@evil"}},
    {"id": 1, "verb": "resolve", "args": {"where": "host", "name": "x", "server": "-f/etc/passwd"}},
    {"id": 1, "verb": "greeting", "args": {"where": "host", "to": "h", "port": 0}},
    {"id": 1, "verb": "greeting", "args": {"where": "host", "to": "h", "port": True}},
    {"id": 1, "verb": "greeting", "args": {"where": "host", "to": "h", "port": "22"}},
    {"id": 1, "verb": "web", "args": {"where": "host", "to": "h", "port": 1, "tls": True, "url": "/\r\nX: y"}},
    {"id": 1, "verb": "agent", "args": {"uuid": "web1", "about": "os"}},
    {"id": 1, "verb": "agent", "args": {"uuid": "8061547e-dbbe-45eb-a2a4-51be88296c13", "about": "guest-exec"}},
    {"id": 1, "verb": "agent", "args": {"uuid": "8061547e-dbbe-45eb-a2a4-51be88296c13", "about": "--user"}},
    {"id": 1, "verb": "domain_log", "args": {"name": "../../../etc/shadow"}}, {"id": 1, "verb": "domain_log", "args": {"name": ".."}},
    {"id": 1, "verb": "image_info", "args": {"path": "json:{}"}}, {"id": 1, "verb": "image_info", "args": {"path": "nbd://h/x"}},
]  # fmt: skip


@pytest.mark.parametrize("request_", HOSTILE, ids=lambda value: str(value)[:60])
def test_everything_else_is_refused(request_: object) -> None:
    answers = ask(request_, {"id": 7, "verb": "hello"})
    assert answers.pop(7)["ok"]  # and it goes on
    (answer,) = answers.values()
    assert (answer["ok"], answer["kind"]) == (False, "refused")


def test_a_line_without_end_ends_it() -> None:
    done = subprocess.run([sys.executable, "-IS", str(SCRIPT)], input=b"x" * 200_000, capture_output=True, timeout=30)
    assert done.stdout == b""


def test_a_command_without_end_is_stopped(look: ModuleType) -> None:
    with pytest.raises(look.Failed, match="more than"):
        look.run(("yes",), 30.0)
    with pytest.raises(look.Failed, match="took more than"):
        look.run(("sleep", "30"), 0.3)
    with pytest.raises(look.Failed, match="not installed"):
        look.run(("no-such-program-at-all",))


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [node for node in found if ast.unparse(node.func) == name]


def test_files_are_opened_for_reading_only() -> None:
    tree = ast.parse(SCRIPT.read_text())
    for call in calls(tree, "os.open"):
        flags = {
            name.attr
            for name in ast.walk(call.args[1])
            if isinstance(name, ast.Attribute) and name.attr.startswith("O_")
        }
        where = ast.unparse(call.args[0])
        assert "O_RDONLY" in flags or where == "'/dev/null'", ast.unparse(call)
        assert not flags & {"O_WRONLY", "O_CREAT", "O_TRUNC", "O_APPEND"}
    for call in calls(tree, "open"):
        modes = [ast.literal_eval(argument) for argument in call.args[1:2]]
        assert modes in ([], ["rb"]), ast.unparse(call)
    assert len(calls(tree, "subprocess.Popen")) == 1
    forbidden = ("os.system", "os.popen", "os.remove", "os.unlink", "os.rename", "os.mkdir", "os.chmod", "os.truncate",
                 "os.symlink", "os.link", "os.write", "exec", "eval", "compile", "shutil.copy")  # fmt: skip
    assert not [name for name in forbidden if calls(tree, name)]
    assert "shell" not in {
        keyword.arg for node in ast.walk(tree) if isinstance(node, ast.Call) for keyword in node.keywords
    }


READING = {"ss": ("-Htlnp",), "dpkg-query": ("-W",), "systemctl": ("show", "list-units"),
           "systemd-analyze": ("verify",),
           "qemu-img": ("info", "compare"), "ping": ("-n",), "getent": ("ahosts",), "dig": ("+short",),
           "nft": ("--stateless",),
           "ifquery": ("--list", "--interfaces=/etc/network/interfaces"), "ifup": ("--no-act",)}  # fmt: skip


def test_every_command_is_one_that_reads() -> None:
    """Each argv begins with constants, and these are of programs (or subcommands) that change nothing."""
    tree = ast.parse(SCRIPT.read_text())
    commands = [node.args[0] for name in ("run", "output") for node in calls(tree, name)]
    for argv in commands:
        if isinstance(argv, ast.Name):  # passed on by output(), or put together in agent()
            assert argv.id == "argv"
            continue
        assert isinstance(argv, ast.Tuple)
        words = [str(part.value) for part in argv.elts if isinstance(part, ast.Constant)]
        assert words[0] == "ip" or words[1] in READING[words[0]]
        assert words[0] != "nft" or words[2] == "list"
    for call in calls(tree, "ip"):
        assert "show" in [ast.literal_eval(argument) for argument in call.args]


def test_the_guest_agent_is_only_asked(look: ModuleType) -> None:
    """virsh's own questions: no command of the agent's can be chosen, so none that alters a guest."""
    assert {words[0] for words in look.AGENT.values()} == {"domifaddr", "guestinfo"}
    for about in ("guest-exec", "guest-file-open", "guest-shutdown", "--user", ""):
        with pytest.raises(look.Refused):
            look.agent_word(about)


def test_every_verb_has_a_form_for_each_argument(look: ModuleType) -> None:
    import inspect

    for verb, (function, forms) in look.VERBS.items():
        named = set(inspect.signature(function).parameters) - {"longest_s"}
        assert named == set(forms), verb


def test_it_imports_little() -> None:
    code = f"import sys; sys.argv=['x']; import runpy; runpy.run_path({str(SCRIPT)!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {
        "asyncio",
        "subprocess",
        "ssl",
        "socket",
        "hashlib",
        "logging",
        "http.client",
    }


def test_no_program_is_asked_that_is_told_what_to_say(look: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a library that is loaded into each of them (ld.so(8)), or by one of its name that somebody has put before it."""
    assert not any(place.startswith("/usr/local") for place in look.ENVIRONMENT["PATH"].split(":"))
    monkeypatch.setattr(look.os.path, "exists", lambda name: name == "/etc/ld.so.preload")
    said = json.loads(look.reply({"id": 1, "verb": "hello"}))
    assert (said["ok"], said["kind"]) == (False, "failed") and "ld.so.preload" in said["error"]
