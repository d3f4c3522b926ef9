"""Imports paramiko when it is first needed, and silences it."""

from __future__ import annotations

import sys
import threading
from functools import cache
from types import ModuleType

_importing = threading.Lock()


def paramiko_module() -> ModuleType:
    """paramiko, imported on first use (130 ms, or 80 ms without the modules that it imports and we do not need)."""
    with _importing:
        if "paramiko" not in sys.modules:
            # HACK: paramiko.config imports invoke (50 ms) for `Match exec` of ssh_config, which is never read here,
            # and does without where there is none. Can go when paramiko imports it late.
            absent = "invoke" not in sys.modules
            if absent:
                sys.modules["invoke"] = None  # type: ignore[assignment]
            try:
                import paramiko
            finally:
                if absent:
                    del sys.modules["invoke"]
        _tame()
        import paramiko
    module: ModuleType = paramiko
    return module


@cache
def _tame() -> None:
    """paramiko logs what it also raises: without a handler Python would print that. And at exit it would wait for
    each of its threads, which may wait for a peer."""
    import atexit
    import logging

    from paramiko import transport

    if lingering := getattr(transport, "_join_lingering_threads", None):
        atexit.unregister(lingering)
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    logging.getLogger("paramiko").propagate = False
