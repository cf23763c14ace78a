"""A linear map from features to position."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_padpos.checks import as_floats
from keras_padpos.errors import InputError
from keras_padpos.probes._windows import framed
from keras_padpos.probes._windows import head_size
from keras_padpos.probes.regression import by_column


@dataclass(frozen=True)
class LinearProbe:
    """One k x k convolution with linear outputs, a channel for each target.

    Attributes:
        mean: `(columns,)`, subtracted from the windows; `columns` is
            `kernel_size**2 * channels`.
        scale: `(columns,)`, by which they are divided.
        kernel: `(columns, targets)`, applied to the standardised windows.
        bias: `(targets,)`.
        kernel_size: Cells a side of the window.
        padding: Zeros that the head adds on each side.
        ridge: `(targets,)`, what it was fitted with; `None` if not known.
    """

    mean: np.ndarray
    scale: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray
    kernel_size: int = 1
    padding: int = 0
    ridge: np.ndarray | None = None

    def _convolution(self):
        """Kernel and bias with the standardisation in them, in float64."""
        weights = self.kernel / self.scale[:, None]
        bias = self.bias - by_column(self.mean, weights)
        side = self.kernel_size
        return weights.reshape(side, side, -1, weights.shape[-1]), bias

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Read position out of features.

        It is computed in float64, so that rounding stays far below what counts
        as position.

        Args:
            features: `(batch, height, width, channels)`.

        Returns:
            `(batch, height', width', targets)`, float64.

        Raises:
            ValueError: If the features have another shape.
        """
        kernel, bias = self._convolution()
        # That they are finite shows in what is predicted.
        features = as_floats(
            "features",
            features,
            "(batch, height, width, channels)",
            finite=False,
        )
        if features.shape[-1] != kernel.shape[2]:
            raise InputError(
                f"`features` must have {kernel.shape[2]} channels. "
                f"Received: shape {features.shape}"
            )
        features = framed(features, self.padding)
        height, width = (
            head_size(size, self.kernel_size, 0) for size in features.shape[1:3]
        )
        side, _, channels, targets = kernel.shape
        maps = np.zeros((len(features), height, width, targets)) + bias
        for target in range(targets):
            # Every tap of every position in one product, added up where they
            # meet: windows need not be laid out. A target at a time, so that
            # none depends, in its last bits, on what stands beside it.
            taps = kernel[..., target].reshape(side**2, channels).T
            with np.errstate(invalid="ignore"):
                products = features @ np.ascontiguousarray(taps)
            for tap in range(side**2):
                down, right = divmod(tap, side)
                maps[..., target] += products[
                    :, down : down + height, right : right + width, tap
                ]
        if not np.isfinite(maps).all():
            raise InputError(
                "`features` must be finite. Received: NaN or infinite values"
            )
        return maps

    def as_layers(self, features: Any) -> Any:
        """The same probe as Keras layers, in float32.

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
        convolution.set_weights(list(self._convolution()))
        return maps
