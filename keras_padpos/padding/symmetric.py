"""The input mirrored about its outer edges."""

from typing import Any

from keras.saving import register_keras_serializable

from keras_padpos.padding.copy_mode import CopyMode


@register_keras_serializable(package="keras_padpos")
class Symmetric(CopyMode):
    """`2 1 1 2 3 4 4 3`: the edge cell is repeated.

    NumPy and `tf.pad` say `symmetric`; Keras' `fill_mode` says `"reflect"`.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Symmetric().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [2 1 1 2 3 4 4 3]
    """

    name = "symmetric"

    def source(self, position: Any, size: Any) -> Any:
        """Bounce off the outer edges; period `2 * size`."""
        turn = 2 * size - 1
        # Folded to 0 or more: in ONNX made by tf2onnx, % of a negative int is
        # negative.
        position = abs(2 * position + 1) // 2
        # Twice the distance to the turning point is odd, hence the halving.
        return (turn - abs(2 * (position % (2 * size)) - turn)) // 2

    def largest_pad(self, size: int) -> int:
        """Every cell once."""
        return size
