"""Ridge regression from sums of products of features."""

from collections.abc import Sequence

import numpy as np

from keras_padpos.probes._by_column import by_column
from keras_padpos.probes._ridge_solve import ridge_solve
from keras_padpos.probes._standard_scale import standard_scale
from keras_padpos.probes.moments import Moments

# Rows of a large matrix worked on at once.
_STEP = 512


class PrimalRegression:
    """Ridge regression in as many unknowns as there are columns.

    Its memory is that of a few matrices of columns**2, whatever the number of
    pictures.

    Args:
        folds: Sums over the pictures to fit on, and, second, over those to
            hold out if there are any. Both with the same shift.
        subset: Names of the stages to use.
        targets: `(cells, targets)`.
    """

    def __init__(
        self,
        folds: Sequence[Moments],
        subset: Sequence[str],
        targets: np.ndarray,
    ) -> None:
        folds = [fold for fold in folds if fold.number]
        number = sum(fold.number for fold in folds)
        sums = [fold.sums(subset) for fold in folds]
        totals = [each.sum(axis=0) for each in sums]
        mean = sum(totals) / number
        self.mean = folds[0].shift(subset) + mean
        self.bias = (
            sum(by_column(fold.visits, targets) for fold in folds) / number
        )
        self._numbers = [fold.number for fold in folds]
        self._products = [fold.products(subset) for fold in folds]
        powers = sum(each.diagonal() for each in self._products)
        self.scale = standard_scale(powers / number - mean**2)
        targets = targets - self.bias
        self._slopes, self._powers = [], []
        for fold, each, total, products in zip(
            folds, sums, totals, self._products, strict=True
        ):
            each -= np.outer(fold.visits, mean)
            self._slopes.append(
                by_column(each.T, targets) / self.scale[:, None]
            )
            self._powers.append(by_column(fold.visits, targets**2))
            _standardise(products, fold.number, total, mean, self.scale)

    def weights(self, ridge: float, *, held_out: bool = True) -> np.ndarray:
        """Solve for the weights of the standardised columns.

        Args:
            ridge: Added to the diagonal of the correlation matrix.
            held_out: Whether to fit on the held-out pictures too.

        Returns:
            `(columns, targets)`.

        Raises:
            numpy.linalg.LinAlgError: If columns are linearly dependent.
        """
        folds = len(self._products) if held_out else 1
        number = sum(self._numbers[:folds])
        matrix = self._products[0] / number
        for products in self._products[1:folds]:
            matrix += products / number
        return ridge_solve(matrix, sum(self._slopes[:folds]) / number, ridge)

    def held_out_error(self, weights: np.ndarray) -> np.ndarray:
        """`(targets,)`, mean squared error on the held-out pictures."""
        crossed = 2 * self._slopes[1] - by_column(self._products[1], weights)
        explained = by_column(np.ones(len(weights)), weights * crossed)
        return (self._powers[1] - explained) / self._numbers[1]


def _standardise(products, number, total, mean, scale):
    """Make sums of products those of standardised columns, in place."""
    for start in range(0, len(products), _STEP):
        rows = slice(start, start + _STEP)
        part = products[rows]
        part -= np.outer(total[rows], mean)
        part -= np.outer(mean[rows], total - number * mean)
        part /= scale
        part /= scale[rows, None]
