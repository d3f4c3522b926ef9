"""What is said of the next start, seen in a copy: which fact is asked where, and what becomes of trouble."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from kvmlab.checks import Host, contains
from kvmlab.checks.facts import fact_names
from kvmlab.checks.findings import Finding
from kvmlab.checks.next_start import _ROWS, _VIEWS, Phase, live_of
from kvmlab.checks.reader import CAUSES, Answer, Cause, Key, MissingObject, Reading, Want
from kvmlab.checks.subject import Subject
from kvmlab.errors import CouldNotLook
from kvmlab.grading.rehearsed_reader import RehearsedReader, guests_to_enter, to_start, with_balloon
from kvmlab.grading.verdicts import Verdict
from tests.checks.memory import Memory, checked, solved, unreachable

NIC = ("web1", "stored", "index", "0")
INSIDE = ("web1", "")
STORED: dict[str, object] = {"method": "static", "address": "10.0.0.122/24", "gateway": "10.0.0.2", "dns": ["10.0.0.2"]}


def facts_of(kind: str) -> set[str]:
    """The names of all facts that subjects of this kind have."""
    return {name for subject in subjects(Subject) if subject.kind == kind for name in fact_names(subject.facts)}


def subjects(above: type[Subject]) -> Iterator[type[Subject]]:
    for subject in above.__subclasses__():
        yield subject
        yield from subjects(subject)


@pytest.mark.parametrize(("kind", "name"), _ROWS)
def test_a_row_names_facts_that_there_are(kind: str, name: str) -> None:
    live = _ROWS[kind, name]
    assert name in facts_of(kind)
    assert set(live.names) <= facts_of(live.kind)


@pytest.mark.parametrize("kind", _VIEWS)
def test_what_has_no_counterpart_is_a_fact(kind: str) -> None:
    assert set(_VIEWS[kind].not_live) < facts_of(kind)


@pytest.mark.parametrize(
    ("kind", "key", "name"),
    [
        ("domain", ("web1", "now"), "vcpus"), ("domain", ("web1", "live"), "vcpus"), ("link", ("br0",), "stp"),
        ("interface", NIC, "target"), ("domain", ("web1", "stored"), "cpu_mode"),
        ("network", ("lab", "now"), "forward"),
        ("guest-address", (*INSIDE, "eth0"), "addresses"), ("guest-fstab", (*INSIDE, "/data"), "source"),
    ],
)  # fmt: skip
def test_what_is_not_about_the_next_start_has_none(kind: str, key: tuple[str, ...], name: str) -> None:
    assert live_of(kind, key, name) is None


def copy_of_a_guest(**nic: object) -> Memory:
    """A copy in which web1 has started."""
    seen = {"addresses": ["10.0.0.122/24"], "dynamic": False} | nic
    return Memory(
        {
            ("guest-address", (*INSIDE, "eth0")): seen,
            ("guest-route", (*INSIDE, "default")): {"via": "10.0.0.2", "dev": "eth0"},
            ("guest-resolver", INSIDE): {"servers": ["10.0.0.2"]},
        }
    )


def stored_guest() -> Memory:
    return Memory({("guest-network", (*INSIDE, "eth0")): STORED})


def test_a_stored_network_is_what_the_guest_has_after_its_start() -> None:
    copy = copy_of_a_guest(addresses=["192.168.122.50/24"], dynamic=True)
    copy.objects["guest-route", (*INSIDE, "default")]["dev"] = "eth1"
    copy.objects["guest-resolver", INSIDE]["servers"] = []
    finding = Host(RehearsedReader(stored_guest(), copy)).guest("web1").stored_network("eth0").shows(**STORED)  # type: ignore[arg-type]
    assert [(row.name, row.found, row.met, row.rehearsed, row.ahead) for row in finding.facts] == [
        ("method", "dhcp", False, True, False),
        ("address", "192.168.122.50/24", False, True, False),
        ("gateway", "none", False, True, False),
        ("dns", "none", False, True, False),
    ]


@pytest.mark.parametrize(("addresses", "method"), [(["10.0.0.122/24"], "static"), ([], "none")])
def test_the_method_of_a_network(addresses: list[str], method: str) -> None:
    copy = copy_of_a_guest(addresses=addresses)
    finding = Host(RehearsedReader(stored_guest(), copy)).guest("web1").stored_network("eth0").shows(method="dhcp")
    assert finding.facts[0].found == method


def test_no_default_route_is_no_gateway_and_no_link_no_network() -> None:
    copy = copy_of_a_guest()
    del copy.objects["guest-route", (*INSIDE, "default")]
    stored = Host(RehearsedReader(stored_guest(), copy)).guest("web1").stored_network("eth0")
    assert stored.shows(gateway="10.0.0.2").facts[0].found == "none"
    del copy.objects["guest-address", (*INSIDE, "eth0")]
    finding = Host(RehearsedReader(stored_guest(), copy)).guest("web1").stored_network("eth0").shows(method="static")
    assert finding.missing and finding.missing.startswith("rehearsed: ") and finding.facts[0].rehearsed


def test_without_a_rehearsal_it_is_foretold() -> None:
    finding = Host(stored_guest()).guest("web1").stored_network("eth0").shows(**STORED)  # type: ignore[arg-type]
    assert all(row.met and row.ahead and not row.rehearsed for row in finding.facts)


def test_a_stored_device_is_the_one_of_the_guest_that_has_started() -> None:
    first = Memory({("interface", NIC): {"type": "bridge", "source": "br0", "target": None}})
    copy = Memory({("interface", ("web1", "live", "index", "0")): {"type": "network", "source": "default"}})
    both = RehearsedReader(first, copy)
    finding = Host(both).domain("web1").stored.interface(index=0).shows(type="bridge", source="br0", target=None)
    assert [(row.found, row.met, row.rehearsed) for row in finding.facts] == [
        ("network", False, True), ("default", False, True), ("none", True, False),
    ]  # fmt: skip


def test_a_guest_that_does_not_start_is_told_in_libvirts_words() -> None:
    first = Memory({("domain", ("web1", "stored")): {"vcpus": 2}})
    both = RehearsedReader(first, Memory())
    both.fails = {("domain", "web1"): 'Failed to get "write" lock', ("network", "web1"): "not this"}
    finding = Host(both).domain("web1").stored.shows(vcpus=2)
    assert not finding.met and finding.missing == 'rehearsed: does not start: Failed to get "write" lock'


def test_what_decides_beside_the_facts_is_that_of_the_guest_that_has_started() -> None:
    place = ("web1", "live", "index", "0")
    down = Cause("link_state", "down", "up", "virsh domif-getlink web1", alone=True)
    first = Memory({("interface", NIC): {"type": "bridge", CAUSES: [down]}})
    copy = Memory({("interface", place): {"type": "bridge"}})
    assert nic(first, copy).met
    copy.objects["interface", place][CAUSES] = [down]
    assert [(row.name, row.met) for row in nic(first, copy).facts] == [("type", True), ("link_state", False)]


def nic(first: Memory, copy: Memory) -> Finding:
    host = Host(RehearsedReader(WithCauses(first), WithCauses(copy)))
    return host.domain("web1").stored.interface(index=0).shows(type="bridge")


class WithCauses:
    """A reader that tells what decides about an object, too, as that of a lab host does."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def read(self, kind: str, key: Key, names: Sequence[str]) -> Answer:
        answer = self.memory.read(kind, key, names)
        causes = self.memory.objects.get((kind, key), {}).get(CAUSES)
        return {**answer, CAUSES: Reading(causes)} if causes and not isinstance(answer, MissingObject) else answer


def test_what_is_not_stored_at_all_is_told_as_ever() -> None:
    finding = Host(RehearsedReader(Memory(), Memory())).domain("web1").stored.shows(vcpus=2)
    assert finding.missing == "not stored" and not finding.facts[0].rehearsed


def test_absence_is_looked_at_in_the_copy() -> None:
    place = (*INSIDE, "/old")
    line: dict[str, object] = {"source": "/dev/vdb"}
    gone = Host(RehearsedReader(Memory({("guest-fstab", place): line}), Memory())).guest("web1").fstab("/old").missing()
    assert gone.met and gone.facts[0].rehearsed
    mounted = Memory({("guest-mount", place): {"source": "/dev/vdb"}})
    there = Host(RehearsedReader(Memory({("guest-fstab", place): line}), mounted)).guest("web1").fstab("/old").missing()
    assert not there.met and there.facts[0].rehearsed and there.facts[0].found == "yes"


def test_a_disk_may_have_another_name_after_the_start() -> None:
    """What fstab mounts is known by its filesystem, not by what the kernel calls the disk this time."""
    place = (*INSIDE, "/data")
    line: dict[str, object] = {"source": "UUID=7", "device": "/dev/vdc", "uuid": "7"}
    mounted = Memory({("guest-mount", place): {"source": "/dev/vdb", "uuid": "7"}})
    both = Host(RehearsedReader(Memory({("guest-fstab", place): line}), mounted))
    finding = both.guest("web1").fstab("/data").shows(uuid="7")
    assert finding.met and finding.facts[0].rehearsed
    assert both.guest("web1").fstab("/data").shows(device="/dev/vdc").met, "that is only said of now"


def test_what_comes_up_by_itself_is_noted_before_anything_is_started() -> None:
    copy = Memory({("inventory", ("networks",)): {"active": ["lab"]}, ("inventory", ("domains",)): {"active": []}})
    both = RehearsedReader(Memory(), copy)
    both.note_boot([Want("network", ("lab", "now"), ("autostart",)), Want("domain", ("web1", "now"), ("autostart",))])
    copy.objects["inventory", ("domains",)]["active"] = ["web1"]  # started by us
    host = Host(both)
    assert host.network("lab").shows(autostart=True).met
    finding = host.domain("web1").shows(autostart=True)
    assert not finding.met and finding.facts[0].rehearsed


def test_a_managed_save_is_what_the_next_start_restores() -> None:
    copy = Memory({("domain", ("web1", "now")): {"reason": "restored"}})
    assert Host(RehearsedReader(Memory(), copy)).domain("web1").shows(managed_save=True).met


@pytest.mark.parametrize(("wanted", "verdict"), [("br0", Verdict.ERROR), ("br1", Verdict.FAILED)])
def test_what_could_not_be_rehearsed_never_passes_and_what_is_stored_wrong_fails(wanted: str, verdict: Verdict) -> None:
    first = solved()
    stored = first.objects["interface", NIC]
    stored["source"] = "br0" if wanted == "br0" else "virbr0"
    copy = Memory(trouble={("interface", ("web1", "live", "index", "0")): unreachable()})
    report = checked(RehearsedReader(first, copy))
    about = [check for check in report.checks if any(row.ahead for one in check.findings for row in one.facts)]
    assert {check.verdict for check in about} == {verdict}
    assert all(check.error for check in about)


def test_where_neither_can_be_asked_it_could_not_be_looked_at() -> None:
    place = ("guest-network", (*INSIDE, "eth0"))
    copy = Memory(trouble={("guest-address", (*INSIDE, "eth0")): CouldNotLook("the copy")})
    finding = (
        Host(RehearsedReader(Memory(trouble={place: CouldNotLook("now")}), copy)).guest("web1").stored_network("eth0")
    )
    shown = finding.shows(method="static")
    assert shown.trouble and shown.trouble.message == "the copy" and not shown.facts


def test_what_is_said_of_now_is_asked_of_the_first() -> None:
    assert checked(RehearsedReader(solved(), Memory())).verdict is Verdict.FAILED
    copy = Memory({("interface", ("web1", "live", "index", "0")): dict(solved().objects["interface", NIC])})
    assert checked(RehearsedReader(solved(), copy)).verdict is Verdict.PASSED


def test_who_has_to_be_started() -> None:
    wants = [
        Want("network", ("lab", "stored"), ("forward",)),
        Want("network", ("default", "now"), ("autostart",)),
        Want("interface", NIC, ("type",)),
        Want("guest-network", ("app1", "10.0.0.9", "eth0"), ("dns",)),
        Want("guest-address", ("db1", "", "eth0"), ("addresses",)),
        Want("disk", ("old1", "stored", "target", "vdb"), ()),
    ]
    assert to_start(wants) == [("domain", "web1"), ("domain", "app1"), ("domain", "old1"), ("network", "lab")]
    assert guests_to_enter(wants) == {"app1": "10.0.0.9"}
    balloons = [Want("domain", (one, view), ("memory_mib",)) for one, view in (("web1", "stored"), ("db1", "live"))]
    assert with_balloon([*wants, *balloons]) == ["web1"]


def test_a_list_of_those_that_start_by_themselves() -> None:
    copy = Memory({("inventory", ("domains",)): {"active": ["web1", "db1"]}})
    both = RehearsedReader(Memory(), copy)
    both.note_boot([Want("inventory", ("domains",), ("autostart",))])
    assert Host(both).domains().shows(autostart=contains("db1")).facts[0].rehearsed
    assert live_of("inventory", ("domains",), "autostart").phase is Phase.BOOT  # type: ignore[union-attr]
    assert isinstance(both.read("domain", ("db1", "stored"), ["vcpus"]), MissingObject)
