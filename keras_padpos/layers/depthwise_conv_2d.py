"""2D depthwise convolution with a choice of border."""

from typing import Any

import keras
from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.layers.padded_layer import PaddedLayer


@register_keras_serializable(package="keras_padpos")
class DepthwiseConv2D(PaddedLayer, keras.layers.DepthwiseConv2D):
    """`keras.layers.DepthwiseConv2D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 6, 6, 3), "float32")
    >>> layer = DepthwiseConv2D(3, padding="same", padding_mode="circular")
    >>> layer(x).shape == (1, 6, 6, 3)
    True

    Args:
        padding: `"valid"`, `"same"`, `"full"`, an int, two ints, or two pairs
            `((top, bottom), (left, right))`; see `keras_padpos.padding`.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    All other arguments, and the shapes, are those of
    `keras.layers.DepthwiseConv2D`.

    Raises:
        ValueError: If `padding` or `padding_mode` is not one of the above, or
            the mode cannot reach as far as the geometry asks.
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        padding_mode: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides=strides,
            padding="valid",
            depth_multiplier=depth_multiplier,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.set_padding(padding, padding_mode)

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
