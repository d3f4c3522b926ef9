"""Every noun and every fact: a type, a command, a meaning, and nothing left to fill in."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvmlab.checks import Host, Params
from kvmlab.checks.facts import fact_names, specs
from kvmlab.checks.reader import Answer, Key, Reading
from kvmlab.checks.subject import Subject
from kvmlab.errors import AuthorError
from tests.checks.memory import Memory


def leaves(cls: type[Subject] = Subject) -> Iterator[type[Subject]]:
    for child in cls.__subclasses__():
        if "shows" in child.__dict__:
            yield child
        yield from leaves(child)


NOUNS = sorted(leaves(), key=lambda cls: cls.__name__)


def example(cls: type[Subject], reader: object) -> Subject:
    """One with a hostile name everywhere."""
    name = "a'b; rm -rf /\x1b"
    host = Host(reader)  # type: ignore[arg-type]
    guest, domain = host.guest(name), host.domain(name)
    made: list[Subject] = [
        domain, domain.remains, domain.stored, domain.live, domain.interface(mac=name), domain.disk(target=name),
        domain.console(),
        domain.graphics(), domain.snapshot(name), host.domains(), host.network(name), host.network(name).stored,
        host.network(name).lease(name), host.pool(name), host.pool(name).stored, host.volume(name, name),
        host.domain_file(name), host.flow(name, name), host.login(name, name),
        host.link(name), host.link(name).stored, host.route(name), host.resolver(), host.resolves(name),
        host.reach(name, port=22),
        host.listen(80, name), host.web(name), host.file(name), host.note(name, name),
        host.image_file(name), host.image_file(name).snapshot(name), host.package(name),
        host.service(name), host.process(name), host.sysctl(name), host.module(name), host.account(name),
        host.cpu(),
        guest, guest.addresses(), guest.address(name), guest.route(name), guest.mount(name), guest.filesystem(name),
        guest.file(name), guest.stored_network(name), guest.fstab(name), guest.service(name), guest.resolver(),
        guest.resolves(name), guest.module(name), guest.driver(name), guest.cpus(), guest.memory(), guest.block(name),
        guest.process(name), guest.reach(name, 22),
    ]  # fmt: skip
    return next(subject for subject in made if type(subject) is cls)


class Everything:
    """A reader that has every object, and no value for any fact."""

    def read(self, kind: str, key: Key, names: object) -> Answer:
        return {name: Reading(None) for name in names}  # type: ignore[attr-defined]


def test_there_are_as_many_nouns_as_the_course_needs() -> None:
    assert len(NOUNS) > 45 and sum(len(fact_names(cls.facts)) for cls in NOUNS) > 250


@pytest.mark.parametrize("cls", NOUNS, ids=lambda cls: cls.__name__)
def test_every_fact_has_a_type_a_meaning_and_a_command_that_is_complete(cls: type[Subject]) -> None:
    subject = example(cls, Everything())
    assert cls.__doc__ and cls.kind and subject.name.isprintable() and "{" not in subject.name
    for name, spec in specs(cls.facts).items():
        finding = subject._finding({name: _some(spec.type)})
        row = finding.facts[0]
        assert spec.meaning and row.see, (name, spec)
        assert not re.search(r"\{\w+\}", row.see) and row.see.isprintable(), row.see
        assert not re.search(r"\b(DOMAIN|GUEST|NAME|FILE|POOL)\b", row.see), "a student types it as it stands"
        assert shlex.split(row.see.replace("<(", "").replace("$(", "").replace(")", ""))  # quoted so that it parses


def test_stored_memory_is_shown_where_it_is_stored() -> None:
    """`virsh dominfo` tells of the guest that runs; and the agent is asked in the JSON that it understands."""
    guest = Host(Everything()).domain("web1")
    assert guest.shows(memory_mib=1).facts[0].see == "virsh dominfo web1"
    assert guest.stored.shows(memory_mib=1).facts[0].see == "virsh dumpxml --inactive web1 | grep -i memory"
    agent = guest.shows(agent=True).facts[0].see
    assert agent == """virsh qemu-agent-command web1 '{"execute":"guest-ping"}'"""


def _some(kind: object) -> object:
    text = str(kind)
    return "x" if text.startswith("str") else 1 if text.startswith("int") else True if text.startswith("bool") else (
        {} if "Mapping" in text else [])  # fmt: skip


def test_a_name_asked_of_a_server_is_shown_by_asking_that_server() -> None:
    """getent would ask another one, and show the student another answer."""
    finding = Host(Everything()).resolves("printer.test", "10.0.0.2").shows(address="10.0.0.9")
    assert finding.subject == "name printer.test, asked of 10.0.0.2"
    assert finding.facts[0].see == "dig +short +time=2 +tries=1 @10.0.0.2 printer.test"
    host = Host(Everything())
    assert host.resolves("printer.test").shows(address="10.0.0.9").facts[0].see == "getent ahostsv4 printer.test"


def test_kinds_name_one_thing_each() -> None:
    by_kind: dict[str, set[str]] = {}
    for cls in NOUNS:
        by_kind.setdefault(cls.kind, set()).add(cls.__name__)
    shared = {kind: names for kind, names in by_kind.items() if len(names) > 1}
    assert set(shared) == {"domain", "network", "pool"}  # the views: now, live, stored


def test_a_misspelt_fact_is_told_with_the_nearest() -> None:
    link = Host(Memory()).link("br0")
    with pytest.raises(AuthorError, match="link has no fact mastr; did you mean `master`"):
        link.shows(mastr="br0")  # type: ignore[call-arg]
    with pytest.raises(AuthorError, match="link has no fact zzz; it has"):
        link.value("zzz")
    with pytest.raises(AuthorError, match="master can never be 3"):
        link.shows(master=3)  # type: ignore[arg-type]
    with pytest.raises(AuthorError, match="stp can never be 1"):
        link.shows(stp=1)  # type: ignore[arg-type]
    with pytest.raises(AuthorError, match="mtu can never be True"):
        link.shows(mtu=True)


def test_a_device_is_chosen_in_exactly_one_way() -> None:
    domain = Host(Memory()).domain("web1")
    for choose in (lambda: domain.disk(), lambda: domain.interface(mac="x", index=0)):
        with pytest.raises(AuthorError, match="exactly one of"):
            choose()


MISSPELT = '''
from kvmlab.checks import *

@check(task="a")
def wrong(host: Host, lab: Params) -> Findings:
    """a"""
    yield host.link("a").shows(mastr="x")
    yield host.link("a").shows(master=3)
    yield host.link("a").shows(addresses="10.0.0.1")
    yield host.domain("a").stored.shows(state="running")

@check(task="a", needs=[wrong])
def right(host: Host, lab: Params) -> Findings:
    """b"""
    yield host.link("a").shows(master=None, addresses=[], stp=True, mtu=at_least(1500), exists=True)
    yield host.domain("a").shows(state=one_of("running", "paused"), vcpus=lab.vcpus, vcpu_pins={"0": "1"})
    yield host.guest("a", address=lab.address).address().shows(addresses=contains(lab.address))
    yield expect("x", "y", found=1, wanted=at_least(1))
'''


def test_mypy_names_a_misspelt_fact(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    path = tmp_path / "checker.py"
    path.write_text(MISSPELT, encoding="utf-8")
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", f"--cache-dir={tmp_path}", str(path)]
    said = subprocess.run(argv, cwd=root, capture_output=True, text=True, timeout=300).stdout
    lines = [int(found) for found in re.findall(r"checker\.py:(\d+): error", said)]
    assert lines == [7, 8, 9, 10], said
    assert 'did you mean "master"' in said


def test_params_are_named_in_the_sentence() -> None:
    assert Params({"a": 1}).fill("{a}") == "1"
