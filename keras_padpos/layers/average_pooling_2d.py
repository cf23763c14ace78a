"""2D average pooling with a choice of border."""

from typing import Any

import keras
from keras.saving import register_keras_serializable

from keras_padpos.layers.padded_layer import PaddedAveragePooling


@register_keras_serializable(package="keras_padpos")
class AveragePooling2D(PaddedAveragePooling, keras.layers.AveragePooling2D):
    """`keras.layers.AveragePooling2D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every mean. Cells added in any other way
    count: explicit zeros pull the mean down, as they do after
    `keras.layers.ZeroPadding2D`. `"partial"` leaves them out in every
    geometry.

    Example:

    >>> import numpy as np
    >>> x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    >>> layer = AveragePooling2D(2, 2, padding=1, padding_mode="replicate")
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, :, :, 0])
    [[ 0.   1.5  3. ]
     [ 6.   7.5  9. ]
     [12.  13.5 15. ]]

    Args:
        padding: `"valid"`, `"same"`, `"full"`, an int, two ints, or two pairs
            `((top, bottom), (left, right))`; see `keras_padpos.padding`.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    All other arguments are those of `keras.layers.AveragePooling2D`.

    Input shape:
        4D tensor `(batch, height, width, channels)`, or
        `(batch, channels, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        4D tensor of the same layout with the channels of the input.

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
