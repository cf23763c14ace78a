"""3D average pooling with a choice of border."""

from typing import Any

import keras
from keras.saving import register_keras_serializable

from keras_padpos.layers.padded_layer import PaddedAveragePooling


@register_keras_serializable(package="keras_padpos")
class AveragePooling3D(PaddedAveragePooling, keras.layers.AveragePooling3D):
    """`keras.layers.AveragePooling3D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every mean. Cells added in any other way
    count: explicit zeros pull the mean down, as they do after
    `keras.layers.ZeroPadding3D`. `"partial"` leaves them out in every
    geometry.

    Example:

    >>> import numpy as np
    >>> x = np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)
    >>> layer = AveragePooling3D(2, 1, padding="same", padding_mode="circular")
    >>> print(np.unique(keras.ops.convert_to_numpy(layer(x))))
    [3.5]

    Args:
        padding: `"valid"`, `"same"`, `"full"`, an int, three ints, or three
            pairs `(before, after)`; see `keras_padpos.padding`.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    All other arguments are those of `keras.layers.AveragePooling3D`.

    Input shape:
        5D tensor `(batch, depth, height, width, channels)`, or
        `(batch, channels, depth, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        5D tensor of the same layout with the channels of the input.

    Raises:
        ValueError: If `padding` or `padding_mode` is not one of the above, or
            the mode cannot reach as far as the geometry asks.
    """

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: Any = "valid",
        data_format: str | None = None,
        name: str | None = None,
        padding_mode: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            pool_size,
            strides=strides,
            padding="valid",
            data_format=data_format,
            name=name,
            **kwargs,
        )
        self.set_padding(padding, padding_mode)
