"""No frame: the map itself, enlarged."""

from typing import Any

import keras
from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.padding.frame import along
from keras_padpos.padding.frame import padded_axes
from keras_padpos.padding.padding_mode import PaddingMode


@register_keras_serializable(package="keras_padpos")
class Interpolate(PaddingMode):
    """Linear enlargement to the padded size, in place of a frame.

    What Islam et al. (Position, Padding and Predictions, 2021) do to networks
    with shortcuts where others are run without padding: the input of each
    padded layer is enlarged, so that a valid window gives as many positions as
    before. (So their released code does; the paper itself could not be read.)
    Bilinear for two axes, with half-pixel centres; the cells before and after
    count together, so uneven padding loses its side.

    It is no mode of the table: cells away from the border change too.

    Example:

    >>> import numpy as np
    >>> strip = Interpolate().pad(np.array([0.0, 4.0]), [(1, 1)])
    >>> print(np.asarray(strip))
    [0. 1. 3. 4.]
    """

    name = "interpolate"

    def pad(self, inputs: Any, pad_width: Any, **kwargs: Any) -> Any:
        """Enlarge along the padded axes; see `PaddingMode.pad`."""
        inputs = ops.convert_to_tensor(inputs)
        # Half floats could not tell the positions of a wide map apart.
        outputs = ops.cast(
            inputs, keras.backend.result_type(inputs.dtype, "float32")
        )
        for axis in padded_axes(pad_width):
            size = ops.shape(outputs)[axis]
            outputs = _enlarged(outputs, axis, size, sum(pad_width[axis]))
        return ops.cast(outputs, inputs.dtype)


def _enlarged(values, axis, size, cells):
    """Linear resampling of one axis to `size + cells` cells."""
    dtype = values.dtype
    positions = ops.cast(ops.arange(size + cells, dtype="int32"), dtype)
    scale = ops.cast(size, dtype) / ops.cast(size + cells, dtype)
    last = ops.cast(size - 1, dtype)
    source = ops.clip((positions + 0.5) * scale - 0.5, 0.0, last)
    below = ops.floor(source)
    weight = along(axis, len(values.shape), source - below)
    first = ops.cast(below, "int32")
    second = ops.minimum(first + 1, size - 1)
    low = ops.take(values, first, axis=axis)
    high = ops.take(values, second, axis=axis)
    return low + (high - low) * weight
