"""The input joined to itself."""

from typing import Any

from keras.saving import register_keras_serializable

from keras_padpos.padding.copy_mode import CopyMode


@register_keras_serializable(package="keras_padpos")
class Circular(CopyMode):
    """`3 4 1 2 3 4 1 2`: the picture on a torus.

    NumPy says `wrap`, PyTorch `circular`, Keras' `fill_mode` `"wrap"`.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Circular().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [3 4 1 2 3 4 1 2]
    """

    name = "circular"

    def source(self, position: Any, size: Any) -> Any:
        """Go round."""
        # In ONNX made by tf2onnx, % of a negative int is negative.
        return (position + size) % size

    def largest_pad(self, size: int) -> int:
        """Every cell once."""
        return size
