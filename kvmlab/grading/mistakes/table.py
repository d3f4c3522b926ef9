"""All known mistakes. Under a finding the first that fits is said, so what explains more comes first."""

from __future__ import annotations

from kvmlab.grading.mistakes.definitions import DEFINITIONS
from kvmlab.grading.mistakes.inside import INSIDE
from kvmlab.grading.mistakes.network import NETWORK
from kvmlab.grading.mistakes.reach import REACH
from kvmlab.grading.mistakes.running import RUNNING
from kvmlab.grading.mistakes.storage import STORAGE

PATTERNS = (*STORAGE, *DEFINITIONS, *RUNNING, *NETWORK, *REACH, *INSIDE)
