"""One lab host: its container, and the run directory with the sockets that lead into it."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from kvmlab.labhost.machine import container_options
from kvmlab.labhost.podman import Podman, failed
from kvmlab.paths import State
from kvmlab.process import identity

INSIDE = Path(__file__).parent / "inside"
HOSTNAME = "kvmhost"


class Condition(Enum):
    """How a lab host's container is: running, there and not running, or not there any more."""

    RUNNING = "running"
    STOPPED = "stopped"
    GONE = "gone"


@dataclass(frozen=True)
class LabHost:
    """A lab host by its instance: every start makes a new one, so nothing old can leak into it."""

    lab: str
    instance: str
    state: State
    podman: Podman

    @classmethod
    def fresh(cls, lab: str, state: State, podman: Podman) -> LabHost:
        """A new instance, not started yet."""
        return cls(lab, secrets.token_hex(4), state, podman)

    @property
    def container(self) -> str:
        """The container's name."""
        return f"kvmlab-{self.state.tag}-{self.lab}-{self.instance}"

    @property
    def run_dir(self) -> Path:
        """Bind-mounted at /run/kvmlab: ssh.sock, ask.sock, and libvirt/ (at /run/libvirt)."""
        return self.state.run / f"{self.lab}-{self.instance}"

    @property
    def pid_file(self) -> Path:
        """Where podman writes the process id of its init; beside the run directory, where no lab host can write."""
        return self.run_dir.with_name(f"{self.run_dir.name}.pid")

    @property
    def init(self) -> str:
        """The identity of its init (kvmlab.process), or "" where it cannot be told."""
        try:
            return identity(int(self.pid_file.read_text()))
        except (OSError, ValueError):
            return ""

    @property
    def start_record(self) -> Path:
        """What there was on it at the end of its start: kept where nobody on it can reach."""
        return self.state.starts / f"{self.run_dir.name}.json"

    def prepare_run_dir(self) -> None:
        """An empty one: libvirtd loses its networks when it finds an earlier host's state."""
        (self.run_dir / "libvirt").mkdir(parents=True, mode=0o755)
        self.run_dir.chmod(0o755)

    def clear_run_dir(self) -> None:
        """Away with it, so that it can be prepared anew."""
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def start(self, image: str, volumes: Iterable[tuple[Path, str]]) -> subprocess.Popen[str]:
        """Begin `podman run`; `volumes` are further (here, there) pairs, read-only."""
        mounts = [(INSIDE, "/usr/lib/kvmlab"), *volumes]
        return self.podman.start(
            "run",
            "--detach",
            "--pull=never",
            f"--name={self.container}",
            f"--hostname={HOSTNAME}",
            f"--pidfile={self.pid_file}",
            f"--label=kvmlab.state={self.state.tag}",
            f"--label=kvmlab.lab={self.lab}",
            f"--label=kvmlab.instance={self.instance}",
            *self.podman.run_options,
            *container_options(),
            f"--volume={self.run_dir}:/run/kvmlab",
            f"--volume={self.run_dir}/libvirt:/run/libvirt",
            *(f"--volume={here}:{there}:ro" for here, there in mounts),
            image,
        )

    def exec_argv(self, command: Sequence[str], *, tty: bool = False, env: Sequence[str] = ()) -> list[str]:
        """The argv that runs `command` on it with our standard input (podman-exec(1))."""
        flags = ["--interactive", *(["--tty"] if tty else []), *(f"--env={item}" for item in env)]
        return self.podman.argv("exec", *flags, "--workdir=/root", self.container, *command)

    def execute(
        self, command: Sequence[str], *, stdin: str = "", timeout_s: float | None = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` on it to its end."""
        return self.podman.attempt(
            "exec", "--interactive", "--workdir=/root", self.container, *command, timeout_s=timeout_s, stdin=stdin
        )

    def resume(self) -> subprocess.Popen[str]:
        """Begin `podman start`: the same container, its disk as it was. The run directory is new, as /run is at boot.

        Of what it mounts, the guests' first disks are needed no more, only that their folders are there.
        """
        for folder in self._first_disks():
            folder.mkdir(exist_ok=True)
        return self.podman.start("start", self.container)

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
        """Remove container, run directory and record, whatever state they are in."""
        remove_all(self.podman, [self.container])
        self.clear_run_dir()
        self.pid_file.unlink(missing_ok=True)
        self.start_record.unlink(missing_ok=True)


def remove_all(podman: Podman, containers: Sequence[str], tries: int = 5) -> None:
    """Remove these containers; one that is gone already is no error, nor one that another podman is removing."""
    while containers:
        done = podman.attempt("rm", "--force", "--ignore", "--time=0", *containers)
        if done.returncode == 0:
            return
        tries -= 1
        containers = [name for name in containers if podman.attempt("container", "exists", name).returncode == 0]
        if containers and tries == 0:
            raise failed(("rm",), done.stderr)
        time.sleep(0.3)


def find_containers(podman: Podman, state: State, lab: str | None = None) -> list[dict[str, str]]:
    """This state directory's containers, of one lab or all: [{"name", "lab", "instance", "running"}]."""
    filters = [f"--filter=label=kvmlab.state={state.tag}"]
    filters += [f"--filter=label=kvmlab.lab={lab}"] if lab else []
    listed = json.loads(podman.run("ps", "--all", "--format=json", *filters) or "[]")
    return [
        {
            "name": entry["Names"][0],
            "lab": entry["Labels"]["kvmlab.lab"],
            "instance": entry["Labels"]["kvmlab.instance"],
            "running": "yes" if entry.get("State") == "running" else "",
        }
        for entry in listed
    ]


def sweep(podman: Podman, state: State, lab: str, keep: str = "") -> None:
    """Remove every lab host of `lab` but the instance `keep`: containers, run directories and records of starts.

    A run directory is found by its name, because a kvmlab may have died before its container was made.
    """
    doomed = [c for c in find_containers(podman, state, lab) if c["instance"] != keep]
    remove_all(podman, [c["name"] for c in doomed])
    for path in [*state.run.iterdir(), *state.starts.iterdir()]:
        owner, _, instance = path.name.removesuffix(".pid").removesuffix(".json").rpartition("-")
        if owner == lab and instance != keep:
            remove_path(path)


def remove_path(path: Path) -> None:
    """Remove a run directory, or a file that belongs to a lab host."""
    if path.suffix in (".pid", ".json"):
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)
