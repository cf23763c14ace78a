"""A frame around volumes."""

from keras.saving import register_keras_serializable

from keras_padpos.layers.padding_layer import PaddingLayer


@register_keras_serializable(package="keras_padpos")
class Padding3D(PaddingLayer):
    """`keras.layers.ZeroPadding3D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.ones((1, 2, 3, 4, 1), "float32")
    >>> y = Padding3D((0, 1, 2), padding_mode="circular")(x)
    >>> y.shape == (1, 2, 5, 8, 1)
    True

    Args:
        padding: Cells to add: an int, three ints, or three pairs
            `(before, after)`. Defaults to 1.
        data_format: `"channels_last"` or `"channels_first"`; Keras' setting
            by default.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    Input shape:
        5D tensor `(batch, depth, height, width, channels)`, or
        `(batch, channels, depth, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        The same with the frame.

    Raises:
        ValueError: If an argument is not one of the above, or the mode
            cannot reach as far as the pad, or corrects a window (`partial`).
    """

    rank = 3
