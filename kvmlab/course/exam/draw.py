"""Drawing an exam's labs and questions: by chapter and weight, the same from the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")
Pools = Mapping[str, Sequence[Thing]]


def draw_apart(draw: random.Random, pools: Pools[Thing], weights: Mapping[str, int], n: int) -> list[Thing]:
    """`n` things (or all), by chance; a chapter's weight is its chance, and none comes again before every other came.

    For labs: few are drawn, and they should be about different chapters.
    """
    left = _weighty(pools, weights)
    drawn: list[Thing] = []
    turn: list[str] = []
    while left and len(drawn) < n:
        turn = turn or list(left)
        name = draw.choices(turn, [weights[one] for one in turn])[0]
        turn.remove(name)
        drawn.append(left[name].pop(draw.randrange(len(left[name]))))
        if not left[name]:
            del left[name]
    return drawn


def draw_shared(draw: random.Random, pools: Pools[Thing], weights: Mapping[str, int], n: int) -> list[Thing]:
    """`n` things (or all), shared out among the chapters by their weights (d'Hondt's highest averages), mixed.

    For questions: many are drawn, so each chapter can have its share.
    """
    left = _weighty(pools, weights)
    for pool in left.values():
        draw.shuffle(pool)
    taken = dict.fromkeys(left, 0)
    drawn: list[Thing] = []
    while left and len(drawn) < n:
        name = max(left, key=lambda one: weights[one] / (taken[one] + 1))
        taken[name] += 1
        drawn.append(left[name].pop())
        if not left[name]:
            del left[name]
    draw.shuffle(drawn)
    return drawn


def _weighty(pools: Pools[Thing], weights: Mapping[str, int]) -> dict[str, list[Thing]]:
    """The pools that have something in them and count for something."""
    return {name: list(pool) for name, pool in pools.items() if pool and weights.get(name, 0) > 0}
