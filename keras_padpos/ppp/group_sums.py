"""Sums over some units, kept apart by groups of pictures."""

from collections.abc import Mapping

import numpy as np

GROUPS = 32
"""At most so many groups of pictures are kept apart."""

UNITS = 32768
"""At most so many units of a layer are kept by group."""

_EVEN = 4 / 3


class GroupSums:
    """What intervals are computed from: sums of some units, group by group.

    Crops of one picture resemble each other, so a picture goes whole into one
    group; leaving groups out tells how a figure varies with other pictures.
    Groups hold equally many pictures: one each up to 32 pictures, then 2, 4
    and so on, pictures of neighbouring numbers together. Keeping the sums of
    all units that often would take too much memory, so it is done for units
    drawn at random.

    Example: 33 pictures, of which two and two share a group.

    >>> sums = GroupSums(1, 2)
    >>> sums.update(np.arange(33), np.ones((33, 1, 2)))
    >>> sums.counts.tolist() == [2] * 16 + [1]
    True
    >>> left_out, _ = sums.without_each()
    >>> left_out.tolist() == [31] * 16
    True

    Args:
        powers: How many figures are summed for each unit, such as a value and
            its square.
        units: Number of units.
    """

    def __init__(self, powers: int, units: int) -> None:
        self._shape = powers, units
        # A group is of the pictures whose numbers agree but for so many bits:
        # the same ones in whatever order they come, and after a merge.
        self._bits = 0
        self._counts: dict[int, int] = {}
        self._sums: dict[int, np.ndarray] = {}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "GroupSums":
        """Make it from what `state` returned."""
        made = cls(*state["sums"].shape[1:])
        made._bits = int(state["bits"])
        keys = state["keys"].tolist()
        made._counts = dict(zip(keys, state["counts"].tolist(), strict=True))
        made._sums = dict(zip(keys, state["sums"].copy(), strict=True))
        return made

    def state(self) -> dict[str, np.ndarray]:
        """Everything it holds, as arrays by name."""
        return {
            "bits": np.array(self._bits),
            "keys": np.array(sorted(self._counts), "int64"),
            "counts": self.counts,
            "sums": self.sums,
        }

    @property
    def counts(self) -> np.ndarray:
        """`(groups,)`, crops, in the order of the pictures' numbers."""
        counts = [self._counts[key] for key in sorted(self._counts)]
        return np.array(counts, "int64")

    @property
    def sums(self) -> np.ndarray:
        """`(groups, powers, units)`, likewise."""
        rows = [self._sums[key] for key in sorted(self._sums)]
        return np.array(rows, "float64").reshape(len(rows), *self._shape)

    def update(self, numbers: np.ndarray, values: np.ndarray) -> None:
        """Take in some crops.

        Args:
            numbers: `(crops,)`, which picture each is from.
            values: `(crops, powers, units)`.
        """
        for number, value in zip(numbers, values, strict=True):
            self._add(int(number) >> self._bits, 1, value)

    def merge(self, other: "GroupSums") -> None:
        """Take another's sums into one's own."""
        self._coarsen(other._bits)
        for key, count in other._counts.items():
            # Either may be the coarser one, and each addition make this one so.
            own = key >> (self._bits - other._bits)
            self._add(own, count, other._sums[key])

    def without_each(self) -> tuple[np.ndarray, np.ndarray]:
        """Counts and sums with each group left out.

        A group that has not about as many crops as most is never left out, as
        the last one, where it could not be filled.

        Returns:
            `(left out,)` and `(left out, powers, units)`.
        """
        counts, sums = self.counts, self.sums
        typical = np.median(counts) if len(counts) else 0
        even = (counts <= _EVEN * typical) & (counts >= typical / _EVEN)
        return (
            counts.sum() - counts[even],
            sums.sum(axis=0) - sums[even],
        )

    def _add(self, key, count, values):
        if key in self._counts:
            self._counts[key] += count
            self._sums[key] += values
            return
        self._counts[key] = count
        self._sums[key] = np.array(values, "float64")
        while len(self._counts) > GROUPS:
            self._coarsen(self._bits + 1)

    def _coarsen(self, bits):
        """Join groups until their pictures agree but for so many bits."""
        further = bits - self._bits
        if further <= 0:
            return
        counts, sums = self._counts, self._sums
        self._bits, self._counts, self._sums = bits, {}, {}
        for key in sorted(counts):
            self._add(key >> further, counts[key], sums[key])
