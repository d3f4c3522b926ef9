"""Steps at which kvmlab can be made to die, so that tests can kill it at every one of them.

`killpoint("start.container")` marks a point after which something outside is different from before.
With KVMLAB_DIE_AT=start.container in the environment the process kills itself there with SIGKILL:
no clean-up runs, as when the power fails.
"""

from __future__ import annotations

import os
import signal

_DIE_AT = os.environ.get("KVMLAB_DIE_AT")


def killpoint(name: str) -> None:
    """Do nothing, unless the test that runs us wants us dead at `name`."""
    if name == _DIE_AT:
        os.kill(os.getpid(), signal.SIGKILL)
