"""Zeros around the input."""

from typing import Any

from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.padding._crop import crop
from keras_padpos.padding.padding_mode import PaddingMode


@register_keras_serializable(package="keras_padpos")
class Zeros(PaddingMode):
    """`0 0 1 2 3 4 0 0`: what Keras' `padding="same"` does.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Zeros().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [0 0 1 2 3 4 0 0]
    """

    name = "zeros"
    native = True
    transposable = True

    def pad(self, inputs: Any, pad_width: Any, **kwargs: Any) -> Any:
        """Add zeros; see `PaddingMode.pad`."""
        return ops.pad(inputs, list(pad_width))

    def fold(self, inputs: Any, pad_width: Any) -> Any:
        """Cut the frame off; see `PaddingMode.fold`."""
        return crop(inputs, pad_width)
