"""The outermost cells repeated."""

from typing import Any

from keras.saving import register_keras_serializable

from keras_padpos.padding.copy_mode import CopyMode


@register_keras_serializable(package="keras_padpos")
class Replicate(CopyMode):
    """`1 1 1 2 3 4 4 4`: the edge cell goes on.

    NumPy says `edge`, PyTorch `replicate`, Keras' `fill_mode` `"nearest"`.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Replicate().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [1 1 1 2 3 4 4 4]
    """

    name = "replicate"

    def source(self, position: Any, size: Any) -> Any:
        """Stop at the ends."""
        last = size - 1
        # Clipping to 0..last, without leaving arithmetic.
        return (abs(position) - abs(position - last) + last) // 2
