"""The Python programs of a lab host, which have no suffix, as modules."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

INSIDE = Path(__file__).parents[3] / "kvmlab" / "labhost" / "inside"


def load(name: str) -> ModuleType:
    """The program as a module of its own, freshly loaded."""
    loader = SourceFileLoader(f"inside_{name}", str(INSIDE / name))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module
