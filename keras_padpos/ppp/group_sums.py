"""Sums over some units, kept apart by groups of pictures."""

from collections.abc import Mapping

import numpy as np

GROUPS = 32
"""Pictures are dealt out to so many groups, in turn."""

UNITS = 32768
"""At most so many units of a layer are kept by group."""


class GroupSums:
    """What intervals are computed from: sums of some units, group by group.

    Crops of one picture resemble each other, so a picture goes whole into one
    group, that of its number modulo `GROUPS`; leaving groups out tells how a
    figure varies with other pictures. Keeping the sums of all units that often
    would take too much memory, so it is done for units drawn at random.

    Example:

    >>> sums = GroupSums(1, 2)
    >>> sums.update(np.array([0, 32]), np.ones((2, 1, 2)))
    >>> int(sums.counts[0]), sums.sums[0].tolist()
    (2, [[2.0, 2.0]])

    Args:
        powers: How many figures are summed for each unit, such as a value and
            its square.
        units: Number of units.

    Attributes:
        counts: `(GROUPS,)`, crops.
        sums: `(GROUPS, powers, units)`.
    """

    def __init__(self, powers: int, units: int) -> None:
        self.counts = np.zeros(GROUPS, "int64")
        self.sums = np.zeros((GROUPS, powers, units))

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "GroupSums":
        """Make it from what `state` returned."""
        made = cls(*state["sums"].shape[1:])
        made.counts, made.sums = state["counts"].copy(), state["sums"].copy()
        return made

    def state(self) -> dict[str, np.ndarray]:
        """Everything it holds, as arrays by name."""
        return {"counts": self.counts, "sums": self.sums}

    def update(self, numbers: np.ndarray, values: np.ndarray) -> None:
        """Take in some crops.

        Args:
            numbers: `(crops,)`, which picture each is from.
            values: `(crops, powers, units)`.
        """
        for number, value in zip(numbers, values, strict=True):
            self.counts[number % GROUPS] += 1
            self.sums[number % GROUPS] += value

    def merge(self, other: "GroupSums") -> None:
        """Take another's sums into one's own."""
        self.counts += other.counts
        self.sums += other.sums

    def without_each(self) -> tuple[np.ndarray, np.ndarray]:
        """Counts and sums with each group left out that is not empty.

        Returns:
            `(left out,)` and `(left out, powers, units)`.
        """
        filled = self.counts > 0
        return (
            self.counts.sum() - self.counts[filled],
            self.sums.sum(axis=0) - self.sums[filled],
        )
