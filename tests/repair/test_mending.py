"""`kvmlab repair` on a real lab host, from the ticket to the story."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.conftest import Kvmlab
from tests.repair.faults import FILE, course_with_a_fault

pytestmark = pytest.mark.guest
LAB = "tiny-note"
BACK = "ip link set ens33 up; ip link set br7 up; ip route replace default via 10.0.0.2 dev ens33"


@pytest.fixture
def repair(tmp_path: Path, kvmlab: Kvmlab) -> Kvmlab:
    """kvmlab with the tiny course, in which there is a fault."""
    kvmlab.env["KVMLAB_COURSE"] = str(course_with_a_fault(tmp_path))
    return kvmlab


def on_it(kvmlab: Kvmlab, command: str) -> CompletedProcess[str]:
    return kvmlab("exec", LAB, "--", "sh", "-c", command)


def checked(kvmlab: Kvmlab) -> tuple[int, dict[str, Any]]:
    done = kvmlab("check", LAB, "--json")
    return done.returncode, json.loads(done.stdout)


def test_from_the_ticket_to_the_story(repair: Kvmlab) -> None:
    begun = repair("repair", LAB, "--seed", "one")
    assert begun.returncode == 0, begun.stderr
    assert "The note is not to be read" in begun.stdout and "[a colleague's computer] $ ping" in begun.stdout
    assert "note1.txt.old" not in begun.stdout and "moved" not in begun.stdout
    told_nothing(repair)
    left_nothing_behind(repair)

    status, found = checked(repair)
    assert (status, [one["left"] for one in found["symptoms"]]) == (1, [True, True])
    assert "story" not in found and "fault" not in found
    assert "Look at files" in repair("hint").stdout
    assert "kvmlab show tiny-note" in repair("repair", LAB).stderr

    on_it(repair, "for one in grep ping; do echo '#!/bin/sh' > /usr/local/bin/$one; chmod +x /usr/local/bin/$one; done")
    assert [one["left"] for one in checked(repair)[1]["symptoms"]] == [True, True]
    on_it(repair, f"rm /usr/local/bin/grep /usr/local/bin/ping; echo nonsense > /root/note1.txt; {BACK}")
    status, found = checked(repair)
    assert (status, [one["left"] for one in found["symptoms"]], found["verdict"]) == (1, [False, False], "failed")
    assert "yet not everything is as it is to be" in repair("check", LAB).stdout

    on_it(repair, "echo 'All is well here.' > /root/note1.txt; ip link add br3 type bridge; ip link set br3 up")
    assert checked(repair)[0] == 0
    found = json.loads(repair("show", LAB, "--json").stdout)
    assert (found["state"], found["points"], found["hints"], found["fault"]) == ("mended", 15, 1, "tiny-moved")
    assert "Both were changed by hand." in repair("explain").stdout
    assert repair("diff", LAB).returncode == 0
    (ended,) = json.loads((repair.state.root / "progress").glob("*/repairs.json").__next__().read_text())["repairs"]
    assert (ended["outcome"], ended["seed"], ended["hints"]) == ("mended", "one", 1)


def told_nothing(kvmlab: Kvmlab) -> None:
    """Whatever would tell the cause waits."""
    for argv in (["diff", LAB], ["explain", LAB], ["solve", LAB]):
        refused = kvmlab(*argv)
        assert refused.returncode == 3 and "waits until it is mended" in refused.stderr, argv
    for option in ("--all", "--rehearse", "--watch", "--junit=/dev/null"):
        assert kvmlab("check", LAB, option).returncode == 2


def left_nothing_behind(kvmlab: Kvmlab) -> None:
    """On the lab host no name of the fault is to be found: in files, environments, processes or the journal."""
    words = "tiny-moved|was moved|Both were changed|repair"
    where = "/root /etc /var/log /var/lib /var/tmp /tmp /run /srv"
    assert on_it(kvmlab, f"grep -rlaE '{words}' {where} 2>/dev/null | grep -v '/usr/'").stdout == ""
    assert on_it(kvmlab, "journalctl --no-pager | grep -E 'note1|tiny|moved' | grep -v grep").stdout == ""
    assert on_it(kvmlab, "cat /root/.bash_history 2>/dev/null").stdout == ""


def test_something_else_that_was_changed_is_seen_and_a_reset_breaks_the_same_again(repair: Kvmlab) -> None:
    assert repair("repair", "--seed", "two").returncode == 0
    repair("hint")
    on_it(repair, f"echo 'All is well here.' > /root/note1.txt; {BACK}; ip address add 10.9.9.9/24 dev ens33")
    status, found = checked(repair)
    assert (status, found["verdict"], found["state"]) == (1, "failed", "open")
    assert "something was changed that the fault had not touched" in repair("check", LAB).stdout
    again = repair("reset", LAB)
    assert "is broken as it was" in again.stdout, again.stderr
    status, found = checked(repair)
    assert (status, found["seed"], found["hints"]) == (1, "two", 1)
    assert [one["left"] for one in found["symptoms"]] == [True, True]
    given_up = repair("repair", "--give-up")
    assert given_up.returncode == 0 and "Both were changed by hand." in given_up.stdout
    assert checked(repair)[0] == 1 and "given up" in repair("check", LAB).stdout
    assert "is as at its start" in repair("reset", LAB).stdout
    assert repair("explain", LAB).returncode == 3


def test_a_fault_that_shows_at_the_next_boot_is_looked_for_in_a_copy(tmp_path: Path, kvmlab: Kvmlab) -> None:
    changes = [
        (FILE, "```bash id=read\ngrep -q . {{ note }}", "```bash id=read upcoming\ntest ! -e /etc/rc-fault"),
        (FILE, "```bash id=link from=peer\nping -c1 -W2 {{ lan.ip }}\n```\n", ""),
        (FILE, "mv {{ note }} {{ moved }}\n", "touch /etc/rc-fault\n"),
        (FILE, "ip link set {{ bridge }} down\nip link set {{ lan.nic }} down\n", "true\n"),
    ]
    kvmlab.env["KVMLAB_COURSE"] = str(course_with_a_fault(tmp_path, *changes))
    assert kvmlab("repair", LAB).returncode == 0
    assert checked(kvmlab)[0] == 1
    on_it(kvmlab, "rm /etc/rc-fault")
    status, found = checked(kvmlab)
    assert (status, found["verdict"], found["symptoms"][0]["upcoming"]) == (0, "passed", True)


def test_who_follows_from_before_sees_nothing_of_it(repair: Kvmlab) -> None:
    """Neither the solution, which would count as the student's own, nor what the fault breaks."""
    pipe, argv = subprocess.PIPE, [sys.executable, "-m", "kvmlab", "check", LAB, "--follow"]
    follower = subprocess.Popen(argv, env=repair.environ(), stdin=pipe, stdout=pipe, text=True)
    assert repair("repair", LAB).returncode == 0
    time.sleep(2)  # it looks once a second
    found = [json.loads(line) for line in follower.communicate(timeout=60)[0].splitlines()]
    assert found[-1]["state"] == "repair" and not any("report" in one for one in found)
    assert json.loads(repair("list", "--json").stdout)["points"] == 0


@pytest.mark.parametrize("point", ["repair.noted", "repair.broken"])
def test_one_that_was_killed_says_so_and_can_be_finished(repair: Kvmlab, point: str) -> None:
    repair("repair", LAB, die_at=point)
    cut_off = repair("check", LAB)
    assert cut_off.returncode == 3 and "kvmlab finish tiny-note" in cut_off.stderr
    assert repair("finish", LAB).returncode == 0
    assert repair.containers() == []


def test_a_fault_that_is_not_to_be_seen_is_not_handed_out(tmp_path: Path, kvmlab: Kvmlab) -> None:
    changes = [(FILE, "grep -q . {{ note }}", "true")]
    kvmlab.env["KVMLAB_COURSE"] = str(course_with_a_fault(tmp_path, *changes))
    done = kvmlab("repair", LAB, env={"KVMLAB_PATIENCE": "0.1"})
    assert done.returncode == 3 and "is not to be seen here: read" in done.stderr
    assert kvmlab.containers() == []


def test_a_general_fault_has_the_ticket_of_what_no_longer_works(kvmlab: Kvmlab) -> None:
    """Its symptoms are probes that passed in the solved state; the same one comes again after a reset."""
    argv = ("repair", "storage-pool", "--fault", "general: pool isos: stopped")
    begun = kvmlab(*argv)
    assert begun.returncode == 0, begun.stderr
    assert "The volumes of the pool `isos` cannot be listed." in begun.stdout
    assert "列不出存储池 `isos` 里的卷" in kvmlab("--lang", "zh", "show", "storage-pool").stdout
    assert kvmlab("check", "storage-pool").returncode == 1
    kvmlab("exec", "storage-pool", "--", "virsh", "pool-start", "isos")
    assert kvmlab("check", "storage-pool").returncode == 0
    assert "virsh pool-destroy isos" in kvmlab("explain").stdout


def test_a_general_fault_that_is_not_there_is_not_handed_out(kvmlab: Kvmlab) -> None:
    done = kvmlab("repair", "storage-pool", "--fault", "general: pool nope: stopped")
    assert done.returncode == 3 and "No general fault shows" in done.stderr
    assert kvmlab.containers() == []
