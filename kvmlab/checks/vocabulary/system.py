"""The host's system. Keys: package (NAME), service (NAME), process (BY, VALUE) with BY "domain" or "pattern",
sysctl (NAME), module (NAME), account (NAME), login (SERVICE, NAME), cpu (), inventory (WHAT) with WHAT "domains",
"networks" or "pools".
"""

from __future__ import annotations

from shlex import quote
from typing import Annotated, Unpack

from kvmlab.checks.facts import Facts, Flag, Number, Numbers, Table, Word, Words
from kvmlab.checks.findings import Finding
from kvmlab.checks.subject import Subject
from kvmlab.safe_text import plain
from kvmlab.words import t


class PackageFacts(Facts, total=False):
    """A package of the distribution."""

    installed: Annotated[Flag, "dpkg -l {0}", "installed"]
    version: Annotated[Word, "dpkg -l {0}", "None: not installed"]


class ServiceFacts(Facts, total=False):
    """A systemd unit."""

    active: Annotated[Flag, "systemctl status {0}", "running now"]
    enabled: Annotated[Flag, "systemctl is-enabled {0}", "starts at boot, or by its socket"]


class HostServiceFacts(ServiceFacts, total=False):
    """A systemd unit of the host."""

    listens: Annotated[
        Words, "systemctl show -p Listen {0}", 'of a socket: where it listens from its next start on: "[::]:9090"'
    ]


class ProcessFacts(Facts, total=False):
    """Processes: those of a domain's qemu, or whose command line fits a regular expression."""

    count: Annotated[Number, "ps -ef", "how many fit"]
    pids: Annotated[Numbers, "ps -ef", "their process ids"]
    pid: Annotated[Number, "ps -ef", "of the first; None: none"]
    user: Annotated[Word, "ps -o user= -p {pid}", "of the first"]
    age_s: Annotated[Number, "ps -o etimes= -p {pid}", "seconds since the first was started; None: none"]
    command: Annotated[Word, "ps -o args= -p {pid}", "command line of the first"]
    threads: Annotated[Words, "ps -T -p {pid}", 'thread names of the first: "CPU 0/TCG"']
    vcpu_threads: Annotated[Numbers, "ps -T -p {pid}", "of a domain: thread ids of its vCPUs, vCPU 0 first"]
    vcpu_cpus: Annotated[
        Table, "taskset -pc {pid}; ps -T -p {pid}", 'of a domain: host CPUs each vCPU may run on now: {"0": "0-3"}'
    ]
    rss_mib: Annotated[Number, "ps -o rss= -p {pid}", "resident memory of the first, MiB"]
    pss_mib: Annotated[Number, "cat /proc/{pid}/smaps_rollup", "of the first, if a qemu: a page that n map is 1/n, MiB"]


class SysctlFacts(Facts, total=False):
    """A kernel parameter."""

    value: Annotated[Word, "sysctl {0}", 'as text: "1"']


class ModuleFacts(Facts, total=False):
    """A kernel module."""

    loaded: Annotated[Flag, "lsmod | grep {0}", "loaded, or built in"]


class AccountFacts(Facts, total=False):
    """An account of the host."""

    uid: Annotated[Number, "id {0}", "its number"]
    groups: Annotated[Words, "id -nG {0}", "all groups it is in, its own first"]
    shell: Annotated[Word, "getent passwd {0}", 'what a login starts: "/bin/bash"']
    home: Annotated[Word, "getent passwd {0}", "its directory"]
    password: Annotated[Word, "passwd --status {0}", '"set", "locked" (nobody logs in with one), "none" (empty)']
    login_shell: Annotated[
        Flag, "getent passwd {0}; cat /etc/shells", "its shell is one to log in to: in /etc/shells, and executable"
    ]


class LoginFacts(Facts, total=False):
    """What PAM says of an account and a service, its password aside."""

    admitted: Annotated[
        Flag,
        "chage -l {1}; cat /etc/pam.d/{0}",
        "the service lets it in, if with a new password: not expired, locked, unwanted",
    ]
    refusal: Annotated[Word, "chage -l {1}; cat /etc/pam.d/{0}", "PAM's reason; None: it lets it in"]


class CpuFacts(Facts, total=False):
    """The host's processors."""

    count: Annotated[Number, "nproc", "how many are online"]
    model: Annotated[Word, "lscpu", "model name"]
    virtualization: Annotated[Word, "lscpu | grep Virtualization", '"vmx", "svm"; None: no hardware help']
    kvm: Annotated[Flag, "virt-host-validate qemu", "/dev/kvm is there and a guest boots under it"]


class InventoryFacts(Facts, total=False):
    """All domains, networks or pools that libvirt knows."""

    names: Annotated[Words, "virsh {list} --all --name", "all of them"]
    active: Annotated[Words, "virsh {list} --name", "running or started"]
    inactive: Annotated[Words, "virsh {list} --inactive --name", "defined, not running"]
    persistent: Annotated[Words, "virsh {list} --all --persistent --name", "defined"]
    transient: Annotated[Words, "virsh {list} --transient --name", "created only"]
    autostart: Annotated[Words, "virsh {list} --all --autostart --name", "start with libvirtd"]


class Package(Subject):
    """A package of the host's distribution. `dpkg -l`"""

    kind = "package"
    facts = PackageFacts
    label = "package {0}"
    see = "apt-cache policy {0}"
    absent = "no such package"

    def shows(self, **want: Unpack[PackageFacts]) -> Finding:
        return self._finding(want)


class Service(Subject):
    """A systemd unit of the host. `systemctl status`"""

    kind = "service"
    facts = HostServiceFacts
    label = "service {0}"
    see = "systemctl status {0}"
    absent = "no such unit"

    def shows(self, **want: Unpack[HostServiceFacts]) -> Finding:
        return self._finding(want)


class Process(Subject):
    """Processes of the host; none is `count` 0, not missing. `ps`"""

    kind = "process"
    facts = ProcessFacts
    see = "ps -ef"
    named = 1

    @property
    def name(self) -> str:
        """As the student reads it: "process of web1"."""
        by, value = self.key
        return plain(
            t("process of {domain}", domain=value) if by == "domain" else t("process {pattern}", pattern=value)
        )

    def _marks(self) -> dict[str, str]:
        by, value = self.key
        file = quote(f"/run/libvirt/qemu/{value}.pid")
        return {"pid": f"$(cat {file})" if by == "domain" else f"$(pgrep -of {quote(value)})"}

    def shows(self, **want: Unpack[ProcessFacts]) -> Finding:
        return self._finding(want)


class Sysctl(Subject):
    """A kernel parameter of the host. sysctl(8)"""

    kind = "sysctl"
    facts = SysctlFacts
    label = "kernel parameter {0}"
    see = "sysctl {0}"
    absent = "no such kernel parameter"

    def shows(self, **want: Unpack[SysctlFacts]) -> Finding:
        return self._finding(want)


class Module(Subject):
    """A kernel module of the host. `lsmod`"""

    kind = "module"
    facts = ModuleFacts
    label = "kernel module {0}"
    see = "lsmod"

    def shows(self, **want: Unpack[ModuleFacts]) -> Finding:
        return self._finding(want)


class Account(Subject):
    """An account of the host. `id`, `getent passwd`"""

    kind = "account"
    facts = AccountFacts
    label = "account {0}"
    see = "id {0}"
    absent = "no such account"

    def shows(self, **want: Unpack[AccountFacts]) -> Finding:
        return self._finding(want)


class Login(Subject):
    """An account at the door of a service (/etc/pam.d/SERVICE). pam_acct_mgmt(3)"""

    kind = "login"
    facts = LoginFacts
    label = "login of {1} to {0}"
    see = "cat /etc/pam.d/{0}"
    named = 0
    absent = "no such service of PAM"

    def shows(self, **want: Unpack[LoginFacts]) -> Finding:
        return self._finding(want)


class Cpu(Subject):
    """The host's processors. `lscpu`"""

    kind = "cpu"
    facts = CpuFacts
    label = "processors of the host"
    see = "lscpu"

    def shows(self, **want: Unpack[CpuFacts]) -> Finding:
        return self._finding(want)


class Inventory(Subject):
    """All domains, networks or pools. `virsh list --all`, `virsh net-list --all`, `virsh pool-list --all`"""

    kind = "inventory"
    facts = InventoryFacts
    see = "virsh {list} --all"

    @property
    def name(self) -> str:
        """As the student reads it: "domains"."""
        return t(self.key[0])

    def _marks(self) -> dict[str, str]:
        return {"list": {"domains": "list", "networks": "net-list", "pools": "pool-list"}[self.key[0]]}

    def shows(self, **want: Unpack[InventoryFacts]) -> Finding:
        return self._finding(want)
