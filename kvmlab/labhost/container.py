"""One lab host's container: started, entered, looked after and removed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from kvmlab import process
from kvmlab.disk_space import no_space
from kvmlab.errors import CannotRun
from kvmlab.labhost.confinement import confinement, lent_devices, own_cgroups, own_options, read_only, unchangeable
from kvmlab.labhost.holding import hold_together, let_go
from kvmlab.labhost.id_range import release_range, reserve_range
from kvmlab.labhost.known_host import IDENTITY, VOLUMES, Identity, KnownLabHost, known_hosts
from kvmlab.labhost.orphans import end, running_containers
from kvmlab.labhost.output import TIMES, printed, start
from kvmlab.labhost.own_limits import limits_of
from kvmlab.labhost.podman import Podman, failed
from kvmlab.paths import State, make_key
from kvmlab.state import record
from kvmlab.words import t

INSIDE = Path(__file__).parent / "inside"
HOSTNAME = "kvmhost"
START = "/srv/kvmlab/start"
FILES = "/srv/kvmlab/files"
_PID = "pid"
INIT = ("/sbin/init",)
FIRST_TO_GO = 500
"""Half of the memory that there is, in the kernel's choice of whom to kill (proc_pid_oom_score_adj(5)). Without it the
largest process of a fork bomb's lab host is systemd, and the lab host ends."""


class Condition(Enum):
    """How a lab host's container is: running, there and not running, or not there any more."""

    RUNNING = "running"
    STOPPED = "stopped"
    GONE = "gone"


@dataclass(frozen=True)
class LabHost(KnownLabHost):
    """A lab host to be started, entered and removed, by podman."""

    podman: Podman

    @classmethod
    def fresh(cls, label: str, state: State, podman: Podman) -> LabHost:
        """A new instance, not started yet."""
        return cls(label, secrets.token_hex(4), state, podman)

    @property
    def container(self) -> str:
        """The container's name."""
        return f"kvmlab-{self.state.tag}-{self.label}-{self.instance}"

    def prepare_run_dir(self) -> None:
        """Lay ready what every lab host has: its identity, and programs of its own that look and set up. CannotRun
        where there is no room for it."""
        try:
            self._prepare_run_dir()
        except OSError as error:
            raise no_space(str(error)) or error from None

    def _prepare_run_dir(self) -> None:
        self.start_dir.mkdir(parents=True)
        self.start_dir.chmod(0o700)
        shutil.copytree(INSIDE, self.run_dir / "lib", ignore=shutil.ignore_patterns("__pycache__"))
        for path in (self.run_dir / "lib", *(self.run_dir / "lib").iterdir()):
            path.chmod(0o755)
        make_key(self.start_dir / "host_key")
        first_uid = reserve_range(known_ranges(self.state)) if os.getuid() == 0 else None
        self._write_identity(Identity(first_uid, (self.start_dir / "host_key.pub").read_text().strip()))

    def start(
        self, image: str, volumes: Iterable[tuple[Path, str]], command: Sequence[str] = INIT
    ) -> subprocess.Popen[bytes]:
        """Begin `podman run`; `volumes` are further (here, there) pairs, which it cannot change. `command`: what runs
        first, if not systemd."""
        volumes = list(volumes)
        record.write(self.run_dir / VOLUMES, [(str(here), there) for here, there in volumes])
        first_uid = self.identity.first_uid
        devices, binds = lent_devices(self.run_dir, first_uid)
        mounts = [(self.start_dir, START), (self.run_dir / "lib", "/usr/lib/kvmlab")]
        options = [*(read_only(here, there) for here, there in mounts)]
        for here, there in volumes:
            shown = there if first_uid is not None or here.is_dir() else f"{FILES}/{len(binds)}"
            options.append(unchangeable(here, shown, first_uid))
            binds += [] if shown == there else [(f"{shown}/{here.name}", there)]
        (self.start_dir / "binds").write_text("".join(f"{here} {there}\n" for here, there in binds))
        if first_uid is not None:
            for path in (self.start_dir, *self.start_dir.rglob("*")):
                os.chown(path, first_uid, first_uid)
        return self._podman_with_hooks().start(
            "run",
            "--detach",
            "--pull=never",
            f"--name={self.container}",
            f"--hostname={HOSTNAME}",
            f"--pidfile={self.run_dir / _PID}",
            f"--label=kvmlab.state={self.state.tag}",
            f"--label=kvmlab.lab={self.label}",
            f"--label=kvmlab.instance={self.instance}",
            *self.podman.run_options,
            *own_options(limits_of(self.state), self.podman.run_options),
            *hold_together(self.state, self.podman),
            *confinement(self.run_dir, first_uid),
            *devices,
            *options,
            image,
            *command,
        )

    def _podman_with_hooks(self) -> Podman:
        hooks = own_cgroups(self.run_dir, self.identity.first_uid)
        return replace(self.podman, global_options=(*self.podman.global_options, *hooks))

    def started(self) -> None:
        """podman has said that it is up: note which process is its first. The cgroup of all lab hosts together may have
        been removed, empty, since the start began, and made anew by podman: it has its limits again."""
        hold_together(self.state, self.podman)
        identity = self.identity
        try:
            init = process.identity(int((self.run_dir / _PID).read_text()))
        except (OSError, ValueError):
            init = ""
        self._write_identity(identity._replace(init=init))
        if identity.first_uid is not None:
            release_range(identity.first_uid)

    def _write_identity(self, identity: Identity) -> None:
        record.write(self.run_dir / IDENTITY, identity._asdict())

    def exec_argv(self, command: Sequence[str], *, tty: bool = False, env: Sequence[str] = ()) -> list[str]:
        """The argv that runs `command` on it with our standard input (podman-exec(1))."""
        flags = ["--interactive", *(["--tty"] if tty else []), *(f"--env={item}" for item in env)]
        return self.podman.argv("exec", *flags, "--workdir=/root", self.container, *command)

    def student_argv(self, command: Sequence[str], *, tty: bool = False, env: Sequence[str] = ()) -> list[str]:
        """The same for a student's own: where memory runs out it goes before systemd and libvirtd do (choom(1))."""
        return self.exec_argv(["choom", "-n", str(FIRST_TO_GO), "--", *command], tty=tty, env=env)

    def execute(
        self, command: Sequence[str], *, stdin: str = "", timeout_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` on it to its end. CannotRun where it prints more than is good, does nothing for `timeout_s`
        seconds, or does not end."""
        argv = self.exec_argv(command)
        process = start(argv)
        try:
            out, err = printed(process, stdin=stdin, silent_s=timeout_s, most_s=timeout_s * TIMES)
            return subprocess.CompletedProcess(argv, process.returncode, out, err)
        except subprocess.TimeoutExpired:
            message = t(
                "{command} on the lab host did not end within {seconds} s.", command=command[0], seconds=timeout_s
            )
            raise CannotRun(message, "kvmlab status") from None

    def resume(self) -> subprocess.Popen[bytes]:
        """Begin `podman start`: the same container, its disk as it was; /run is empty, as at any boot.

        Of what it mounts, the guests' first disks are needed no more, only that their folders are there.
        """
        for folder in self._first_disks():
            folder.mkdir(exist_ok=True)
        hold_together(self.state, self.podman)
        return self._podman_with_hooks().start("start", self.container)

    def _first_disks(self) -> list[Path]:
        form = '{{range .Mounts}}{{.Source}}{{"\\n"}}{{end}}'
        told = self.podman.run("container", "inspect", f"--format={form}", self.container)
        mounted = [Path(line) for line in told.splitlines()]
        return [path for path in mounted if path.parent in (self.state.saved, self.state.images)]

    def condition(self) -> Condition:
        """How its container is (podman-container-inspect(1)); one that is paused is there and runs."""
        argv = ("container", "inspect", "--format={{.State.Status}}", self.container)
        done = self.podman.attempt(*argv)
        if done.returncode == 0:
            return Condition.RUNNING if done.stdout.strip() in ("running", "paused") else Condition.STOPPED
        if "no such" in done.stderr.lower():
            return Condition.GONE
        raise failed(argv, done.stderr)

    def remove(self) -> None:
        """Remove container and run directory, whatever state they are in."""
        remove_all(self.podman, [self.container])
        with contextlib.suppress(CannotRun):
            if (first_uid := self.identity.first_uid) is not None:
                release_range(first_uid)
        shutil.rmtree(self.run_dir, ignore_errors=True)
        let_go(self.state.tag)


def known_ranges(state: State) -> set[int]:
    """The ranges of user ids that lab hosts have which are stopped or about to start, and so no process tells: this
    state directory's, and those of everybody in the same classes."""
    found = set()
    for path in (path for root in state.related() for path in root.glob(f"run/*/{IDENTITY}")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            found.add(Identity(**record.load(path)).first_uid)
    return {first for first in found if first is not None}


def remove_all(podman: Podman, containers: Sequence[str], tries: int = 6) -> None:
    """Remove these containers; one that is gone already is no error, nor one that another podman is removing, or that a
    mount of another's start holds for a while ("device or resource busy")."""
    pause_s = 0.3
    while containers:
        done = podman.attempt("rm", "--force", "--ignore", "--time=0", *containers)
        if done.returncode == 0:
            return
        tries -= 1
        containers = [name for name in containers if podman.attempt("container", "exists", name).returncode == 0]
        if containers and tries == 0:
            raise failed(("rm",), done.stderr)
        time.sleep(pause_s)
        pause_s *= 2


def find_containers(podman: Podman, state: State, labs: Collection[str] | None = None) -> list[dict[str, str]]:
    """This state directory's containers, of these labs or all: [{"name", "lab", "instance", "running"}]."""
    state_filter = f"--filter=label=kvmlab.state={state.tag}"
    listed = json.loads(podman.run("ps", "--all", "--format=json", state_filter) or "[]")
    return [
        {
            "name": entry["Names"][0],
            "lab": entry["Labels"]["kvmlab.lab"],
            "instance": entry["Labels"]["kvmlab.instance"],
            "running": "yes" if entry.get("State") == "running" else "",
        }
        for entry in listed
        if labs is None or entry["Labels"]["kvmlab.lab"] in labs
    ]


def orphans(state: State, labs: Collection[str] | None = None, keep: str = "") -> dict[str, list[int]]:
    """Lab hosts of `labs`, or of all, that still run: name to first processes. After a removal: podman forgot them."""
    prefix = f"kvmlab-{state.tag}-"
    found = {}
    for name, pids in running_containers(prefix).items():
        owner, _, instance = name.removeprefix(prefix).rpartition("-")
        if (labs is None or owner in labs) and instance != keep:
            found[name] = pids
    return found


def sweep(podman: Podman, state: State, labs: Collection[str], keep: str = "") -> None:
    """Remove every lab host of `labs` but the instance `keep`: containers, run directories and records of starts.

    A run directory is found by its name, because a kvmlab may have died before its container was made.
    """
    doomed = [c for c in find_containers(podman, state, labs) if c["instance"] != keep]
    remove_all(podman, [c["name"] for c in doomed])
    for name, pids in orphans(state, labs, keep).items():
        remove_all(podman, [name])
        end(pids)
    for known in known_hosts(state, labs):
        if known.instance != keep:
            shutil.rmtree(known.run_dir, ignore_errors=True)
    let_go(state.tag)
