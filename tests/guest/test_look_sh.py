# ruff: noqa: E501 (tables are read better in one line)
"""look.sh, the fact server of a guest: under dash and busybox; read-only; not to be tricked by what it reads."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kvmlab.guest.look_output import Garbled, Sections, parse, word

SCRIPT = Path(__file__).parents[2] / "kvmlab" / "guest" / "look.sh"
SHELLS = [["sh"], *([["busybox", "sh"]] if shutil.which("busybox") else []), ["bash", "--posix"]]
pytestmark = pytest.mark.parametrize("shell", SHELLS, ids=" ".join)


def look(shell: list[str], command: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*shell, str(SCRIPT)], env={"PATH": os.environ["PATH"], "SSH_ORIGINAL_COMMAND": command, **env},
        stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
    )  # fmt: skip


def asked(shell: list[str], command: str) -> Sections:
    done = look(shell, command)
    assert done.returncode == 0, done.stderr
    return parse(done.stdout)


def test_a_snapshot_has_its_sections(shell: list[str]) -> None:
    found = asked(shell, "snapshot")
    assert {"addr", "route", "mounts", "fstab", "resolv", "hostname"} <= found.texts.keys()
    assert found.text("mounts").startswith(Path("/proc/mounts").read_text()[:10])


@pytest.mark.parametrize("name", ["modules", "meminfo", "system", "block", "links", "config", "ps", "df", "cmdline"])
def test_each_other_section_alone(shell: list[str], name: str) -> None:
    if name == "modules" and not Path("/proc/modules").exists():
        assert asked(shell, "snapshot modules").texts == {"modules": None}
    else:
        assert asked(shell, f"snapshot {name}").texts


HOSTILE = "a\n==end 0==\n\n==stat 3==\nx\n==raw *==\n\x1b[2J$(touch /tmp/owned)`id`;ü\n\n\n"


@pytest.mark.parametrize(
    "name", ["plain", "we ird", "nl\nnl\n", "$(touch owned)", "`id`", "-n", "ünïcode", "a'b\"c\\d", "*"]
)
def test_a_file_by_any_name_with_any_content(shell: list[str], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HOSTILE)
    found = asked(shell, f"file {word(str(tmp_path / name))}")
    assert found.raw == HOSTILE.encode()
    assert found.text("stat").split()[0] == str(len(HOSTILE.encode()))
    assert "sha256" not in found.texts


def test_bytes_that_are_not_text(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    assert asked(shell, f"file {word(str(tmp_path / 'binary'))}").raw == bytes(range(256))


def test_a_large_file_is_cut(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 1_000_000)
    found = asked(shell, f"file {tmp_path}/large")
    assert found.raw == b"x" * 65536
    assert found.text("stat").split()[0] == "1000000"


def test_a_fifo_does_not_make_it_wait(shell: list[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    found = asked(shell, f"file {tmp_path}/fifo")
    assert found.raw is None
    assert found.text("stat").endswith("fifo")


def test_what_is_not_there(shell: list[str]) -> None:
    assert asked(shell, "file /nowhere/at/all").texts == {"stat": None}
    assert asked(shell, "checksum /nowhere/at/all").texts == {"stat": None}
    assert asked(shell, "disk nosuchdisk").texts == {"raw": None}


def test_checksum_and_blank(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(5000))
    (tmp_path / "text").write_text("abc")
    assert asked(shell, f"checksum {tmp_path}/zeros").text("other").strip() == "0"
    found = asked(shell, f"checksum {tmp_path}/text")
    assert found.text("other").strip() == "1"
    assert found.text("sha256").startswith("ba7816bf")


REFUSED = [
    "", "sh", "-c id", "file", "file etc/passwd", "file /etc /etc", "file /a;id", "file /a$(id)", "file /a`id`", "file /a\\101",
    "file /a\\", "file /a|b", "file /a&b", "file /a>b", "file /a\nid", "file '/etc'", "snapshot x", "snapshot addr;id",
    "service -h", "service a/b", "service $(id)", "service", "resolve -x", "resolve a b", "reach -f", "reach 1.1.1.1;id",
    "connect 1.1.1.1", "connect 1.1.1.1 x", "connect 1.1.1.1 22;id", "connect -l 22", "disk ../sda", "disk -x", "disk a/b",
    "hello x", "refuse x", "emit a b", "slurp /etc/shadow", "section addr", "eval id", "exec id", ". /etc/profile", "snapshot *",
]  # fmt: skip


@pytest.mark.parametrize("command", REFUSED)
def test_everything_else_is_refused(shell: list[str], tmp_path: Path, command: str) -> None:
    done = look(shell, command, HOME=str(tmp_path))
    assert done.returncode == 64
    assert done.stdout == b""
    assert done.stderr.startswith(b"look: ")


def test_the_environment_cannot_bend_it(shell: list[str], tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"touch {tmp_path}/sprung\n")
    for command in ("ip", "head", "timeout", "stat"):
        (tmp_path / command).write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
        (tmp_path / command).chmod(0o755)
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "ENV": str(trap),
        "IFS": "/",
        "CDPATH": "/tmp",
        "LC_ALL": "tr_TR.UTF-8",
    }
    done = look(shell, "snapshot addr hostname block", **env)
    assert done.returncode == 0
    parse(done.stdout)
    assert not (tmp_path / "sprung").exists()


def test_nothing_is_written(shell: list[str], tmp_path: Path) -> None:
    """All verbs in a directory of their own: nothing there, and nothing of what they read, changes."""
    (tmp_path / "file").write_text("abc")
    before = {path: path.stat() for path in [tmp_path, *tmp_path.iterdir()]}
    for command in ("snapshot", f"file {tmp_path}/file", f"checksum {tmp_path}/file", f"file {tmp_path}", "service cron",
                    "disk vda", "snapshot system block links config ps df modules meminfo"):  # fmt: skip
        subprocess.run([*shell, str(SCRIPT)], cwd=tmp_path, env={"SSH_ORIGINAL_COMMAND": command}, capture_output=True)
    after = {path: path.stat() for path in [tmp_path, *tmp_path.iterdir()]}
    assert {p: (s.st_mtime_ns, s.st_size, s.st_mode) for p, s in before.items()} == {
        p: (s.st_mtime_ns, s.st_size, s.st_mode) for p, s in after.items()
    }


def test_the_script_has_no_way_to_write(shell: list[str]) -> None:
    """No redirection but to /dev/null and file descriptors, no command that changes anything, no eval."""
    code = [re.sub(r"(^|\s)#.*", "", line) for line in SCRIPT.read_text().splitlines()]
    text = "\n".join(line for line in code if "printf" not in line and "refuse" not in line)
    targets = re.findall(r"(?<![-<])>+\s*(\S+)", text)
    assert {target.rstrip(';)"') for target in targets} <= {"/dev/null", "&1", "&2"}
    words = set(re.findall(r"[a-z][a-z0-9-]*", text))
    assert not words & {"eval", "rm", "mv", "cp", "dd", "tee", "touch", "mkdir", "mount", "umount", "kill", "sysctl",
                        "ifdown", "modprobe", "reboot", "poweroff", "sed", "chmod", "chown", "mkfs"}  # fmt: skip
    assert re.findall(r"\bip ([a-z]+ [a-z]+)", text) == ["addr show", "route show"]
    assert set(re.findall(r"systemctl (\S+)", text)) == {"is-active", "is-enabled"}
    assert re.findall(r'"\$ifup" (.*)"\$each"', text) == ["--no-act --force --no-mappings --no-scripts "]
    assert set(re.findall(r"\bifup\b(?!-)", text)) == {"ifup"} and not re.findall(r"(?:timeout \d+|\$\() *ifup", text)
    assert set(re.findall(r"findmnt (--[a-z]+)", text)) == {"--fstab", "--verify"}


def test_what_is_cut_short_is_not_believed(shell: list[str]) -> None:
    whole = look(shell, "snapshot hostname").stdout
    for length in range(len(whole) - len(b"==end 0==\n\n")):
        with pytest.raises(Garbled):
            parse(whole[:length])
