"""A picture of a lab host: what is plugged into what, and which guest has which disks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kvmlab.observe.topology import MapDomain, MapLink, Plug, Topology
from kvmlab.report.plain import TextPage, cells, fit
from kvmlab.safe_text import clean
from kvmlab.words import t

Branch = tuple[str, str]  # a name, and what is said of it


def print_map(page: TextPage, found: Topology) -> None:
    """Bridges with their ports, other links, then the guests with their disks and interfaces."""
    owners = {plug.target: (domain, plug) for domain in found.domains for plug in domain.plugs if plug.target}
    for link in found.links:
        if link.bridge:
            _tree(page, link.name, _link(link, found), list(_ports(link, found, owners)))
    for link in found.links:
        if not link.bridge and not link.master and link.name not in owners:
            _tree(page, link.name, _link(link, found), [])
    for domain in found.domains:
        page.line()
        _tree(page, domain.name, domain.state, list(_parts(domain)))


def _tree(page: TextPage, name: str, said: str, branches: Sequence[Branch]) -> None:
    page.line(f"{page.paint(clean(name), 'bold cyan')}  {clean(said)}".rstrip())
    widest = max((cells(clean(one)) for one, _ in branches), default=0)
    for number, (one, what) in enumerate(branches, 1):
        corner = "└─" if number == len(branches) else "├─"
        page.line(f" {page.paint(corner, 'dim')} {page.paint(fit(one, widest), 'cyan')}  {clean(what)}")


def _link(link: MapLink, found: Topology) -> str:
    words = [*link.addresses, *([] if link.up else [t("down")])]
    if link.name in found.networks:
        words.append(t("network {name}, {mode}", name=found.networks[link.name][0], mode=found.networks[link.name][1]))
    return ", ".join(words)


def _ports(bridge: MapLink, found: Topology, owners: dict[str, tuple[MapDomain, Plug]]) -> Iterator[Branch]:
    for link in found.links:
        if link.master != bridge.name:
            continue
        if link.name in owners:
            domain, plug = owners[link.name]
            yield link.name, f"{domain.name}  {plug.mac}  {plug.model}"
        else:
            yield link.name, _link(link, found)


def _parts(domain: MapDomain) -> Iterator[Branch]:
    for disk in domain.disks:
        yield disk.target, f"{disk.source or t('empty')}  {disk.format}".rstrip()
    for plug in domain.plugs:
        yield plug.target or plug.mac, f"{plug.source}  {plug.mac}  {plug.model}".rstrip()
