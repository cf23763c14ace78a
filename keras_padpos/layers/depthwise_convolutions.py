"""Depthwise convolutions with a choice of border."""

from typing import Any

import keras
from keras import ops

from keras_padpos.layers._padded_layer import PaddedLayer
from keras_padpos.layers.registration import padded_layer

_CHANNELS = "`depth_multiplier` channels for each of the input"


class _DepthwiseConvolution(PaddedLayer):
    """Mixin of `DepthwiseConv1D` and `DepthwiseConv2D`."""

    def output_channels(self, input_channels: int | None) -> int | None:
        """`depth_multiplier` for each channel that goes in."""
        return self.depth_multiplier * input_channels

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Convolve each channel by itself; see `PaddedLayer.call`."""
        return ops.depthwise_conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )


@padded_layer(_CHANNELS)
class DepthwiseConv1D(_DepthwiseConvolution, keras.layers.DepthwiseConv1D):
    """`keras.layers.DepthwiseConv1D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 3), "float32")
    >>> layer = DepthwiseConv1D(3, padding="same", padding_mode="symmetric")
    >>> layer(x).shape == (1, 6, 3)
    True
    """


@padded_layer(_CHANNELS)
class DepthwiseConv2D(_DepthwiseConvolution, keras.layers.DepthwiseConv2D):
    """`keras.layers.DepthwiseConv2D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 6, 3), "float32")
    >>> layer = DepthwiseConv2D(3, padding="same", padding_mode="circular")
    >>> layer(x).shape == (1, 6, 6, 3)
    True
    """
