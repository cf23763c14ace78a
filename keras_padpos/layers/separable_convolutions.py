"""Separable convolutions with a choice of border."""

from typing import Any

import keras
from keras import ops

from keras_padpos.layers._padded_layer import PaddedLayer
from keras_padpos.layers.registration import padded_layer


class _SeparableConvolution(PaddedLayer):
    """Mixin of `SeparableConv1D` and `SeparableConv2D`.

    The window is the depthwise step alone, so that a mode corrects it before
    the pointwise step mixes channels.
    """

    def run_window(self, inputs: Any, padding: str) -> Any:
        """Convolve each channel by itself; see `PaddedLayer.call`."""
        return ops.depthwise_conv(
            inputs,
            self.depthwise_kernel,
            strides=self.strides,
            padding=padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )

    def finish(self, outputs: Any) -> Any:
        """Mix the channels, add the bias, activate."""
        outputs = ops.conv(
            outputs,
            self.pointwise_kernel,
            padding="valid",
            data_format=self.data_format,
        )
        return super().finish(outputs)


@padded_layer("`filters` channels")
class SeparableConv1D(_SeparableConvolution, keras.layers.SeparableConv1D):
    """`keras.layers.SeparableConv1D` with a `padding_mode`.

    The border is filled before the depthwise step; the pointwise one needs
    none. A mode that corrects, such as `partial`, corrects what the depthwise
    step gives.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 3), "float32")
    >>> layer = SeparableConv1D(4, 3, padding="same", padding_mode="replicate")
    >>> layer(x).shape == (1, 6, 4)
    True
    """


@padded_layer("`filters` channels")
class SeparableConv2D(_SeparableConvolution, keras.layers.SeparableConv2D):
    """`keras.layers.SeparableConv2D` with a `padding_mode`.

    The border is filled before the depthwise step; the pointwise one needs
    none. A mode that corrects, such as `partial`, corrects what the depthwise
    step gives.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 6, 3), "float32")
    >>> layer = SeparableConv2D(4, 3, padding="same", padding_mode="reflect")
    >>> layer(x).shape == (1, 6, 6, 4)
    True
    """
