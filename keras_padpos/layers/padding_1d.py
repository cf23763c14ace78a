"""Cells before and after sequences."""

from keras.saving import register_keras_serializable

from keras_padpos.layers.padding_layer import PaddingLayer


@register_keras_serializable(package="keras_padpos")
class Padding1D(PaddingLayer):
    """`keras.layers.ZeroPadding1D` with a `padding_mode`.

    Example:

    >>> import numpy as np
    >>> x = np.arange(1.0, 5.0, dtype="float32").reshape(1, 4, 1)
    >>> y = Padding1D((2, 1), padding_mode="reflect")(x)
    >>> print(np.asarray(y)[0, :, 0])
    [3. 2. 1. 2. 3. 4. 3.]

    Args:
        padding: Cells to add: an int, or a pair `(before, after)`. Defaults to
            1.
        data_format: `"channels_last"` or `"channels_first"`; Keras' setting
            by default.
        padding_mode: Name of a padding mode, or a `PaddingMode`.

    Input shape:
        3D tensor `(batch, steps, channels)`, or `(batch, channels, steps)` with
        `data_format="channels_first"`. Sizes may be unknown.

    Output shape:
        The same with the frame.

    Raises:
        ValueError: If an argument is not one of the above, or the mode
            cannot reach as far as the pad, or corrects a window (`partial`).
    """

    rank = 1
