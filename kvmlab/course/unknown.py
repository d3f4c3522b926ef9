"""The errors for a lab or a task that does not exist. Apart from `names`, which every start of kvmlab imports."""

from __future__ import annotations

from collections.abc import Sequence

from kvmlab.errors import UsageError
from kvmlab.nearest import nearest
from kvmlab.safe_text import shown
from kvmlab.words import t


def no_lab(lab_id: str, known: Sequence[str]) -> UsageError:
    """The error for an unknown lab; `bridge` or `network` alone finds `network-bridge`."""
    parts = [name for name in known if lab_id in name.split("-", 1)]
    meant = parts[0] if parts else nearest(lab_id, known)
    if meant:
        message = t("No lab is called `{name}`. Did you mean `{meant}`?", name=shown(lab_id), meant=meant)
    else:
        message = t("No lab is called `{name}`.", name=shown(lab_id))
    return UsageError(message, "kvmlab list")


def no_task(lab_id: str, task_id: str, known: Sequence[str]) -> UsageError:
    """The error for an unknown task of a lab."""
    meant = nearest(task_id, known)
    if meant:
        text = t("{lab} has no task `{name}`. Did you mean `{meant}`?", lab=lab_id, name=shown(task_id), meant=meant)
    else:
        text = t("{lab} has no task `{name}`.", lab=lab_id, name=shown(task_id))
    return UsageError(text, f"kvmlab show {lab_id}")
