"""2D separable convolution with a choice of border."""

from typing import Any

import keras
from keras.saving import register_keras_serializable

from keras_padpos.layers.padded_layer import PaddedSeparableConvolution


@register_keras_serializable(package="keras_padpos")
class SeparableConv2D(PaddedSeparableConvolution, keras.layers.SeparableConv2D):
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

    Args:
        padding: `"valid"`, `"same"`, `"full"`, an int, two ints, or two pairs
            `((top, bottom), (left, right))`; see `keras_padpos.padding`.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    All other arguments are those of `keras.layers.SeparableConv2D`.

    Input shape:
        4D tensor `(batch, height, width, channels)`, or
        `(batch, channels, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        4D tensor of the same layout with `filters` channels.

    Raises:
        ValueError: If `padding` or `padding_mode` is not one of the above, or
            the mode cannot reach as far as the geometry asks.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        padding_mode: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding="valid",
            data_format=data_format,
            dilation_rate=dilation_rate,
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.set_padding(padding, padding_mode)
