"""Ridge regression from sums of products, and from rows."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
import scipy.linalg
from keras import ops

from keras_padpos.probes.moments import Moments


def by_column(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`matrix @ right`, a column at a time.

    BLAS adds up in another order when there are more columns, so that the
    product's last bits would depend on what stands beside a column.
    """
    return np.stack(
        [matrix @ np.ascontiguousarray(column) for column in right.T], axis=-1
    )


def ridge_solve(
    matrix: np.ndarray, right: np.ndarray, ridge: float
) -> np.ndarray:
    """Solve `(matrix + ridge * identity) @ x = right`; overwrites `matrix`."""
    matrix[np.diag_indices_from(matrix)] += ridge
    # LAPACK counts in columns: to it the transpose is the matrix as it lies.
    factor = scipy.linalg.cho_factor(
        matrix.T, lower=True, overwrite_a=True, check_finite=False
    )
    # Column by column, so that none depends on what stands beside it.
    columns = [
        scipy.linalg.cho_solve(
            factor, np.ascontiguousarray(column), check_finite=False
        )
        for column in right.T
    ]
    return np.stack(columns, axis=1)


SILENT = 1e-6
"""Added to the standard deviations by which features are divided.

Features that vary far less than this, in the network's own units, are thereby
left silent. It matters where nothing keeps activations in range: in a MobileNet
with random weights and uncalibrated BatchNorm most channels vary by 1e-19, far
too little for any network or optimiser to use, and enough for exact arithmetic.
"""


def standard_scale(variance: np.ndarray) -> np.ndarray:
    """What features are divided by: their deviation, and a little more."""
    return np.sqrt(np.maximum(variance, 0)) + SILENT


class StandardRows:
    """Rows, standardised in place: each column has mean 0, deviation 1."""

    def __init__(self, values: np.ndarray) -> None:
        shift = values.mean(axis=0, dtype="float64").astype("float32")
        values -= shift
        # What rounding of the shift left over.
        rest = values.mean(axis=0, dtype="float64")
        powers = np.einsum("nc,nc->c", values, values, dtype="float64")
        self.scale = standard_scale(powers / len(values) - rest**2)
        values -= rest.astype("float32")
        values /= self.scale.astype("float32")
        self.mean = shift.astype("float64") + rest
        self.values = values


# Rows of a large matrix worked on at once.
_MATRIX_ROWS = 512


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
    for start in range(0, len(products), _MATRIX_ROWS):
        rows = slice(start, start + _MATRIX_ROWS)
        part = products[rows]
        part -= np.outer(total[rows], mean)
        part -= np.outer(mean[rows], total - number * mean)
        part /= scale
        part /= scale[rows, None]


# Rows a step where a product is taken.
_ROWS_A_STEP = 2048


class DualRegression:
    """Ridge regression in as many unknowns as there are rows.

    The same solution as `PrimalRegression` for the same rows, by way of the
    rows' inner products (kernel ridge regression with a linear kernel). It
    serves where rows are fewer than columns, or columns too many for matrices
    of columns**2.

    Args:
        rows: From a stage's name to its rows.
        subset: Names of the stages to use.
        wanted: `(rows, targets)`.
        held_out: `(rows,)`, which rows to hold out; none by default.
    """

    def __init__(
        self,
        rows: Mapping[str, StandardRows],
        subset: Sequence[str],
        wanted: np.ndarray,
        held_out: np.ndarray | None = None,
    ) -> None:
        number = len(wanted)
        self._held = (
            np.zeros(number, bool) if held_out is None else np.array(held_out)
        )
        self._stages = [rows[name].values for name in subset]
        self.mean = np.concatenate([rows[name].mean for name in subset])
        self.scale = np.concatenate([rows[name].scale for name in subset])
        self.bias = by_column(np.full(number, 1 / number), wanted)
        self._wanted = wanted - self.bias
        self._inner = np.zeros((number, number))
        steps = [
            slice(at, at + _ROWS_A_STEP)
            for at in range(0, number, _ROWS_A_STEP)
        ]
        for values in self._stages:
            for index, right in enumerate(steps):
                turned = ops.transpose(ops.convert_to_tensor(values[right]))
                # The upper triangle is all that the solver reads.
                for left in steps[: index + 1]:
                    part = ops.matmul(
                        ops.convert_to_tensor(values[left]), turned
                    )
                    self._inner[left, right] += ops.convert_to_numpy(part)

    def weights(self, ridge: float, *, held_out: bool = True) -> np.ndarray:
        """Solve for the weights of the standardised columns.

        Args:
            ridge: Added to the diagonal of the correlation matrix.
            held_out: Whether to fit on the held-out rows too.

        Returns:
            `(columns, targets)`.

        Raises:
            numpy.linalg.LinAlgError: If rows are linearly dependent and there
                is no ridge.
        """
        used = np.flatnonzero(~self._held | held_out)
        matrix = self._inner[np.ix_(used, used)]
        matrix /= len(used)
        shares = ridge_solve(matrix, self._wanted[used] / len(used), ridge)
        return np.concatenate(
            [_turned_product(values, used, shares) for values in self._stages]
        )

    def held_out_error(self, weights: np.ndarray) -> np.ndarray:
        """`(targets,)`, mean squared error on the held-out rows."""
        held = np.flatnonzero(self._held)
        ends = np.cumsum([values.shape[1] for values in self._stages])
        parts = np.split(weights.astype("float32"), ends[:-1])
        maps = sum(
            by_column(values[held], part)
            for values, part in zip(self._stages, parts, strict=True)
        )
        errors = (maps - self._wanted[held]) ** 2
        return by_column(np.full(len(held), 1 / len(held)), errors)


def _turned_product(values, used, shares):
    """`values[used].T @ shares` in float64, a step at a time."""
    total = np.zeros((values.shape[1], shares.shape[1]))
    for start in range(0, len(used), _ROWS_A_STEP):
        step = slice(start, start + _ROWS_A_STEP)
        part = values[used[step]].astype("float64")
        total += by_column(part.T, shares[step])
    return total
