"""Findings: what is wanted, found, missing; exact names; trouble."""

import pickle

import pytest

from kvmlab.checks import Host, contains, expect
from kvmlab.checks.reader import Answer, Key, MissingObject, Reading
from kvmlab.errors import CouldNotLook
from tests.checks.memory import Memory, unreachable


def host(**links: dict[str, object]) -> Host:
    return Host(Memory({("link", (name,)): facts for name, facts in links.items()}))


def test_every_fact_is_compared_and_told() -> None:
    finding = (
        host(ens33={"master": None, "addresses": ["10.0.0.12/24"]}).link("ens33").shows(master="br0", addresses=[])
    )
    assert finding.subject == "link ens33" and not finding.met and finding.unmet and finding.missing is None
    assert [row.to_json() for row in finding.facts] == [
        {
            "name": "master",
            "wanted": "br0",
            "found": "none",
            "met": False,
            "see": "ip link show ens33",
            "rehearsed": False,
        },
        {
            "name": "addresses",
            "wanted": "none",
            "found": "10.0.0.12/24",
            "met": False,
            "see": "ip addr show ens33",
            "rehearsed": False,
        },
    ]


def test_a_finding_can_be_kept_in_a_file() -> None:
    finding = host(ens33={"addresses": []}).link("ens33").shows(addresses=contains("10.0.0.12/24"))
    kept = pickle.loads(pickle.dumps(finding))
    assert (kept.subject, kept.facts) == (finding.subject, finding.facts)


def test_met_facts_are_kept() -> None:
    finding = host(br0={"stp": True}).link("br0").shows(stp=True)
    assert finding.met and not finding.unmet and finding.facts[0].met


@pytest.mark.parametrize("decoy", ["br00", "br0 ", "br", "BR0", "br1", "br0\n"])
def test_a_decoy_satisfies_nothing(decoy: str) -> None:
    finding = host(**{decoy: {"stp": True, "kind": "bridge"}}).link("br0").shows(stp=True, kind="bridge")
    assert [row.met for row in finding.facts] == [False, False]


def test_a_missing_object_is_a_row_with_the_nearest_name() -> None:
    finding = host(labs={}).link("lab").shows(master="br0", stp=True)
    assert finding.missing == "no such link; did you mean `labs`?"
    assert [(row.wanted, row.found, row.met) for row in finding.facts] == [
        ("br0", finding.missing, False), ("yes", finding.missing, False),
    ]  # fmt: skip
    assert finding.facts[0].see == "ip link show"
    assert host(zzz={}).link("lab").shows(stp=True).missing == "no such link"


def test_nothing_wanted_of_a_missing_object_is_ever_met() -> None:
    finding = host().link("br0").shows(master=None, addresses=[], stp=False)
    assert not any(row.met for row in finding.facts)


def test_absence_can_be_wanted() -> None:
    assert host().link("br0").missing().met and host().link("br0").missing().missing is None
    there = host(br0={}).link("br0").missing()
    assert not there.met and there.facts[0].to_json() == {
        "name": "exists", "wanted": "no", "found": "yes", "met": False, "see": "ip link show", "rehearsed": False,
    }  # fmt: skip
    assert host(br0={"stp": True}).link("br0").shows(exists=True, stp=True).met
    gone = host().link("br0").shows(exists=True, stp=True)
    assert not gone.met and gone.missing == "no such link"


def test_existence_is_asked_even_after_trouble_free_reads() -> None:
    memory = Memory()
    there = Host(memory).file("/x")
    assert there.missing().met and there.missing().met
    assert memory.asked == [("file", ("/x",), ())]  # once, without names


def test_a_reader_may_say_more_about_what_is_missing() -> None:
    class Absent:
        def read(self, kind: str, key: Key, names: object) -> Answer:
            return MissingObject("no such domain", ("web1",), see="virsh list --all", name="web11")

    finding = Host(Absent()).domain("web11").interface(index=0).shows(model="virtio")
    assert finding.missing == "no such domain; did you mean `web1`?"
    assert finding.facts[0].see == "virsh list --all"


def test_names_on_offer_are_hostile_too() -> None:
    finding = host(**{"br0\x07": {}}).link("br0").shows(stp=True)
    assert finding.missing == "no such link; did you mean `br0\\x07`?"


def test_a_mac_address_has_no_case() -> None:
    memory = Memory({("link", ("br0",)): {"mac": "52:54:00:ab:cd:ef"}})
    assert Host(memory).link("br0").shows(mac="52:54:00:AB:CD:EF").met
    subject = Host(memory).domain("web1").interface(mac="52:54:00:AB:CD:EF")
    assert subject.key == ("web1", "now", "mac", "52:54:00:ab:cd:ef")


def test_views_are_told_apart() -> None:
    web1 = Host(Memory()).domain("web1")
    assert web1.name == "domain web1" and web1.stored.name == "stored domain web1"
    assert web1.disk(target="vdb").name == "disk vdb of web1"
    assert web1.stored.disk(target="vdb").name == "disk vdb of web1 (stored)"
    assert web1.live.console().name == "console of web1 (running)"
    assert web1.interface(index=0).name == "interface #1 of web1"
    stored = web1.stored.shows(vcpus=2, memory_mib=128)
    assert [row.see for row in stored.facts] == ["virsh list --all --persistent"] * 2


def test_the_stored_view_has_commands_of_its_own() -> None:
    memory = Memory({("domain", ("web1", view)): {"machine": "q35", "vcpu_pins": {}} for view in ("now", "stored")})
    now = Host(memory).domain("web1").shows(machine="q35", vcpu_pins={})
    stored = Host(memory).domain("web1").stored.shows(machine="q35", vcpu_pins={})
    assert [row.see for row in now.facts] == ["virsh dumpxml web1", "virsh vcpupin web1"]
    assert [row.see for row in stored.facts] == ["virsh dumpxml --inactive web1", "virsh vcpupin web1 --config"]


def test_commands_for_a_guest_say_how_to_get_in() -> None:
    class Way(Memory):
        def way_in(self, guest: str, address: str) -> str:
            return f"ssh -p 22 {guest}"

    facts: dict[str, object] = {"text": "", "source": "/dev/vdb"}
    places = [(kind, ("web1", where, "/a b")) for kind in ("guest-file", "guest-mount") for where in ("", "10.0.0.9")]
    memory, way = Memory(dict.fromkeys(places, facts)), Way(dict.fromkeys(places, facts))
    assert Host(memory).guest("web1").file("/a b").shows(text="x").facts[0].see == "ssh web1 'cat '\"'\"'/a b'\"'\"''"
    at = Host(memory).guest("web1", address="10.0.0.9/24").mount("/a b").shows(source="x")
    assert at.facts[0].see.startswith("ssh 10.0.0.9 ")
    assert Host(way).guest("web1").mount("/a b").shows(source="x").facts[0].see.startswith("ssh -p 22 web1 ")


def test_trouble_is_a_finding_and_the_next_finding_is_still_made() -> None:
    memory = Memory(trouble={("guest-address", ("web1", "", "eth0")): unreachable()})
    finding = Host(memory).guest("web1").address().shows(addresses=[])
    assert finding.trouble is not None and not finding.met and not finding.unmet and finding.facts == ()
    with pytest.raises(CouldNotLook):
        Host(memory).guest("web1").address().value("addresses")


def test_each_fact_is_read_once_a_pass_and_trouble_once_too() -> None:
    memory = Memory({("link", ("br0",)): {"stp": True, "master": None}}, {("cpu", ()): unreachable()})
    seen = Host(memory)
    for _ in range(3):
        assert seen.link("br0").shows(stp=True).met
        assert seen.link("br0").shows(stp=True, master=None).met
        assert seen.link("br9").shows(stp=True).missing
        assert seen.cpu().shows(count=1).trouble
    assert memory.asked == [
        ("link", ("br0",), ("stp",)), ("link", ("br0",), ("master",)), ("link", ("br9",), ("stp",)),
        ("cpu", (), ("count",)),
    ]  # fmt: skip
    seen.refresh()
    assert seen.link("br0").shows(stp=True).met and len(memory.asked) == 5


def test_value_is_raw_and_none_when_missing() -> None:
    seen = host(br0={"addresses": ["10.0.0.12/24"]})
    assert seen.link("br0").value("addresses") == ["10.0.0.12/24"] and seen.link("br0").value("exists") is True
    assert seen.link("br9").value("addresses") is None and seen.link("br9").value("exists") is False


def test_a_reading_may_bring_its_own_command() -> None:
    class Own:
        def read(self, kind: str, key: Key, names: object) -> Answer:
            return {"format": Reading("raw", "file /x.img")}

    assert Host(Own()).image_file("/x.img").shows(format="qcow2").facts[0].see == "file /x.img"


def test_what_a_guest_says_is_made_safe() -> None:
    text = "\x1b]0;x\x07" + "A" * 10**6
    finding = host(br0={"master": text}).link("br0").shows(master="ens33")
    assert len(finding.facts[0].found) == 200 and finding.facts[0].found.isprintable()


def test_odd_things_can_be_expected() -> None:
    finding = expect("the answer", "number", found="5\x07", wanted=contains("7"), see="cat answer")
    assert finding.facts[0].to_json() == {
        "name": "number", "wanted": "7 in it", "found": "5\\x07", "met": False, "see": "cat answer", "rehearsed": False,
    }  # fmt: skip
