"""What a user may choose for good: $XDG_CONFIG_HOME/kvmlab/config.toml, ~/.config/kvmlab/config.toml.

spare = false       no lab host in waiting (kvmlab.setup.spare); KVMLAB_SPARE=0 says the same for once
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from kvmlab.errors import UsageError
from kvmlab.words import t


def spare_wanted() -> bool:
    """Whether the next lab host is made behind a lab that runs."""
    if (asked := os.environ.get("KVMLAB_SPARE")) is not None:
        return asked not in ("", "0")
    return bool(_settings().get("spare", True))


def config_file() -> Path:
    """Where the choices are kept (XDG base directory specification)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kvmlab/config.toml"


def _settings() -> dict[str, Any]:
    """UsageError for a file that is no TOML, or has a word in it that means nothing."""
    path = config_file()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(t("{path} cannot be read: {error}.", path=path, error=error)) from None
    for name, value in found.items():
        if name != "spare" or not isinstance(value, bool):
            raise UsageError(t("{path}: `{name}` means nothing here; there is `spare = false`.", path=path, name=name))
    return found
