"""A guest's network: addresses, routes, names, and what its next boot does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from kvmlab.checks.reader import CAUSES, Key, MissingObject, Reading
from kvmlab.guest.connection import GuestConnection
from kvmlab.guest.covered import covers
from kvmlab.guest.ip_output import Nic, parse_routes
from kvmlab.guest.system import processes
from kvmlab.remote.parsing.readings import chosen_route, resolv_conf

Facts = Mapping[str, object]


def addresses(guest: GuestConnection, key: Key) -> Facts:
    """GuestAddressesFacts."""
    nics = [nic for nic in guest.nics().values() if not nic.loopback]
    return {"addresses": [one for nic in nics for one in nic.addresses], "links": [nic.name for nic in nics]}


def address(guest: GuestConnection, key: Key, names: Sequence[str]) -> Facts | MissingObject:
    """GuestAddressFacts."""
    nics = guest.nics()
    nic = nics.get(key[2])
    if nic is None:
        return MissingObject("no such link", tuple(nics))
    dynamic = _dynamic(guest, nic) if "dynamic" in names else False
    return {"addresses": nic.addresses, "mac": nic.mac, "up": nic.up, "dynamic": dynamic, "mtu": nic.mtu}


_CLIENTS = re.compile(r"\b(udhcpc|dhclient|dhcpcd)\b")


def _dynamic(guest: GuestConnection, nic: Nic) -> bool:
    clients = [args for args in processes(guest) if _CLIENTS.search(args)]
    own = any(nic.name in args.split() for args in clients)
    return bool(nic.addresses) and (nic.dynamic or own)


def route(guest: GuestConnection, key: Key) -> Facts | MissingObject:
    """RouteFacts."""
    return chosen_route(parse_routes(guest.snapshot("route").text("route")), key[2])


def stored(guest: GuestConnection, key: Key) -> Facts | MissingObject:
    """StoredNetworkFacts. Each reading names the file it is from."""
    from kvmlab.guest.netconfig.model import Device, Kept  # late: few checks ask, and there are five readers
    from kvmlab.guest.netconfig.next_boot import stored_network

    nic = guest.nics().get(key[2])
    kept = Kept({**guest.snapshot("config").texts, **guest.snapshot("resolv").texts})
    found = stored_network(kept, Device(key[2], nic.mac if nic else None))
    if found is None:
        offers = tuple(nic.name for nic in guest.nics().values() if not nic.loopback)
        return MissingObject("nothing is stored for it", offers if nic is None else ())
    dns = found.dns or (_kept_dns(guest) if found.method == "static" else [])
    address = next(iter(found.addresses), None)
    facts = {"method": found.method, "address": address, "gateway": found.gateway, "dns": dns}
    see = shlex.join(("ssh", guest.name, shlex.join(("cat", found.config))))
    return {name: Reading(value, see) for name, value in facts.items()} | {CAUSES: Reading(tuple(covers(guest)))}


def _kept_dns(guest: GuestConnection) -> list[str]:
    """Where nothing says otherwise, a static interface leaves resolv.conf as it is; a link into /run is lost."""
    answer = guest.snapshot("resolv")
    if answer.text("resolv-link").startswith(("/run", "../run")):
        return []
    return resolv_conf(answer.text("resolv"))["servers"]


def resolver(guest: GuestConnection, key: Key) -> Facts:
    """ResolverFacts."""
    return resolv_conf(guest.snapshot("resolv").text("resolv"))


def name(guest: GuestConnection, key: Key) -> Facts:
    """NameFacts, as getent or nslookup in the guest says: each shows the one that the guest has."""
    answer = guest.ask("resolve", key[2])
    if answer.texts.get("hosts") is not None:
        found = [line.split()[0] for line in answer.lines("hosts")]
    else:
        _, _, text = answer.text("nslookup").partition("Name:")
        found = re.findall(r"^Address(?: \d+)?:\s*(\S+)", text, re.MULTILINE)
    found = list(dict.fromkeys(found))
    facts = {"address": next((one for one in found if ":" not in one), None), "addresses": found}
    if answer.texts.get("hosts") is None:
        return facts
    to = guest.address if guest.address and "%" not in guest.address else guest.name
    see = shlex.join(("ssh", to, "getent", "ahostsv4", key[2]))
    return {name: Reading(value, see) for name, value in facts.items()}


def reach(guest: GuestConnection, key: Key) -> Facts:
    """ReachFacts."""
    if key[3]:
        return {"answers": guest.ask("connect", key[2], key[3]).text("status") == "0"}
    return {"answers": re.search(r"\b1 (packets )?received", guest.ask("reach", key[2]).text("ping")) is not None}
