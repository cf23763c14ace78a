"""Zeros whose missing weight the output makes up for."""

from typing import Any

from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.padding.padding_mode import PaddingMode
from keras_padpos.padding.per_axis import PerAxis
from keras_padpos.padding.zeros import Zeros


@register_keras_serializable(package="keras_padpos")
class Partial(PaddingMode):
    """Partial convolution as padding (Liu et al. 2018, arXiv 1811.11718).

    The input is padded with zeros, and each output is multiplied by the number
    of taps of the window over the number of taps that fall inside the input,
    before the bias is added: by 1 in the interior and, for a 3x3 kernel, by
    1.5 at an edge and 2.25 at a corner. A window that misses the input gives
    the bias alone. A network trained with zeros changes its statistics at the
    border when it is switched to this mode.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from keras_padpos import layers
    >>> layer = layers.Conv2D(
    ...     1, 3, padding="same", padding_mode="partial",
    ...     kernel_initializer="ones",
    ... )
    >>> y = layer(np.ones((1, 4, 4, 1), "float32"))
    >>> print(keras.ops.convert_to_numpy(y)[0, :, :, 0])
    [[9. 9. 9. 9.]
     [9. 9. 9. 9.]
     [9. 9. 9. 9.]
     [9. 9. 9. 9.]]
    """

    name = "partial"
    local = True
    combines = True
    native = True

    def pad(self, inputs: Any, pad_width: Any, **kwargs: Any) -> Any:
        """Add zeros; see `PaddingMode.pad`."""
        return Zeros().pad(inputs, pad_width)

    def correct(self, outputs: Any, windows: Any, first_axis: int) -> Any:
        """Multiply by taps over taps inside; see `PaddingMode.correct`."""
        rank = len(outputs.shape)
        for axis, window in enumerate(windows, start=first_axis):
            shape = [1] * rank
            shape[axis] = -1
            ratio = ops.reshape(_ratio(*window), shape)
            # At most the number of taps, so it fits any float.
            outputs = outputs * ops.cast(ratio, outputs.dtype)
        return outputs


def unseen_zeros(mode: PaddingMode) -> PaddingMode:
    """A mode for pooling whose zeros are seen by no window.

    So Keras' `padding="same"` has it: a maximum does not see added cells, a
    mean does not count them.

    Args:
        mode: A `PaddingMode`, or one for each axis.

    Returns:
        The same, with `Partial` where `mode` has `Zeros`.
    """
    if isinstance(mode, PerAxis):
        return PerAxis([unseen_zeros(each) for each in mode.modes])
    return Partial() if isinstance(mode, Zeros) else mode


def _ratio(kernel, size, stride, dilation, before, count):
    """Taps over taps inside along one axis: the ratio is a product of axes."""
    starts = ops.arange(count, dtype="int32") * stride - before
    inside = 0
    for tap in range(kernel):
        position = starts + tap * dilation
        hit = ops.logical_and(position >= 0, position < size)
        inside = inside + ops.cast(hit, "float32")
    return ops.where(inside > 0, kernel / ops.maximum(inside, 1.0), 0.0)
