"""A linear map from features to position."""

from dataclasses import dataclass

import numpy as np

from keras_padpos.probes.windows import windows


@dataclass(frozen=True)
class LinearReadOut:
    """One k x k convolution with linear outputs, a channel for each target.

    Attributes:
        mean: `(columns,)`, subtracted from the windows; `columns` is
            `kernel_size**2 * channels`.
        scale: `(columns,)`, by which they are divided.
        kernel: `(columns, targets)`, applied to the standardised windows.
        bias: `(targets,)`.
        kernel_size: Cells a side of the window.
        padding: Zeros that the head adds on each side.
    """

    mean: np.ndarray
    scale: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    kernel_size: int = 1
    padding: int = 0

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Read position out of features.

        It is computed in float64, so that rounding stays far below what counts
        as position.

        Args:
            features: `(batch, height, width, channels)`.

        Returns:
            `(batch, height', width', targets)`, float64.
        """
        seen = windows(features, self.kernel_size, self.padding)
        standard = (seen - self.mean) / self.scale
        return standard @ self.kernel + self.bias
