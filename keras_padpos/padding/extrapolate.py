"""Frames that continue the slope at the border."""

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.saving import register_keras_serializable

from keras_padpos.padding.frame import along
from keras_padpos.padding.frame import padded_axes
from keras_padpos.padding.padding_mode import PaddingMode

Taps = list[tuple[Any, Any]]
"""Integer weights and the cells that they weigh, for each added cell."""


@register_keras_serializable(package="keras_padpos")
class Extrapolate(PaddingMode):
    """`-1 0 1 2 3 4 5 6`: the line through the two outermost cells goes on.

    For smooth fields (simulations, regression), which have a slope at the
    border. Values grow with the width of the frame, and noise with them. A
    single cell is repeated.

    Example:

    >>> import numpy as np
    >>> print(np.asarray(Extrapolate().pad(np.array([1, 2, 3, 4]), [(2, 2)])))
    [-1  0  1  2  3  4  5  6]
    """

    name = "extrapolate"
    local = True
    combines = True

    def pad(self, inputs: Any, pad_width: Any, **kwargs: Any) -> Any:
        """Add cells on the line; see `PaddingMode.pad`."""
        return add_weighted(inputs, pad_width, _line)


def add_weighted(
    inputs: Any, pad_width: Any, taps: Callable[[Any, Any], Taps]
) -> Any:
    """Add cells that are weighted sums of cells, axis after axis.

    Args:
        inputs: Tensor.
        pad_width: See `PaddingMode.pad`.
        taps: From integer positions along an axis and its size to `Taps`. The
            weights of a cell sum to 1.
    """
    outputs = ops.convert_to_tensor(inputs)
    rank = len(outputs.shape)
    for axis in padded_axes(pad_width):
        before, after = pad_width[axis]
        size = outputs.shape[axis] or ops.shape(outputs)[axis]
        sides = []
        for start, stop in ((-before, 0), (size, size + after)):
            position = ops.arange(start, stop, dtype="int32")
            side = 0
            for weight, cells in taps(position, size):
                part = ops.take(outputs, cells, axis=axis)
                weight = along(axis, rank, ops.cast(weight, part.dtype))
                side = side + part * weight
            sides.append(side)
        outputs = ops.concatenate([sides[0], outputs, sides[1]], axis=axis)
    return outputs


def _line(position, size):
    last = size - 1
    one = position * 0 + 1
    start, end = one * 0, one * last
    # Cells beyond the start and beyond the end; one of the two is 0.
    left = (abs(position) - position) // 2
    right = (abs(position - last) + position - last) // 2
    edge = ops.where(position < 0, start, end)
    inner = ops.where(
        position < 0, ops.minimum(start + 1, last), ops.maximum(end - 1, 0)
    )
    return [(one + left + right, edge), (-(left + right), inner)]


def odd_reflection(position: Any, size: Any) -> Taps:
    """Twice the edge less the mirrored cell, as NumPy's `reflect_type="odd"`.

    The map has a period of `2 * (size - 1)` cells, in which it grows by twice
    the difference of its edges.
    """
    last = size - 1
    one = position * 0 + 1
    # A single cell is repeated: its period is 1, and all cells are the edge.
    period = 2 * last + 1 // size
    # Counted from enough periods before: see `Circular.source`.
    shift = ((abs(position) - position) // 2 + period - 1) // period
    phase = (position + shift * period) % period
    turns = (position + shift * period) // period - shift
    back = ops.cast(phase > last, "int32")
    cells = phase - back * 2 * (phase - last)
    return [
        (one - 2 * back, cells),
        (2 * back + 2 * turns, one * last),
        (-2 * turns, one * 0),
    ]
