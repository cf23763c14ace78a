"""The best linear read-out there is, in one pass."""

import numpy as np
import scipy.linalg

from keras_padpos.probes.linear_read_out import LinearReadOut
from keras_padpos.probes.windows import windows

SILENT = 1e-6
"""Added to the standard deviations by which features are divided.

Features that vary far less than this, in the network's own units, are thereby
left silent. It matters where nothing keeps activations in range: in a MobileNet
with random weights and uncalibrated BatchNorm most channels vary by 1e-19, far
too little for any network or optimiser to use, and enough for exact arithmetic.
"""

_MOST_COLUMNS = 16_000


class ExactSolver:
    """Ridge regression of position on features, streamed.

    A linear head with a squared loss has a closed form, so there is no
    learning rate, no number of epochs and no seed to choose. One pass over the
    pictures accumulates the normal equations; memory does not depend on the
    number of pictures. The ridge is added to the correlation matrix of the
    features, so it does not depend on their units or on the number of pictures.

    Example:

    >>> rng = np.random.default_rng(0)
    >>> ramp = np.broadcast_to(np.arange(8.0), (8, 8))
    >>> solver = ExactSolver(ramp[..., None], ridge=1e-9)
    >>> for _ in range(4):
    ...     noise = rng.normal(size=(2, 8, 8))
    ...     solver.update(np.stack([ramp + noise, noise], axis=-1))
    >>> read_out = solver.solve()
    >>> noise = rng.normal(size=(1, 8, 8))
    >>> predicted = read_out.predict(np.stack([ramp + noise, noise], -1))
    >>> bool(np.allclose(predicted[0, :, :, 0], ramp, atol=1e-4))
    True

    Args:
        targets: `(height, width, targets)` on the head's output grid.
        kernel_size: Cells a side of the head's kernel.
        padding: Zeros that the head adds on each side.
        ridge: Added to the diagonal of the correlation matrix; 0 or more.

    Raises:
        ValueError: If `ridge` is negative.
    """

    def __init__(
        self,
        targets: np.ndarray,
        *,
        kernel_size: int = 1,
        padding: int = 0,
        ridge: float = 1e-3,
    ) -> None:
        if not ridge >= 0:
            raise ValueError(f"`ridge` must be 0 or more. Received: {ridge}")
        self.kernel_size = kernel_size
        self.padding = padding
        self.ridge = ridge
        targets = np.asarray(targets, "float64")
        self._grid = targets.shape[:2]
        self._target_mean = targets.mean(axis=(0, 1))
        self._targets = (targets - self._target_mean).reshape(
            -1, targets.shape[-1]
        )
        self._count = 0
        self._shift = None

    def update(self, features: np.ndarray) -> None:
        """Take in the features of some pictures.

        Args:
            features: `(batch, height, width, channels)`.

        Raises:
            ValueError: If the features do not fit the targets' grid, or the
                window has too many columns for a normal matrix in memory.
        """
        seen = windows(np.asarray(features), self.kernel_size, self.padding)
        if seen.shape[1:3] != self._grid:
            raise ValueError(
                "`features` must give a grid of the targets' size "
                f"{self._grid}. Received: {seen.shape[1:3]}"
            )
        columns = seen.shape[-1]
        rows = seen.reshape(-1, columns)
        if self._shift is None:
            if columns > _MOST_COLUMNS:
                raise ValueError(
                    f'`solver="exact"` holds a matrix of columns**2, and this '
                    f"head has {columns} columns (at most {_MOST_COLUMNS}). "
                    'Use fewer stages, a smaller kernel, or `solver="sgd"`.'
                )
            # Any shift will do; this one keeps the sums well conditioned.
            self._shift = rows.mean(axis=0, dtype="float64").astype("float32")
            self._sum = np.zeros(columns)
            self._gram = np.zeros((columns, columns))
            self._cross = np.zeros((columns, self._targets.shape[1]))
        rows = np.subtract(rows, self._shift, dtype="float32")
        self._count += len(rows)
        self._sum += rows.sum(axis=0, dtype="float64")
        self._gram += rows.T @ rows
        # The targets are the same for every picture, so pictures add up first.
        total = rows.reshape(len(seen), -1, columns).sum(0, dtype="float64")
        self._cross += total.T @ self._targets

    def solve(self) -> LinearReadOut:
        """The read-out with the least squared error on what was taken in.

        Raises:
            ValueError: If nothing was taken in.
        """
        if self._shift is None:
            raise ValueError("There are no features yet: call `update` first.")
        mean = self._sum / self._count
        covariance = self._gram / self._count - np.outer(mean, mean)
        scale = np.sqrt(np.maximum(np.diag(covariance), 0)) + SILENT
        correlation = covariance / np.outer(scale, scale)
        correlation[np.diag_indices_from(correlation)] += self.ridge
        slopes = self._cross / self._count / scale[:, None]
        try:
            kernel = scipy.linalg.solve(
                correlation, slopes, assume_a="pos", overwrite_a=True
            )
        except np.linalg.LinAlgError:
            raise ValueError(
                "The features are linearly dependent, so the read-out is not "
                f"unique. Use a larger `ridge`. Received: ridge={self.ridge}"
            ) from None
        return LinearReadOut(
            mean=self._shift.astype("float64") + mean,
            scale=scale,
            kernel=kernel,
            bias=self._target_mean,
            kernel_size=self.kernel_size,
            padding=self.padding,
        )
