"""One lab host: its container, and the run directory with the sockets that lead into it."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kvmlab.labhost.machine import container_options
from kvmlab.labhost.podman import Podman, failed
from kvmlab.paths import State

INSIDE = Path(__file__).parent / "inside"
HOSTNAME = "kvmhost"


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

    def prepare_run_dir(self) -> None:
        """An empty one: libvirtd loses its networks when it finds an earlier host's state."""
        (self.run_dir / "libvirt").mkdir(parents=True, mode=0o755)
        self.run_dir.chmod(0o755)

    def start(self, image: str, volumes: Iterable[tuple[Path, str]]) -> subprocess.Popen[str]:
        """Begin `podman run`; `volumes` are further (here, there) pairs, read-only."""
        mounts = [(INSIDE, "/usr/lib/kvmlab"), *volumes]
        return self.podman.start(
            "run",
            "--detach",
            "--pull=never",
            f"--name={self.container}",
            f"--hostname={HOSTNAME}",
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

    def is_running(self) -> bool:
        """Whether the container runs (podman-container-inspect(1))."""
        done = self.podman.attempt("container", "inspect", "--format={{.State.Running}}", self.container)
        return done.returncode == 0 and done.stdout.strip() == "true"

    def remove(self) -> None:
        """Remove container and run directory, whatever state they are in."""
        remove_all(self.podman, [self.container])
        shutil.rmtree(self.run_dir, ignore_errors=True)


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
    """Remove every lab host of `lab` but the instance `keep`: containers and run directories.

    A run directory is found by its name, because a kvmlab may have died before its container was made.
    """
    doomed = [c for c in find_containers(podman, state, lab) if c["instance"] != keep]
    remove_all(podman, [c["name"] for c in doomed])
    for folder in state.run.iterdir():
        owner, _, instance = folder.name.rpartition("-")
        if owner == lab and instance != keep:
            shutil.rmtree(folder, ignore_errors=True)
