"""Convolutions with a choice of border."""

from typing import Any

import keras
from keras import ops

from keras_padpos.layers._padded_layer import PaddedLayer
from keras_padpos.layers.registration import padded_layer


class _Convolution(PaddedLayer):
    """Mixin of `Conv1D`, `Conv2D` and `Conv3D`."""

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Convolve; see `PaddedLayer.call`."""
        return ops.conv(
            inputs,
            self.kernel,
            strides=list(self.strides),
            padding=padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )


@padded_layer("`filters` channels")
class Conv1D(_Convolution, keras.layers.Conv1D):
    """`keras.layers.Conv1D` with a `padding_mode`.

    A drop-in: it is an instance of the Keras layer, with its arguments, weight
    names and dtype rules, and weights pass between the two by `set_weights`.
    With `padding_mode="zeros"` it computes what the Keras layer computes, bit
    for bit; `padding="causal"` too.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 3), "float32")
    >>> layer = Conv1D(
    ...     4, 3, padding="causal", padding_mode="replicate", use_bias=False
    ... )
    >>> y = keras.ops.convert_to_numpy(layer(x))
    >>> y.shape, bool(np.ptp(y, axis=1).max() < 1e-6)
    ((1, 6, 4), True)
    """


@padded_layer("`filters` channels")
class Conv2D(_Convolution, keras.layers.Conv2D):
    """`keras.layers.Conv2D` with a `padding_mode`.

    A drop-in: it is an instance of the Keras layer, with its arguments, weight
    names and dtype rules, and weights pass between the two by `set_weights`.
    With `padding_mode="zeros"` it computes what the Keras layer computes, bit
    for bit.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 6, 3), "float32")
    >>> layer = Conv2D(
    ...     4, 3, padding="same", padding_mode="reflect", use_bias=False
    ... )
    >>> y = keras.ops.convert_to_numpy(layer(x))
    >>> y.shape, bool(np.ptp(y, axis=(1, 2)).max() < 1e-6)
    ((1, 6, 6, 4), True)
    """


@padded_layer("`filters` channels")
class Conv3D(_Convolution, keras.layers.Conv3D):
    """`keras.layers.Conv3D` with a `padding_mode`.

    A drop-in: it is an instance of the Keras layer, with its arguments, weight
    names and dtype rules, and weights pass between the two by `set_weights`.
    With `padding_mode="zeros"` it computes what the Keras layer computes, bit
    for bit.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 4, 5, 6, 3), "float32")
    >>> layer = Conv3D(
    ...     4, 3, padding="same", padding_mode="circular", use_bias=False
    ... )
    >>> y = keras.ops.convert_to_numpy(layer(x))
    >>> y.shape, bool(np.ptp(y, axis=(1, 2, 3)).max() < 1e-6)
    ((1, 4, 5, 6, 4), True)
    """
