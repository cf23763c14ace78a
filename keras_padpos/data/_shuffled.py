"""Shuffle what is read one by one."""

import itertools
from collections.abc import Iterator
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def shuffled(
    items: Iterator[Item], buffer: int | None, rng: np.random.Generator
) -> Iterator[Item]:
    """Shuffles an iterator.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> sorted(shuffled(iter(range(5)), 2, rng))
    [0, 1, 2, 3, 4]

    Args:
        items: What to shuffle.
        buffer: How many are held in memory at once. `None`: all, which makes
            every order equally likely.
        rng: Draws the order.

    Yields:
        Each item once.
    """
    held = list(itertools.islice(items, buffer))
    for item in items:
        place = rng.integers(len(held))
        held[place], item = item, held[place]
        yield item
    for place in rng.permutation(len(held)):
        yield held[place]
