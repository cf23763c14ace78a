"""A frame with the local statistics of the input."""

from typing import Any

from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.padding.frame import along
from keras_padpos.padding.frame import padded_axes
from keras_padpos.padding.frame import window_means
from keras_padpos.padding.frame import with_frame
from keras_padpos.padding.padding_mode import PaddingMode


@register_keras_serializable(package="keras_padpos")
class Distribution(PaddingMode):
    """Mean interpolation (Nguyen et al., ICIP 2019).

    The means of all windows of `2 * pad + 1` cells are enlarged, linearly and
    axis by axis, to the padded size; the interior is the input itself and the
    frame is what the enlarged means leave around it. No gradient flows through
    the frame. Enlarging places cells by their centres; the authors' own rule
    places them by their ends, which differs a little.

    Where the two sides of an axis get unequal pads, the frame is cut out of
    that for the larger one.

    Example:

    >>> import numpy as np
    >>> strip = Distribution().pad(np.arange(1.0, 7.0), [(1, 1)])
    >>> print(np.asarray(strip))
    [2. 1. 2. 3. 4. 5. 6. 5.]
    """

    name = "distribution"

    def pad(self, inputs: Any, pad_width: Any, **kwargs: Any) -> Any:
        """Add the frame; see `PaddingMode.pad`."""
        inputs = ops.convert_to_tensor(inputs)
        axes = padded_axes(pad_width)
        if not axes:
            return inputs
        # About their mean, so that running sums stay small.
        values = ops.cast(inputs, "float32")
        centre = ops.mean(values, axis=axes, keepdims=True)
        frame = values - centre
        for axis in axes:
            size = ops.shape(inputs)[axis]
            frame = _enlarged_means(frame, axis, size, *pad_width[axis])
        return with_frame(inputs, pad_width, frame + centre)

    def largest_pad(self, size: int) -> int:
        """A window of `2 * pad + 1` cells must fit."""
        return (size - 1) // 2


def _enlarged_means(values, axis, size, before, after):
    """Means of `2 * pad + 1` cells, enlarged to the padded size."""
    reach = ops.maximum(before, after)
    means, padded = size - 2 * reach, size + 2 * reach
    # The centre of each padded cell, measured in cells of the means.
    position = ops.arange(size + before + after, dtype="int32") + reach - before
    position = (ops.cast(position, "float32") + 0.5) * ops.cast(
        means / padded, "float32"
    )
    position = ops.clip(position - 0.5, 0.0, ops.cast(means - 1, "float32"))
    lower = ops.cast(ops.floor(position), "int32")
    upper = ops.minimum(lower + 1, means - 1)
    share = along(
        axis, len(values.shape), position - ops.cast(lower, "float32")
    )
    width = 2 * reach + 1
    return (1 - share) * window_means(
        values, axis, lower, width
    ) + share * window_means(values, axis, upper, width)
