"""The host that a lab runs on: where every noun of a checker begins."""

from __future__ import annotations

from typing import Literal

from kvmlab.checks.reader import OncePerPass, Reader, Want
from kvmlab.checks.vocabulary.domain import Domain, DomainFile, domain
from kvmlab.checks.vocabulary.files import File, Note
from kvmlab.checks.vocabulary.guest import Guest
from kvmlab.checks.vocabulary.link import Flow, Link, Listener, Name, Reach, Resolver, Route, Web
from kvmlab.checks.vocabulary.network import Network
from kvmlab.checks.vocabulary.snapshot import Snapshot
from kvmlab.checks.vocabulary.storage import ImageFile, Pool, Volume
from kvmlab.checks.vocabulary.system import Account, Cpu, Inventory, Login, Module, Package, Process, Service, Sysctl


class Host:
    """A KVM host as a checker sees it. Reads go through `reader`, each fact once per pass."""

    def __init__(self, reader: Reader) -> None:
        self._reader = OncePerPass(reader)

    @property
    def reader(self) -> Reader:
        """What its nouns read from, each fact once per pass."""
        return self._reader

    def refresh(self) -> None:
        """A new pass begins: everything is read again."""
        self._reader.refresh()

    @property
    def prefetches(self) -> bool:
        """Whether it helps the reader to be told beforehand."""
        return hasattr(self._reader.reader, "prefetch")

    def prefetch(self, wants: list[Want]) -> None:
        """Let the reader fetch at once what this pass will most likely ask."""
        self._reader.prefetch(wants)

    # libvirt

    def domain(self, name: str) -> Domain:
        """The domain of exactly this name; `.stored` is what its next start uses."""
        return domain(self._reader, name)

    def domain_file(self, path: str) -> DomainFile:
        """The definition of a domain that is kept in a file of the host."""
        return DomainFile(self._reader, (path,))

    def domains(self) -> Inventory:
        """All domains."""
        return Inventory(self._reader, ("domains",))

    def network(self, name: str) -> Network:
        """libvirt's network of exactly this name; `.stored` is what its next start uses."""
        return Network(self._reader, (name, "now"))

    def networks(self) -> Inventory:
        """All of libvirt's networks."""
        return Inventory(self._reader, ("networks",))

    def pool(self, name: str) -> Pool:
        """The storage pool of exactly this name."""
        return Pool(self._reader, (name, "now"))

    def pools(self) -> Inventory:
        """All pools."""
        return Inventory(self._reader, ("pools",))

    def volume(self, pool: str, name: str) -> Volume:
        """A volume of an active pool."""
        return Volume(self._reader, (pool, name))

    def snapshot(self, domain: str, name: str) -> Snapshot:
        """A snapshot of a domain."""
        return Snapshot(self._reader, (domain, name))

    # the host's own network

    def link(self, name: str) -> Link:
        """A network device; a bridge is one too."""
        return Link(self._reader, (name,))

    bridge = link

    def route(self, destination: str = "default") -> Route:
        """The route to exactly this destination: "default" or "10.2.0.0/16"."""
        return Route(self._reader, (destination,))

    def resolver(self) -> Resolver:
        """Whom the host asks for names."""
        return Resolver(self._reader, ())

    def resolves(self, name: str, server: str = "") -> Name:
        """What a name resolves to, for the host or (server) for one name server."""
        return Name(self._reader, (name, server))

    def reach(self, to: str, *, from_: Literal["host", "peer", "gateway"] = "host", port: int | None = None) -> Reach:
        """The way to an address (or a TCP port there) from the host, or from its LAN's peer or gateway."""
        return Reach(self._reader, (from_, to, "" if port is None else str(port)))

    def flow(self, source: str, to: str) -> Flow:
        """What the host makes of packets that it passes on between two addresses, as of the last ping."""
        return Flow(self._reader, (source.partition("/")[0], to.partition("/")[0]))

    def listen(self, port: int, address: str = "127.0.0.1") -> Listener:
        """A TCP port of the host, tried at `address`."""
        return Listener(self._reader, (address, str(port)))

    def web(self, url: str) -> Web:
        """A web page that the host serves: "https://127.0.0.1:9090/"."""
        return Web(self._reader, (url,))

    # the host's system

    def file(self, path: str) -> File:
        """A file or directory of the host."""
        return File(self._reader, (path,))

    def note(self, path: str, name: str) -> Note:
        """What stands after NAME= in a file of the host."""
        return Note(self._reader, (path, name))

    def image_file(self, path: str) -> ImageFile:
        """A disk image of the host."""
        return ImageFile(self._reader, (path,))

    def package(self, name: str) -> Package:
        """A package of the host's distribution."""
        return Package(self._reader, (name,))

    def service(self, name: str) -> Service:
        """A systemd unit of the host."""
        return Service(self._reader, (name,))

    def process(self, pattern: str = "", *, domain: str = "") -> Process:
        """Processes whose command line fits a regular expression, or a domain's qemu."""
        return Process(self._reader, ("domain", domain) if domain else ("pattern", pattern))

    def sysctl(self, name: str) -> Sysctl:
        """A kernel parameter: "net.ipv4.ip_forward"."""
        return Sysctl(self._reader, (name,))

    def module(self, name: str) -> Module:
        """A kernel module: "kvm_intel"."""
        return Module(self._reader, (name,))

    def account(self, name: str) -> Account:
        """An account of the host, root or a person's."""
        return Account(self._reader, (name,))

    def login(self, service: str, name: str) -> Login:
        """Whether PAM lets an account in through a service: `host.login("cockpit", "ops")`."""
        return Login(self._reader, (service, name))

    def cpu(self) -> Cpu:
        """The host's processors."""
        return Cpu(self._reader, ())

    # guests

    def guest(self, name: str, address: str | None = None) -> Guest:
        """The guest in the domain `name`: at `address`, or wherever the host finds it."""
        return Guest(self._reader, (name, (address or "").partition("/")[0]))
