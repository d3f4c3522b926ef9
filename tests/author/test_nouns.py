"""The reference of nouns and facts has what the vocabulary has, each under a name that a checker can write."""

from __future__ import annotations

import re

import pytest

from kvmlab.author.nouns import names, nouns, nouns_with
from kvmlab.checks import Host
from kvmlab.checks.facts import specs
from kvmlab.checks.reader import DryRun
from kvmlab.checks.subject import Subject
from tests.checks.test_vocabulary import NOUNS


def test_each_noun_of_the_vocabulary_is_there_once_with_all_its_facts() -> None:
    about = {noun.about: [fact.name for fact in noun.facts] for noun in nouns().values()}
    assert about == {cls.__doc__: list(specs(cls.facts)) for cls in NOUNS}
    assert len(nouns()) == len(NOUNS)


@pytest.mark.parametrize("path", nouns())
def test_a_noun_is_called_as_it_says(path: str) -> None:
    """Its first call, with a text for each placeholder, makes a noun with these facts."""
    call = nouns()[path].calls[0].partition(" | ")[0] + ")" * (" | " in nouns()[path].calls[0])
    words = dict.fromkeys(re.findall(r"\b[A-Z]{2,}\b", call), "x")
    subject = eval(call.replace("=…", "=None"), {"host": Host(DryRun()), **words})
    assert isinstance(subject, Subject)
    assert [fact.name for fact in nouns()[path].facts] == list(specs(subject.facts))


@pytest.mark.parametrize("path", nouns())
def test_the_command_of_a_fact_has_nothing_left_to_fill_in_but_placeholders(path: str) -> None:
    for fact in nouns()[path].facts:
        assert fact.command and fact.meaning and fact.type
        assert "{0}" not in fact.command and "{1}" not in fact.command


def test_a_noun_is_found_by_every_name_it_has() -> None:
    assert (names()["bridge"], names()["networks"], names()["domain.live.disk"]) == ("link", "domains", "domain.disk")
    assert nouns()["link"].calls == ("host.link(LINK)", "host.bridge(BRIDGE)")
    assert nouns_with("master") == ["link", "link.stored"] and nouns_with("nonsense") == []


def test_what_is_about_the_next_start_is_marked() -> None:
    ahead = {(path, fact.name): fact.next_start for path, noun in nouns().items() for fact in noun.facts}
    assert ahead["domain.stored", "vcpus"] and not ahead["domain.live", "vcpus"]
    assert ahead["link.stored", "master"] and not ahead["link", "master"]
