"""1D convolution with a choice of border."""

from typing import Any

import keras
from keras.saving import register_keras_serializable

from keras_padpos.layers.padded_layer import PaddedConvolution


@register_keras_serializable(package="keras_padpos")
class Conv1D(PaddedConvolution, keras.layers.Conv1D):
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

    Args:
        padding: `"valid"`, `"same"`, `"full"`, `"causal"`, an int, or a pair
            `(before, after)`; see `keras_padpos.padding`.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    All other arguments are those of `keras.layers.Conv1D`.

    Input shape:
        3D tensor `(batch, steps, channels)`, or `(batch, channels, steps)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        3D tensor of the same layout with `filters` channels.

    Raises:
        ValueError: If `padding` or `padding_mode` is not one of the above, or
            the mode cannot reach as far as the geometry asks.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
