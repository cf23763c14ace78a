"""Maps whose axes are split, moved and merged."""

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import keras

from keras_padpos.models._call import Call
from keras_padpos.models.graph.field_axis import SeenCells

_CHANNELS = -1
# Operations of Keras that keep the order of all numbers.
_RESHAPING = ("Reshape", "ExpandDims", "Squeeze", "Flatten")


@dataclass(frozen=True)
class _Digit:
    """A part of the number of a cell: `number // weight % size`.

    `axis` is the spatial axis that is counted, or `_CHANNELS`.
    """

    axis: int
    size: int
    weight: int


@dataclass(frozen=True)
class RearrangedMap:
    """What the axes of a tensor count, if its numbers are a map's.

    So space-to-depth and depth-to-space are followed, which are a reshape, a
    transpose and a reshape.

    Attributes:
        sizes: Spatial sizes of the map.
        axes: For each axis but the batch the digits that it counts, the most
            significant first; `None` if that is unknown.
        moved: Whether axes were moved, not just split and merged.
    """

    sizes: tuple[int, ...]
    axes: tuple[tuple[_Digit, ...], ...] | None
    moved: bool = False

    @classmethod
    def of_map(
        cls, sizes: tuple[int, ...], channels: int, first: int
    ) -> "RearrangedMap":
        """The axes of a map itself."""
        axes = [_axis(number, size) for number, size in enumerate(sizes)]
        axes.insert(len(sizes) if first == 1 else 0, _axis(_CHANNELS, channels))
        return cls(sizes, tuple(axes))

    def behind(self, call: Call) -> "RearrangedMap | None":
        """What a call makes of it; `None` if it does more than rearrange."""
        operation, (shape,) = call.operation, call.input_shapes
        if type(operation).__module__.partition(".")[0] != "keras":
            return None
        kind, new_shape = type(operation).__name__, call.output_shapes[0]
        if kind in _RESHAPING:
            batch = shape[0] == new_shape[0]
            known = batch and None not in (*shape[1:], *new_shape[1:])
            axes = None
            if self.axes is not None and known:
                axes = _split(self.axes, new_shape[1:])
            return RearrangedMap(self.sizes, axes, self.moved)
        order = _order(operation, kind, len(shape))
        if order is None:
            return None
        axes = None
        if self.axes is not None and order[0] == 0:
            axes = tuple(self.axes[number - 1] for number in order[1:])
        return RearrangedMap(self.sizes, axes, moved=True)

    def cells(self, first: int) -> tuple[SeenCells, ...] | None:
        """The cells that positions see, if it has the axes of a map."""
        rank = len(self.sizes)
        if self.axes is None or len(self.axes) != rank + 1:
            return None
        spatial = list(self.axes)
        channels = spatial.pop(rank if first == 1 else 0)
        seen = [
            _seen(number, size, digits, channels)
            for number, (size, digits) in enumerate(
                zip(self.sizes, spatial, strict=True)
            )
        ]
        return None if None in seen else tuple(seen)


def _axis(number, size):
    return (_Digit(number, size, 1),) if size > 1 else ()


def _order(operation, kind, rank):
    """The old axis on each new one; `None` if it moves none."""
    if type(operation) is keras.layers.Permute:
        return (0, *operation.dims)
    if kind != "Transpose":
        return None
    axes: Any = getattr(operation, "axes", None)
    return tuple(range(rank))[::-1] if axes is None else tuple(axes)


def _split(axes, shape):
    """The digits of axes of other sizes; `None` if that splits no digit."""
    digits = [digit for axis in axes for digit in axis]
    if prod(digit.size for digit in digits) != prod(shape):
        return None  # the batch has got some
    new_axes = []
    for size in shape:
        axis = []
        while size > 1:
            digit = digits.pop(0)
            if size % digit.size:
                if digit.size % size:
                    return None
                rest = digit.size // size
                digits.insert(0, _Digit(digit.axis, rest, digit.weight))
                digit = _Digit(digit.axis, size, digit.weight * rest)
            axis.append(digit)
            size //= digit.size
        new_axes.append(tuple(axis))
    return tuple(new_axes)


def _seen(number, size, digits, channels):
    """What the positions of one axis see; `None` where that has no period."""
    inner, period = list(digits), 1
    if size > 1:
        if not inner or inner[0].axis != number:
            return None
        whole = inner.pop(0)
        # What one axis counts in two parts that follow each other is one.
        while (
            inner
            and inner[0].axis == number
            and (inner[0].weight * inner[0].size == whole.weight)
        ):
            part = inner.pop(0)
            whole = _Digit(number, whole.size * part.size, part.weight)
        if whole.size * whole.weight != size:
            return None
        period = whole.weight
    if any(digit.axis not in (number, _CHANNELS) for digit in inner):
        return None
    free = [digit for digit in channels if digit.axis == number]
    missing = period // prod(
        digit.size for digit in (*inner, *free) if digit.axis == number
    )
    if missing != 1:
        return None  # another axis counts some of its cells
    depth = sum((digit.size - 1) * digit.weight for digit in free)
    weights = [digit.weight * (digit.axis == number) for digit in inner]
    lows = [
        sum(n * weight for n, weight in zip(numbers, weights, strict=True))
        for numbers in product(*(range(digit.size) for digit in inner))
    ]
    if lows != sorted(lows):
        return None
    return SeenCells(period, tuple((low, low + depth) for low in lows))
