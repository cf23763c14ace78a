"""Ridge regression from rows of features."""

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np
from keras import ops

from keras_padpos.probes._by_column import by_column
from keras_padpos.probes._ridge_solve import ridge_solve
from keras_padpos.probes.standard_rows import StandardRows

# Rows a step where a product is taken.
_STEP = 2048


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
        steps = [slice(at, at + _STEP) for at in range(0, number, _STEP)]
        for values in self._stages:
            for place, right in enumerate(steps):
                turned = ops.transpose(ops.convert_to_tensor(values[right]))
                # The upper triangle is all that the solver reads.
                for left in steps[: place + 1]:
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
    for start in range(0, len(used), _STEP):
        step = slice(start, start + _STEP)
        part = values[used[step]].astype("float64")
        total += by_column(part.T, shares[step])
    return total
