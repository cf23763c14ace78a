"""Which cells of its input each position of a layer's output sees."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from math import floor
from math import gcd
from typing import Any

import keras

from keras_padpos.layers import ResizeToMatch
from keras_padpos.layers.resampling import INTERPOLATION_REACH
from keras_padpos.models.graph.field_axis import SeenCells
from keras_padpos.models.graph.window import TRANSPOSED
from keras_padpos.models.graph.window import UPSAMPLING
from keras_padpos.models.graph.window import Window
from keras_padpos.models.graph.window import is_exactly
from keras_padpos.models.graph.window import window_of
from keras_padpos.models.trials.seen_axis import Axis
from keras_padpos.padding import Geometry

SAME = SeenCells(1, ((0, 0),))
"""What positions see that take each cell by itself."""


def layer_cells(
    layer: Any, sizes: Sequence[int], new_sizes: Sequence[int]
) -> tuple[SeenCells, ...] | str | None:
    """The cells that positions see behind a layer of a known class.

    Cells past the ends are counted as if the map went on there: those that a
    window pads, those that an interpolation repeats, and those that a
    transposed convolution lacks.

    Example:

    >>> up = keras.layers.UpSampling2D(2, interpolation="bilinear")
    >>> layer_cells(up, (8, 8), (16, 16))[0]
    SeenCells(period=1, ranges=((-1, 0), (0, 1)))

    Args:
        layer: A layer, or an operation of `keras.ops`.
        sizes: Spatial sizes of its input.
        new_sizes: Those of its output.

    Returns:
        One entry a spatial axis; a reason, as the end of a sentence about the
        layer, where the class is known and there is no such rule; `None` for
        layers of other classes.
    """
    window = window_of(layer)
    if window is not None:
        if window.rank != len(sizes):
            return None
        return tuple(
            SeenCells(stride, ((-before, (kernel - 1) * dilation - before),))
            for kernel, stride, dilation, (before, _) in zip(
                window.kernel_size,
                window.strides,
                window.dilation_rate,
                window.pads(sizes) or (),
                strict=True,
            )
        )
    if is_exactly(layer, TRANSPOSED):
        window = transposed_window(layer)
        return tuple(
            _transposed(kernel, stride, dilation, cut)
            for kernel, stride, dilation, (cut, _) in zip(
                window.kernel_size,
                window.strides,
                window.dilation_rate,
                window.pads(new_sizes) or (),
                strict=True,
            )
        )
    if is_exactly(layer, UPSAMPLING):
        return upsampling_cells(layer)
    if is_exactly(layer, (keras.layers.Resizing,)):
        return _resized(layer, sizes, new_sizes)
    if type(layer) is ResizeToMatch:
        return "lays the outermost cells of two maps on each other"
    return None


def transposed_window(layer: Any) -> Window:
    """The window of the convolution of which a layer is the transpose.

    Its `pads`, for the sizes of the layer's output, are the cells that the
    layer cuts off.
    """
    rank = len(layer.kernel_size)
    return Window(
        tuple(layer.kernel_size),
        tuple(layer.strides),
        tuple(layer.dilation_rate),
        Geometry(layer.padding, rank),
        data_format=layer.data_format,
    )


def upsampling_cells(layer: Any) -> tuple[SeenCells, ...]:
    """The cells that positions see behind an `UpSampling` of any rank."""
    factors = layer.size if isinstance(layer.size, tuple) else (layer.size,)
    reach = INTERPOLATION_REACH[getattr(layer, "interpolation", "nearest")]
    return tuple(_interpolated(1, factor, reach) for factor in factors)


def axis_cells(axis: Axis) -> SeenCells:
    """The cells that positions see, from what running a layer has shown."""
    if axis.factor > 1:
        return SeenCells(1, tuple(map(axis.cells, range(axis.factor))))
    return SeenCells(axis.stride, (axis.cells(0),))


def _transposed(kernel, stride, dilation, cut):
    """Position `i` sees the cells whose kernel reaches `i + cut`."""
    ranges = []
    for position in range(cut, cut + stride):
        high = position // stride
        low = ceil(Fraction(position - (kernel - 1) * dilation, stride))
        ranges.append((low, high))
    return SeenCells(1, tuple(ranges))


def _resized(layer, sizes, new_sizes):
    ratios = {Fraction(n, m) for n, m in zip(sizes, new_sizes, strict=True)}
    text = " to ".join("x".join(map(str, each)) for each in (sizes, new_sizes))
    if any(1 not in (ratio.numerator, ratio.denominator) for ratio in ratios):
        return f"resizes the map by no whole factor, {text}"
    keeps_ratio = layer.crop_to_aspect_ratio or layer.pad_to_aspect_ratio
    if keeps_ratio and len(ratios) > 1:
        return f"crops or frames the map before it resizes it, {text}"
    reach = INTERPOLATION_REACH[layer.interpolation]
    return tuple(
        _interpolated(n, m, reach, layer.antialias)
        for n, m in zip(sizes, new_sizes, strict=True)
    )


def _interpolated(size, new_size, reach, antialias=False):
    """Of an interpolation of half-pixel centres."""
    if size == new_size:
        return SAME
    period = size // gcd(size, new_size)
    scale = Fraction(size, new_size)
    radius = reach * max(scale, 1) if antialias else reach
    ranges = []
    for position in range(new_size // gcd(size, new_size)):
        middle = (position + Fraction(1, 2)) * scale - Fraction(1, 2)
        low = floor(middle - radius) + 1
        high = ceil(middle + radius) - 1
        if not reach:
            low = high = floor(middle + Fraction(1, 2))
        ranges.append((low, high))
    return SeenCells(period, tuple(ranges))
