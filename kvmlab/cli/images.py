"""Which images there are by name, and which of them the course needs."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kvmlab.errors import UsageError
from kvmlab.words import t

if TYPE_CHECKING:
    from kvmlab.cli.context import Context

HOSTS = {"host": "full", "bare": "bare", "desk": "desk"}
"""The kinds of host image, as they are called here, and what a lab calls them."""


def known_images(names: Sequence[str]) -> list[str]:
    """`names`, all of which have a recipe; UsageError for one that has none."""
    from kvmlab.images.guest import OURS
    from kvmlab.images.iso import ISOS

    known = (*HOSTS, *OURS, *ISOS)
    for name in names:
        if name not in known:
            message = t("`{name}` has no recipe; these have: {known}.", name=name[:60], known=", ".join(known))
            raise UsageError(message, "kvmlab image list")
    return list(names)


def needed_images(ctx: Context) -> list[str]:
    """The host image, `small`, and whatever else the labs of the course start from and we have a recipe of."""
    from kvmlab.errors import AuthorError
    from kvmlab.images.guest import OURS
    from kvmlab.images.iso import ISOS

    names = {"small"}
    for lab_id in ctx.course.ids:
        with contextlib.suppress(AuthorError):  # a lab that is being written
            lab = ctx.course.lab(lab_id)
            names |= {lab.host, *(guest.image for guest in lab.guests), *(iso.image for iso in lab.isos)}
    return ["host", *(name for name in (*HOSTS, *OURS, *ISOS) if name in names)]
