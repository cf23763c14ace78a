"""The window that a layer moves over its input."""

from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.padding import Geometry

_ONE = (1, 1)
_CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)
_POOLING = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)


@dataclass(frozen=True)
class Window:
    """Kernel, strides, dilation and geometry of a layer with two axes.

    Attributes:
        kernel_size: Cells, (height, width).
        strides: Steps, (height, width).
        dilation_rate: Distances of taps, (height, width).
        geometry: Where cells are added.
    """

    kernel_size: tuple[int, int]
    strides: tuple[int, int]
    dilation_rate: tuple[int, int]
    geometry: Geometry

    def pads(self, sizes: tuple[int, int]) -> tuple[tuple[int, int], ...]:
        """Cells added beside an input of these sizes, one pair an axis."""
        return self.geometry.pads(
            sizes, self.kernel_size, self.strides, self.dilation_rate
        )

    def output_sizes(self, sizes: tuple[int, int]) -> tuple[int, int]:
        """Sizes of the map that comes out."""
        return self.geometry.output_sizes(
            sizes, self.kernel_size, self.strides, self.dilation_rate
        )


def window_of(layer: Any) -> Window | None:
    """Find the window of a layer.

    Example:

    >>> window_of(keras.layers.MaxPooling2D(2)).strides
    (2, 2)
    >>> window_of(keras.layers.ReLU()) is None
    True

    Args:
        layer: A layer, or an operation of `keras.ops`.

    Returns:
        Its window, or `None` where it has none.

    Raises:
        ValueError: If it is a transposed convolution: its window moves over
            its output.
    """
    if isinstance(layer, keras.layers.Conv2DTranspose):
        raise ValueError(
            f"Layer {layer.name!r} is a transposed convolution, which has no "
            "window over its input."
        )
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return Window(_ONE, _ONE, _ONE, Geometry(layer.padding, 2))
    if isinstance(layer, _CONVOLUTIONS):
        return Window(
            tuple(layer.kernel_size),
            tuple(layer.strides),
            tuple(layer.dilation_rate),
            Geometry(layer.padding, 2),
        )
    if isinstance(layer, _POOLING):
        return Window(
            tuple(layer.pool_size),
            tuple(layer.strides),
            _ONE,
            Geometry(layer.padding, 2),
        )
    geometry = getattr(layer, "geometry", None)
    if isinstance(geometry, Geometry) and geometry.rank == 2:
        return Window(_ONE, _ONE, _ONE, geometry)
    return None
