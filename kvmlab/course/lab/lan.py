"""The simulated LAN in which every lab host stands, as labs see it: the parameter `lan`."""

from __future__ import annotations

from typing import Any

LAN: dict[str, Any] = {
    "nic": "ens33",
    "address": "10.0.0.12/24",
    "ip": "10.0.0.12",
    "prefix": 24,
    "gateway": "10.0.0.2",
    "dns": "10.0.0.2",
    "peer": "10.0.0.50",
    "domain": "lan.test",
    "names": {"gateway.lan.test": "10.0.0.2", "peer.lan.test": "10.0.0.50", "www.lan.test": "10.0.0.50"},
}

# What exists on every lab host besides: no variant may draw one of these.
TAKEN = ("lo", "virbr0", "default", "192.168.122.1", "52:54:00:6b:76:01")
