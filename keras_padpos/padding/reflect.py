"""The input mirrored about its outermost cells."""

from typing import Any

from keras.saving import register_keras_serializable

from keras_padpos.padding.copy_mode import CopyMode


@register_keras_serializable(package="keras_padpos")
class Reflect(CopyMode):
    """`3 2 1 2 3 4 3 2`: the edge cell is not repeated.

    NumPy, `tf.pad` and PyTorch say `reflect`; Keras' `fill_mode` says
    `"mirror"`.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Reflect().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [3 2 1 2 3 4 3 2]
    """

    name = "reflect"

    def source(self, position: Any, size: Any) -> Any:
        """Bounce off the outermost cells; period `2 * size - 2`."""
        last = size - 1
        # `abs` first: in ONNX made by tf2onnx, % of a negative int is negative.
        return last - abs(abs(position) % (2 * last) - last)

    def largest_pad(self, size: int) -> int:
        """All cells but the edge itself."""
        return size - 1
