"""Frames of copied cells, added back onto the cells they copy."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops


def fold_axis(
    inputs: Any,
    axis: int,
    pads: tuple[int, int],
    source: Callable[[Any, Any], Any],
) -> Any:
    """Add the frame along one axis onto the cells that it copies.

    Args:
        inputs: Tensor of the padded size, which may be unknown.
        axis: Along which it was padded.
        pads: Cells `(before, after)` of the frame.
        source: Where cells are copied from; see `CopyMode.source`.

    Returns:
        The tensor without the frame.
    """
    before, after = pads
    if inputs.shape[axis] is None:
        return _fold_open(inputs, axis, before, after, source)
    size = inputs.shape[axis] - before - after
    cells = source(np.arange(-before, size + after), size)
    return _fold(inputs, axis, size, before, cells)


def _fold_open(inputs, axis, before, after, source):
    """`_fold` along an axis whose size is unknown until the model runs."""
    size = ops.shape(inputs)[axis] - before - after
    frame = ops.concatenate(
        [
            ops.arange(-before, 0, dtype="int32"),
            ops.arange(after, dtype="int32") + size,
        ]
    )
    sides = []
    if before:
        sides.append(_part(inputs, axis, None, before))
    if after:
        sides.append(_part(inputs, axis, -after, None))
    return _part(inputs, axis, before, -after or None) + _spread(
        _joined(sides, axis),
        axis,
        source(frame, size),
        ops.arange(size, dtype="int32"),
    )


def _fold(inputs, axis, size, before, cells):
    frame = np.delete(cells, slice(before, before + size))
    if not frame.size:
        return inputs
    # Only cells near the two ends are ever copied: fold those, keep the rest.
    near = frame[frame < size // 2]
    far = frame[frame >= size // 2]
    head = int(near.max()) + 1 if near.size else 0
    tail = size - int(far.min()) if far.size else 0
    # LiteRT takes an empty slice for a whole axis, so join what is not empty.
    sides = [(0, before), (before + size, len(cells))]
    sides = [_part(inputs, axis, *side) for side in sides if side[0] < side[1]]
    border = _joined(sides, axis)
    parts = []
    if head:
        parts.append(
            _part(inputs, axis, before, before + head)
            + _spread(border, axis, frame, np.arange(head))
        )
    if head + tail < size:
        parts.append(_part(inputs, axis, before + head, before + size - tail))
    if tail:
        parts.append(
            _part(inputs, axis, before + size - tail, before + size)
            + _spread(border, axis, frame, np.arange(size - tail, size))
        )
    return _joined(parts, axis)


def _part(inputs, axis, start, stop):
    return inputs[(slice(None),) * axis + (slice(start, stop),)]


def _joined(parts, axis):
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=axis)


def _spread(border, axis, frame, targets):
    """Sum the border cells that copied each of `targets`."""
    matrix = ops.cast(ops.equal(targets[:, None], frame[None, :]), border.dtype)
    summed = ops.tensordot(matrix, border, axes=[[1], [axis]])
    return ops.moveaxis(summed, 0, axis)
