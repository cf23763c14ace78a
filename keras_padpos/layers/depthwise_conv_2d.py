"""2D depthwise convolution with a choice of border."""

from typing import Any

import keras
from keras.saving import register_keras_serializable

from keras_padpos.layers.padded_layer import PaddedDepthwiseConvolution


@register_keras_serializable(package="keras_padpos")
class DepthwiseConv2D(PaddedDepthwiseConvolution, keras.layers.DepthwiseConv2D):
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

    All other arguments are those of `keras.layers.DepthwiseConv2D`.

    Input shape:
        4D tensor `(batch, height, width, channels)`, or
        `(batch, channels, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        4D tensor of the same layout with `depth_multiplier` channels for each
        one that goes in.

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
