"""Means and variances of arrays that come in batch by batch."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.errors import InputError

# Elements merged at once: few enough to stay in a core's cache.
_BLOCK = 1 << 15


class SplitMoments:
    """Mean of each part of a sample, and variance of all of it.

    Kept in float64: for each part a count and a mean, for all parts together
    the sum of squares about the common mean. Two of them merge into that of
    both samples by the pairwise rule of Chan, Golub and LeVeque, which does
    not lose digits however large the mean is beside the deviation. A batch is
    a small sample of its own.

    Example:

    >>> both = SplitMoments([2], np.array([[1.5]]), np.array([0.5]))
    >>> both.merge(SplitMoments([1], np.array([[6.0]]), np.array([0.0])))
    >>> both.mean, both.variance
    (array([3.]), array([7.]))

    Args:
        counts: `(parts,)`, how much each part holds.
        means: `(parts, *shape)`; of no account where a part is empty.
        squares: `(*shape)`, sum of squares about the mean of all.

    Source:
        Chan, Golub and LeVeque, *Updating formulae and a pairwise algorithm
        for computing sample variances* (1979).
    """

    def __init__(
        self,
        counts: Sequence[int] | np.ndarray,
        means: np.ndarray,
        squares: np.ndarray,
    ) -> None:
        self.counts = np.array(counts, "int64")
        # In C's order, so that `merge` may work on flat views.
        self.means = np.array(means, "float64", order="C")
        self.squares = np.array(squares, "float64", order="C")

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> "SplitMoments":
        """Make it from what `state` returned."""
        return cls(state["counts"], state["means"], state["squares"])

    def state(self) -> dict[str, np.ndarray]:
        """Everything it holds, as arrays by name."""
        return {
            "counts": self.counts,
            "means": self.means,
            "squares": self.squares,
        }

    @property
    def count(self) -> int:
        """How much all parts hold together."""
        return int(self.counts.sum())

    @property
    def mean(self) -> np.ndarray:
        """`(*shape)`, the mean of all."""
        return _weighted(self.counts / self.count, self.means)

    @property
    def variance(self) -> np.ndarray:
        """`(*shape)`, with one less than the count below the line; at least 2.

        Raises:
            ValueError: If the count is less than 2.
        """
        if self.count < 2:
            raise InputError(
                f"A variance takes at least 2 samples. Received: {self.count}"
            )
        return self.squares / (self.count - 1)

    def merge(self, other: "SplitMoments") -> None:
        """Take another sample's parts into one's own.

        Args:
            other: Of the same parts and shape; left alone.
        """
        own, theirs = self.counts, other.counts
        together = own + theirs
        if not theirs.sum():
            return
        if not own.sum():
            self.counts = theirs.copy()
            self.means = other.means.copy()
            self.squares = other.squares.copy()
            return
        share = own / own.sum()
        their_share = theirs / theirs.sum()
        # How far a part's mean moves towards that of the other's part.
        step = np.where(theirs > 0, theirs / np.maximum(together, 1), 0.0)
        factor = own.sum() * theirs.sum() / together.sum()
        parts = len(own)
        means, squares = self.means.reshape(parts, -1), self.squares.ravel()
        new_means = other.means.reshape(parts, -1)
        new_squares = other.squares.ravel()
        for start in range(0, squares.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            old, new = means[:, block], new_means[:, block].copy()
            apart = _weighted(their_share, new) - _weighted(share, old)
            apart *= apart
            apart *= factor
            squares[block] += apart
            squares[block] += new_squares[block]
            new -= old
            new *= step[:, None]
            old += new
        self.counts = together


def _weighted(shares, means):
    """The mean of all; without BLAS, which may warn of what it reads beside."""
    return sum(share * mean for share, mean in zip(shares, means, strict=True))
