"""What modes share that compute their frame from the input."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from keras_padpos.padding.zeros import Zeros


def padded_axes(pad_width: Sequence[tuple[Any, Any]]) -> tuple[int, ...]:
    """The axes that get cells; those of unknown pads are among them."""
    return tuple(
        axis
        for axis, pair in enumerate(pad_width)
        if not all(isinstance(cells, int) and cells == 0 for cells in pair)
    )


def along(axis: int, rank: int, vector: Any) -> Any:
    """Shape a vector so that it runs along one axis of a tensor."""
    return ops.reshape(vector, [-1 if i == axis else 1 for i in range(rank)])


def window_means(values: Any, axis: int, start: Any, width: Any) -> Any:
    """Means of windows along one axis."""
    sums = ops.cumsum(values, axis=axis)
    none = ops.zeros_like(ops.take(sums, ops.array([0]), axis=axis))
    sums = ops.concatenate([none, sums], axis=axis)
    total = ops.take(sums, start + width, axis=axis) - ops.take(
        sums, start, axis=axis
    )
    return total / ops.cast(width, total.dtype)


def with_frame(inputs: Any, pad_width: Any, frame: Any) -> Any:
    """Put an input into a frame through which no gradient flows."""
    padded = Zeros().pad(inputs, pad_width)
    inside = True
    for axis in padded_axes(pad_width):
        before, after = pad_width[axis]
        size = ops.shape(inputs)[axis]
        position = ops.arange(-before, size + after, dtype="int32")
        here = ops.logical_and(position >= 0, position < size)
        inside = ops.logical_and(inside, along(axis, len(inputs.shape), here))
    frame = ops.cast(ops.stop_gradient(frame), padded.dtype)
    return ops.where(inside, padded, frame)
