"""A frame around pictures and feature maps."""

from keras.saving import register_keras_serializable

from keras_padpos.layers.padding_layer import PaddingLayer


@register_keras_serializable(package="keras_padpos")
class Padding2D(PaddingLayer):
    """`keras.layers.ZeroPadding2D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.arange(1.0, 5.0, dtype="float32").reshape(1, 2, 2, 1)
    >>> y = Padding2D(((0, 0), (1, 1)), padding_mode="replicate")(x)
    >>> print(np.asarray(y)[0, :, :, 0])
    [[1. 1. 2. 2.]
     [3. 3. 4. 4.]]

    Args:
        padding: Cells to add: an int, two ints `(height, width)`, or two
            pairs `((top, bottom), (left, right))`. Defaults to 1.
        data_format: `"channels_last"` or `"channels_first"`; Keras' setting
            by default.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    Input shape:
        4D tensor `(batch, height, width, channels)`, or
        `(batch, channels, height, width)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        The same with the frame.

    Raises:
        ValueError: If an argument is not one of the above, or the mode
            cannot reach as far as the pad, or corrects a window (`partial`).
    """

    rank = 2
