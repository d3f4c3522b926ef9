"""What libvirt says of an emulated guest's processor is the same whether it asks QEMU two questions or five hundred."""

from __future__ import annotations

import pytest

from kvmlab.labhost.computer.accelerator import Kvm, last_found
from tests.conftest import Kvmlab

LAB = "network-bridge"
pytestmark = pytest.mark.guest

PROCESSORS = (
    "",
    "<cpu mode='host-model'/>",
    "<cpu mode='custom' match='exact' check='full'><model>Nehalem</model></cpu>",
    "<cpu mode='custom' match='exact' check='none'><model>Cascadelake-Server</model></cpu>",
    "<cpu mode='custom' match='exact'><model>qemu64</model><feature policy='disable' name='svm'/></cpu>",
)
TOLD = """
answers=$(echo /var/cache/libvirt/qemu/capabilities/*.xml)
flag="<flag name='cpu-unavailable-features'/>"
told() {
    while read -r cpu; do
        echo "<domain type='qemu'><name>t</name><memory unit='MiB'>16</memory>" >/t
        echo "<os><type>hvm</type></os>$cpu</domain>" >>/t
        virsh -q create --paused /t && virsh dumpxml t | sed -n '/<cpu/,/<.cpu>/p' && virsh -q destroy t
    done </cpus 2>&1
}
cat >/cpus
grep -c "$flag" $answers
told >/first
if grep -q "$flag" $answers
then sed -i "s|$flag||" $answers
else sed -i "0,/<flag /s|<flag |$flag<flag |" $answers
fi
systemctl restart libvirtd
told >/second
cat /first
echo =
cat /second
"""


def test_two_questions_tell_as_much_as_all(kvmlab: Kvmlab) -> None:
    started = kvmlab("start", LAB)
    assert started.returncode == 0, started.stderr
    done = kvmlab("exec", LAB, "--", "sh", "-c", TOLD, stdin="".join(f"{one}\n" for one in PROCESSORS))
    assert done.returncode == 0, done.stderr
    flags, _, told = done.stdout.partition("\n")
    first, _, second = told.partition("=\n")
    assert (flags == "0") is (last_found(kvmlab.state) is not Kvm.WORKS)
    assert first == second
    assert first.count("<cpu") >= 3 and "<model fallback='forbid'>qemu64</model>" in first
