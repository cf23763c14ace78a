"""1D average pooling with a choice of border."""

from typing import Any

import keras
from keras.saving import register_keras_serializable

from keras_padpos.layers.padded_layer import PaddedAveragePooling


@register_keras_serializable(package="keras_padpos")
class AveragePooling1D(PaddedAveragePooling, keras.layers.AveragePooling1D):
    """`keras.layers.AveragePooling1D` with a `padding_mode`.

    With `padding="same", padding_mode="zeros"` it is the Keras layer, which
    leaves the added cells out of every mean. Cells added in any other way
    count: explicit zeros pull the mean down, as they do after
    `keras.layers.ZeroPadding1D`. `"partial"` leaves them out in every
    geometry.

    Example:

    >>> import numpy as np
    >>> x = np.array([3, 6, 0, 9], "float32").reshape(1, 4, 1)
    >>> layer = AveragePooling1D(3, 1, padding="same", padding_mode="circular")
    >>> print(keras.ops.convert_to_numpy(layer(x))[0, :, 0])
    [6. 3. 5. 4.]

    Args:
        padding: `"valid"`, `"same"`, `"full"`, `"causal"`, an int, or a pair
            `(before, after)`; see `keras_padpos.padding`.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    All other arguments are those of `keras.layers.AveragePooling1D`.

    Input shape:
        3D tensor `(batch, steps, channels)`, or `(batch, channels, steps)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        3D tensor of the same layout with the channels of the input.

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
