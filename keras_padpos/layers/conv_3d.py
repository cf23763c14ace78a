"""3D convolution with a choice of border."""

from typing import Any

import keras
from keras.saving import register_keras_serializable

from keras_padpos.layers.padded_layer import PaddedConvolution


@register_keras_serializable(package="keras_padpos")
class Conv3D(PaddedConvolution, keras.layers.Conv3D):
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

    Args:
        padding: `"valid"`, `"same"`, `"full"`, an int, three ints, or three
            pairs `(before, after)`; see `keras_padpos.padding`.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    All other arguments are those of `keras.layers.Conv3D`.

    Input shape:
        5D tensor `(batch, depth, height, width, channels)`, or
        `(batch, channels, depth, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        5D tensor of the same layout with `filters` channels.

    Raises:
        ValueError: If `padding` or `padding_mode` is not one of the above, or
            the mode cannot reach as far as the geometry asks.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
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
            groups=groups,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.set_padding(padding, padding_mode)
