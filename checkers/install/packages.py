"""install-packages: a machine without libvirt becomes a KVM host."""

from kvmlab.checks import Findings, Host, Params, anything, check, contains

DEFINITION = "/etc/libvirt/qemu/networks/{}.xml"


@check(task="acceleration", zh="`{note}` 里写着处理器的虚拟化扩展：`vmx`、`svm` 或 `none`。")
def acceleration_is_noted(host: Host, lab: Params) -> Findings:
    """`{note}` says what help the processor has for guests: `vmx`, `svm` or `none`."""
    yield host.file(lab.note).shows(lines=[host.cpu().value("virtualization") or "none"])


@check(task="packages", zh="已安装 QEMU：`qemu-kvm` 所指的软件包。")
def qemu_is_installed(host: Host, lab: Params) -> Findings:
    """QEMU is installed: the package that `qemu-kvm` stands for."""
    yield host.package("qemu-system-x86").shows(installed=True)


@check(task="packages", zh="已安装 libvirt 的守护进程。")
def libvirt_is_installed(host: Host, lab: Params) -> Findings:
    """libvirt's daemon is installed."""
    yield host.package("libvirt-daemon-system").shows(installed=True)


@check(task="packages", zh="已安装命令行工具：`virsh`、`virt-install` 和 `brctl`。")
def command_line_tools_are_installed(host: Host, lab: Params) -> Findings:
    """The tools for the command line are installed: `virsh`, `virt-install` and `brctl`."""
    for name in ("libvirt-clients", "virtinst", "bridge-utils"):
        yield host.package(name).shows(installed=True)


@check(task="packages", zh="已安装图形工具：virt-manager 和 virt-viewer。")
def graphical_tools_are_installed(host: Host, lab: Params) -> Findings:
    """The graphical tools are installed: virt-manager and virt-viewer."""
    for name in ("virt-manager", "virt-viewer"):
        yield host.package(name).shows(installed=True)


INSTALLED = [qemu_is_installed, libvirt_is_installed]


@check(
    task="daemon",
    points=2,
    needs=INSTALLED,
    zh="现在：libvirtd 有应答：它在运行，或者有人连接时由它的 socket 启动。",
)
def libvirtd_answers(host: Host, lab: Params) -> Findings:
    """Now: libvirtd answers: it is running, or its socket starts it as soon as somebody asks."""
    service, socket = host.service("libvirtd"), host.service("libvirtd.socket")
    runs = service.value("active")
    yield socket.shows(active=anything if runs else True)
    if runs or socket.value("active"):
        host.domains().value("names")  # a socket listens for a libvirtd that cannot start, too: somebody has to answer


@check(task="daemon", needs=INSTALLED, zh="宿主机重启之后：libvirtd 会再次应答。")
def libvirtd_answers_after_a_boot(host: Host, lab: Params) -> Findings:
    """After the host's next boot: libvirtd will answer again."""
    yield host.service("libvirtd").shows(enabled=True)


@check(
    task="network",
    needs=[libvirtd_answers],
    zh="网络 `{network}` 是持久的：`/etc/libvirt/qemu/networks` 里有它的配置。",
)
def network_is_stored(host: Host, lab: Params) -> Findings:
    """The network `{network}` is persistent: its definition is in `/etc/libvirt/qemu/networks`."""
    yield host.network(lab.network).shows(persistent=True)
    yield host.file(DEFINITION.format(lab.network)).shows(kind="file")


@check(task="network", needs=[libvirtd_answers], zh="现在：网络 `{network}` 已启动。")
def network_is_active(host: Host, lab: Params) -> Findings:
    """Now: the network `{network}` is active."""
    yield host.network(lab.network).shows(active=True)


@check(task="network", needs=[network_is_active], zh="现在：宿主机上有网桥 `{bridge}`，已启用，地址是 {cidr}。")
def bridge_has_its_address(host: Host, lab: Params) -> Findings:
    """Now: the host has the bridge `{bridge}`, up and with the address {cidr}."""
    yield host.link(lab.bridge).shows(up=True, addresses=contains(lab.cidr))


@check(task="network", needs=[network_is_stored], zh="宿主机重启之后：网络 `{network}` 会自动启动，网桥和地址不变。")
def network_starts_by_itself(host: Host, lab: Params) -> Findings:
    """After the host's next boot: the network `{network}` starts by itself, with the same bridge and address."""
    yield host.network(lab.network).shows(autostart=True)
    yield host.network(lab.network).stored.shows(bridge=lab.bridge, address=lab.cidr)
