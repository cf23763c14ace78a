"""A linear map from features to position."""

from dataclasses import dataclass
from typing import Any

import keras
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

    def as_layers(self, features: Any) -> Any:
        """The same read-out as Keras layers, in float32.

        Args:
            features: A symbolic tensor `(batch, height, width, channels)`.

        Returns:
            A symbolic tensor `(batch, height', width', targets)`.
        """
        options = {"data_format": "channels_last", "dtype": "float32"}
        if self.padding:
            frame = keras.layers.ZeroPadding2D(self.padding, **options)
            features = frame(features)
        convolution = keras.layers.Conv2D(
            self.kernel.shape[-1],
            self.kernel_size,
            kernel_initializer="zeros",  # draws nothing from the global seed
            **options,
        )
        maps = convolution(features)
        # The standardisation goes into the weights, in float64.
        weights = self.kernel / self.scale[:, None]
        bias = self.bias - self.mean @ weights
        kernel = weights.reshape(convolution.kernel.shape)
        convolution.set_weights([kernel, bias])
        return maps
