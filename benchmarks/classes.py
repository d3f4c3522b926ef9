"""A class: n students' lab hosts with `storage-attach`; `kvmlab class` beside bare commands and an Ansible playbook.

The class stays from run to run, so that its guests are booted and saved once (where they are emulated thirty of them
take some minutes, which are not counted).
"""

from __future__ import annotations

import json
import os
import resource
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.checking import PEERS, SSH, TOOLS
from benchmarks.growing import weigh
from benchmarks.place import Place, beside, leader, state_beside
from benchmarks.timing import KVMLAB, PYTHON, Row, plain_env, tell
from kvmlab.classroom.children import at_once
from kvmlab.classroom.doctor import INOTIFY
from kvmlab.classroom.folder import Class
from kvmlab.classroom.roster.student import Student
from kvmlab.course import Course, Lab
from kvmlab.images import Quiet
from kvmlab.labhost.cgroups import cgroup_file
from kvmlab.labhost.container import LabHost
from kvmlab.labhost.podman import Podman
from kvmlab.paths import State
from kvmlab.remote.host_root import LIBVIRT_READ_ONLY
from kvmlab.setup.files import SAVED, lay_ready
from kvmlab.setup.materials import Materials
from kvmlab.setup.objects import with_uuid

LAB = "storage-attach"
COUNTS, MOST = (1, 4, 10, 30), 200
INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
OPEN_TO_READ = """
echo 'auth_unix_ro = "none"' >>/etc/libvirt/libvirtd.conf
systemctl restart libvirtd
"""


class Taken(NamedTuple):
    """Seconds by the clock, and of processors: of the command's own processes, and of the lab hosts meanwhile."""

    wall: float
    own: float
    hosts: float

    @property
    def cpu(self) -> float:
        """All of it."""
        return self.own + self.hosts


def room() -> int:
    """For how many lab hosts the kernel has inotify(7) instances; `kvmlab class doctor` says how to have more."""
    return (int(INSTANCES.read_text()) - 48) // INOTIFY


def rows(rounds: int, most: int) -> list[Row]:
    """The table's part, for up to `most` students: up at once from 1 on; check and reset with the most that there is
    room for."""
    counts = sorted({*(count for count in COUNTS if count < most), most})
    fit = [count for count in counts if count <= room()]
    for count in counts[len(fit) :]:
        tell(f"class of {count}: left out, fs.inotify.max_user_instances is too small (kvmlab class doctor {LAB})")
    group = Group.ready(max(fit))
    try:
        found = [row for count in fit for row in _up(group, count)]
        found += _check(group, max(fit), rounds)
        return found + _reset(group, max(count for count in fit if 2 * count <= room()), rounds)
    finally:
        group.run("finish", group.students)


@dataclass(frozen=True)
class Group:
    """The class of the benchmark."""

    state: State
    folder: Path
    students: tuple[Student, ...]

    @classmethod
    def ready(cls, count: int) -> Group:
        """Made, and every guest booted and saved."""
        state = state_beside("class")
        group = cls(state, state.root / "class", tuple(Student(f"s{number:03}") for number in range(count)))
        roster = state.root / "roster.csv"
        roster.write_text("id\n" + "".join(f"s{number:03}\n" for number in range(MOST)))
        if not group.folder.exists():
            group._kvmlab("create", str(group.folder), "--roster", str(roster))
        group.run("finish", group.students)
        tell(f"class of {count}: the first start")
        group.run("start", group.students, LAB)
        group.run("finish", group.students)
        return group

    @cached_property
    def of_class(self) -> Class:
        """Open."""
        return Class(self.folder)

    def place(self, student: Student) -> Place:
        """A student's lab."""
        return Place(self.of_class.state(student, self.state), LAB)

    def lab(self, student: Student) -> Lab:
        """As it is drawn for them."""
        return Course.load(_course(), self.state).lab(LAB, "en", self.of_class.seed(student))

    def run(self, verb: str, students: Sequence[Student], *words: str, status: int = 0) -> Taken:
        """`kvmlab class VERB` for these."""
        chosen = [word for one in students for word in ("--student", one.id)]
        return self._kvmlab(verb, "--class", str(self.folder), *chosen, *words, status=status)

    def solve(self, students: Sequence[Student]) -> None:
        """All of them have done everything that is asked."""
        with ThreadPoolExecutor(at_once()) as pool:
            for _ in pool.map(self._solve, students):
                pass

    def _solve(self, student: Student) -> None:
        self._kvmlab("enter", "--class", str(self.folder), student.id, "--", "solve", LAB)

    def _kvmlab(self, *argv: str, status: int = 0) -> Taken:
        env = plain_env(KVMLAB_STATE=str(self.state.root), KVMLAB_LANG="en")
        return measured(lambda: run_all([([KVMLAB, "class", *argv], env)], 1, status))


def _course() -> Path:
    from kvmlab.cli.context import own_course

    return own_course()


Command = tuple[list[str], dict[str, str]]


def run_all(commands: Sequence[Command], width: int, status: int = 0) -> None:
    """Run them, so many at once; SystemExit for one that ends otherwise."""

    def run(one: Command) -> None:
        argv, env = one
        done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != status:
            raise SystemExit(f"{shlex.join(argv)} ended with {done.returncode}\n{done.stdout}{done.stderr}")

    with ThreadPoolExecutor(width) as pool:
        for _ in pool.map(run, commands):
            pass


def measured(work: Callable[[], object], hosts: Sequence[LabHost] = ()) -> Taken:
    """What it takes; `hosts`: the lab hosts whose processor time is counted, too."""
    before, own, began = _used(hosts), _children(), time.perf_counter()
    work()
    wall = time.perf_counter() - began
    return Taken(wall, _children() - own, _used(hosts) - before)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _used(hosts: Sequence[LabHost]) -> float:
    """Seconds of a processor that lab hosts have used, by their cgroups (cgroups(7), either version)."""
    return sum(map(_used_by, hosts))


def _used_by(host: LabHost) -> float:
    file = cgroup_file(leader(host), "cpuacct", "cpuacct.usage", "cpu.stat")
    words = file.read_text().split()
    return int(words[0]) / 1e9 if file.name == "cpuacct.usage" else int(words[words.index("usage_usec") + 1]) / 1e6


def _up(group: Group, count: int) -> list[Row]:
    """All lab hosts of so many students from nothing, and what they weigh."""
    students = group.students[:count]
    tell(f"class of {count}: start")
    taken = group.run("start", students, LAB)
    places = [group.place(one) for one in students]
    weights = [weigh(place) for place in places]
    idle = measured(lambda: time.sleep(3), [place.host for place in places]).hosts / 3
    of_hosts = _used([place.host for place in places])
    group.run("finish", students)
    return [
        Row(f"class of {count}, start: all up", taken.wall),
        Row(f"class of {count}, start: processor time", taken.own + of_hosts),
        Row(f"class of {count}, memory of all", sum(sum(one.values()) for one in weights), unit="MiB"),
        Row(f"class of {count}, all left alone: of a processor", 100 * idle, unit="%"),
    ]


def _check(group: Group, count: int, rounds: int) -> list[Row]:
    students = group.students[:count]
    group.run("start", students, LAB)
    group.solve(students)
    places = [group.place(one) for one in students]
    hosts = [place.host for place in places]
    labs = [group.lab(one) for one in students]
    bare = [_bare(place, lab) for place, lab in zip(places, labs, strict=True)]
    playbook = _playbook(group.state.root, places, labs)
    idle = measured(lambda: time.sleep(5), hosts).hosts / 5
    runs: dict[str, Callable[[], Taken]] = {
        "check": lambda: group.run("check", students, LAB),
        "bare": lambda: measured(lambda: run_all(bare, at_once())),
        "ansible": lambda: measured(lambda: run_all([playbook], 1)),
    }
    taken: dict[str, list[Taken]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            tell(f"class of {count}: {name} {number}")
            used = _used(hosts)
            got = run()
            if number:
                taken[name].append(got._replace(hosts=_used(hosts) - used - idle * got.wall))
    group.run("finish", students)
    cpu = {name: median(one.cpu for one in several) for name, several in taken.items()}
    wall = {name: median(one.wall for one in several) for name, several in taken.items()}
    what = f"class of {count}, check"
    return [
        Row(f"{what}: processor time", cpu["check"], "the facts read bare", cpu["bare"], "<= 1.5"),
        Row(what, wall["check"], "the facts read bare", wall["bare"]),
        Row(what, wall["check"], "ansible-core", wall["ansible"], ">= 6"),
        Row(f"{what}: processor time", cpu["check"], "ansible-core", cpu["ansible"]),
    ]


def _bare(place: Place, lab: Lab) -> Command:
    if (done := place.host.execute(["sh", "-ec", OPEN_TO_READ])).returncode:
        raise SystemExit(done.stderr)
    env = plain_env(LAB=json.dumps(_names(lab)), URI=_uri(place.host), ROOT=_root(place.host), KEY=_key(place))
    return [*beside(place.host), str(PYTHON), str(PEERS / "facts_attach.py")], env


def _names(lab: Lab) -> dict[str, Any]:
    return dict(lab.values)


def _root(host: LabHost) -> str:
    return f"{host.root.folder}/root"


def _uri(host: LabHost) -> str:
    return f"qemu+unix:///system?socket={_root(host)}{LIBVIRT_READ_ONLY}"


def _key(place: Place) -> str:
    return str(place.state.key_pair("student_key"))


def _playbook(folder: Path, places: Sequence[Place], labs: Sequence[Lab]) -> Command:
    """Of all at once, with as many forks as there are processors; ssh goes in by the lab host's network."""
    labs_: dict[str, dict[str, object]] = {}
    guests: dict[str, dict[str, object]] = {}
    for number, (place, lab) in enumerate(zip(places, labs, strict=True)):
        ssh = folder / f"ssh-{number}"
        ssh.write_text(f'#!/bin/sh\nexec {shlex.join(beside(place.host))} ssh "$@"\n')
        ssh.chmod(0o700)
        names = _names(lab)
        values = {"lab": names, "uri": _uri(place.host), "root": _root(place.host)}
        labs_[f"lab{number}"] = {**values, "ansible_connection": "local"}
        guests[f"guest{number}"] = {
            **values,
            "ansible_host": names["start_address"],
            "ansible_user": "root",
            "ansible_ssh_executable": str(ssh),
            "ansible_ssh_private_key_file": _key(place),
            "ansible_control_path": f"/tmp/kvmlab-bench-{os.getpid()}-{number}",
        }
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({"labs": {"hosts": labs_}, "guests": {"hosts": guests}}))
    env = plain_env(
        ANSIBLE_LOCALHOST_WARNING="false",
        ANSIBLE_PYTHON_INTERPRETER="/usr/bin/python3",
        ANSIBLE_PIPELINING="true",
        ANSIBLE_FORKS=str(max(at_once(), len(places))),
        ANSIBLE_SSH_ARGS=f"-o ControlMaster=auto -o ControlPersist=5s {SSH}",
    )
    return [str(TOOLS / "ansible-playbook"), "-i", str(inventory), str(PEERS / "facts_attach.yml")], env


def _reset(group: Group, count: int, rounds: int) -> list[Row]:
    """`class reset` in turns with a shell loop, while the lab hosts of both are up."""
    students = group.students[:count]
    group.run("start", students, LAB)
    with _loop(group, students) as loop:
        loop()
        taken: dict[str, list[Taken]] = {"reset": [], "loop": []}
        for number in range(rounds + 1):
            tell(f"class of {count}: reset {number}")
            got = {"reset": group.run("reset", students, LAB), "loop": loop()}
            for name, one in got.items():
                taken[name] += [one] if number else []
    wall = {name: median(one.wall for one in several) for name, several in taken.items()}
    own = {name: median(one.own for one in several) for name, several in taken.items()}
    what = f"class of {count}, reset"
    return [
        Row(what, wall["reset"], "a shell loop", wall["loop"], "<= 1.0"),
        Row(f"{what}: processor time of its own", own["reset"], "a shell loop", own["loop"]),
    ]


class Told(Podman):
    """Says what it would run."""

    def start(self, *args: str) -> Any:
        """The argv."""
        return self.argv(*args)


@contextmanager
def _loop(group: Group, students: Sequence[Student]) -> Iterator[Callable[[], Taken]]:
    """A run of the loop: each student's script, as many at once as `class reset` has; the old lab hosts go first."""
    there: dict[Student, LabHost] = {}
    state = state_beside("class-loop")
    made = {one: Materials.of(state, group.lab(one), Quiet()) for one in students}

    def run() -> Taken:
        fresh = {one: LabHost.fresh(f"loop-{one.id}", state, replace_with_told(made[one].podman)) for one in students}
        scripts = [_script(group.lab(one), made[one], fresh[one], there.get(one)) for one in students]
        taken = measured(lambda: run_all([(["sh", "-euc", text], plain_env()) for text in scripts], at_once()))
        for one in students:
            fresh[one].started()
            if one in there:
                there[one].remove()
        there.update(fresh)
        return taken

    try:
        yield run
    finally:
        for host in there.values():
            replace(host, podman=next(iter(made.values())).podman).remove()


def replace_with_told(podman: Podman) -> Told:
    """The same podman."""
    return Told(podman.global_options, podman.run_options)


def _script(lab: Lab, materials: Materials, fresh: LabHost, old: LabHost | None) -> str:
    """What an administrator would write: podman rm, podman run, and on the lab host virsh and the lab's own script."""
    (guest,) = materials.guests
    fresh.prepare_run_dir()
    lay_ready(fresh.state, fresh.start_dir, lab.guests, lab.files, materials.seeds)
    run: Any = fresh.start(materials.host_image, materials.volumes())
    inside = [
        "until virsh -q net-info default 2>/dev/null | grep -q 'Active: *yes'; do sleep 0.05; done",
        "until [ -s /run/kvmlab/prepared ]; do sleep 0.05; done",
        f"virsh -q define /dev/stdin <<'END'\n{guest.xml}\nEND",
        f"virsh -q restore {SAVED}/{guest.spec.name}/memory",
        *(line for pool in lab.pools for line in _pool(with_uuid(pool.xml, lab.id), pool.name)),
        f"until ssh -o ConnectTimeout=1 {guest.spec.name} true 2>/dev/null; do sleep 0.05; done",
        str(lab.setup),
    ]
    enter = fresh.podman.argv("exec", "--interactive", fresh.container, "bash", "-euo", "pipefail", "-s")
    remove = [shlex.join(fresh.podman.argv("rm", "--force", "--time=0", old.container))] if old else []
    script = "\n".join(inside)
    return "\n".join([*remove, shlex.join(run), f"{shlex.join(enter)} <<'SCRIPT'\n{script}\nSCRIPT"])


def _pool(xml: str, name: str) -> list[str]:
    quoted = shlex.quote(name)
    return [f"virsh -q pool-define /dev/stdin <<'END'\n{xml}\nEND", f"virsh -q pool-autostart {quoted}",
            f"virsh -q pool-build {quoted}", f"virsh -q pool-start {quoted}"]  # fmt: skip
