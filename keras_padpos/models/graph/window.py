"""The window that a layer moves over its input."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos import layers
from keras_padpos import padding
from keras_padpos.layers.converted_layer import inner_layers
from keras_padpos.models._code_owner import is_foreign
from keras_padpos.padding import Geometry
from keras_padpos.padding import Interpolate
from keras_padpos.padding import PaddingMode

PADDED: dict[type, type] = {
    getattr(keras.layers, name.replace("Padding", "ZeroPadding")): getattr(
        layers, name
    )
    for name in layers.__all__
    if hasattr(keras.layers, name.replace("Padding", "ZeroPadding"))
}
"""From a layer class of Keras to the one with a `padding_mode`."""

STOCK: dict[type, type] = {ours: stock for stock, ours in PADDED.items()}
"""The way back."""


Pads = tuple[tuple[Any, Any], ...]

_CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)
MAX_POOLING = (
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.MaxPooling3D,
)
AVERAGE_POOLING = (
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.AveragePooling3D,
)
TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
UPSAMPLING = (
    keras.layers.UpSampling1D,
    keras.layers.UpSampling2D,
    keras.layers.UpSampling3D,
)
RECURRENT = (
    keras.layers.ConvLSTM1D,
    keras.layers.ConvLSTM2D,
    keras.layers.ConvLSTM3D,
)
# Those that may mix neighbouring cells.
RESAMPLING = (keras.layers.UpSampling2D, keras.layers.Resizing)
ZERO_PADDING = (
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
    keras.layers.ZeroPadding3D,
)
FRAMES = (*ZERO_PADDING, *(PADDED[frame] for frame in ZERO_PADDING))
"""Layers that do nothing but pad, of Keras and ours."""

CROPPING = (
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.Cropping3D,
)
# Layers whose exact class takes every position by itself. Of some more that
# depends on an axis or a function: see `is_pointwise`.
_POINTWISE = tuple(
    getattr(keras.layers, name)
    for name in (
        "ActivityRegularization",
        "Add",
        "AlphaDropout",
        "Average",
        "BatchNormalization",
        "Dropout",
        "ELU",
        "Embedding",
        "GaussianDropout",
        "GaussianNoise",
        "Identity",
        "LeakyReLU",
        "Maximum",
        "Minimum",
        "Multiply",
        "Normalization",
        "PReLU",
        "ReLU",
        "Rescaling",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
        "Subtract",
    )
)
# Layers that scale by what they compute along their axes.
_SCALING = (
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
    keras.layers.Softmax,
    keras.layers.UnitNormalization,
)
# Functions of Keras that scale by what they compute along the last axis.
_SCALING_FUNCTIONS = tuple(
    getattr(keras.activations, name)
    for name in ("softmax", "log_softmax", "sparsemax")
    if hasattr(keras.activations, name)
)
_ALONG_LAST = (
    *_SCALING_FUNCTIONS,
    *filter(None, [getattr(keras.activations, "glu", None)]),
)
# Public functions of Keras that take every number by itself.
_ACTIVATIONS = tuple(
    function
    for name, function in vars(keras.activations).items()
    if not name.startswith("_")
    and name not in ("get", "serialize", "deserialize")
    and callable(function)
    and function not in _ALONG_LAST
)
# Layers whose exact class has no window, and applies a function at its end.
_APPLYING = (
    keras.layers.Activation,
    keras.layers.Dense,
    keras.layers.EinsumDense,
)
# Layers of Keras that run code of another kind.
_OTHER_CODE = tuple(
    getattr(keras.layers, name)
    for name in ("TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer")
    if hasattr(keras.layers, name)
)
_UNWINDOWED = (*TRANSPOSED, *RECURRENT, *RESAMPLING)
_WINDOWED = {*PADDED, *STOCK, *CROPPING}


@dataclass(frozen=True)
class Window:
    """Kernel, strides, dilation and geometry of a layer.

    Attributes:
        kernel_size: Cells, one number a spatial axis.
        strides: Steps.
        dilation_rate: Distances of taps.
        geometry: Where cells are added; `None` where cells are cut off.
        cropping: Cells cut off, one pair an axis; `None` where none are.
        data_format: `"channels_last"` or `"channels_first"`.
        stretches: Whether the input is enlarged to the size that it would
            have with the cells added, and none are.
    """

    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    geometry: Geometry | None
    cropping: tuple[tuple[int, int], ...] | None = None
    data_format: str = "channels_last"
    stretches: bool = False

    @property
    def rank(self) -> int:
        """Number of spatial axes."""
        return len(self.kernel_size)

    @property
    def may_pad(self) -> bool:
        """Whether cells are added, at some size of the input."""
        if self.geometry is None or self.geometry.is_valid:
            return False
        return self.geometry.name is None or max(self.kernel_size) > 1

    def sizes(self, shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The spatial entries of a shape."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(shape[first : first + self.rank])

    def pads(self, sizes: Sequence[int | None]) -> Pads | None:
        """Cells added beside an input of these sizes, one pair an axis.

        Cells cut off count as negative ones. `None` where a size is unknown
        and matters.
        """
        if self.cropping is not None:
            return tuple((-before, -after) for before, after in self.cropping)
        if self.geometry is None:
            return None
        strided = self.geometry.name == "same" and max(self.strides) > 1
        if strided and None in sizes:
            return None
        return self.geometry.pads(
            [size or 0 for size in sizes],
            self.kernel_size,
            self.strides,
            self.dilation_rate,
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
        Its window, or `None` where it has none; so it is for transposed
        convolutions, whose window moves over the output, for recurrent and
        resampling layers, and for layers of any other class, a subclass too:
        what these do is not known from their attributes.
    """
    if type(layer) not in _WINDOWED or isinstance(layer, _UNWINDOWED):
        return None
    mode = getattr(layer, "padding_mode", None)
    stretches = isinstance(mode, Interpolate)
    data_format = getattr(layer, "data_format", None) or "channels_last"
    if isinstance(layer, _CONVOLUTIONS):
        kernel = tuple(layer.kernel_size)
        return Window(
            kernel,
            _per_axis(layer.strides, len(kernel)),
            _per_axis(layer.dilation_rate, len(kernel)),
            Geometry(layer.padding, len(kernel)),
            data_format=data_format,
            stretches=stretches,
        )
    if isinstance(layer, (*MAX_POOLING, *AVERAGE_POOLING)):
        rank = _rank(layer, MAX_POOLING) or _rank(layer, AVERAGE_POOLING)
        pool = _per_axis(layer.pool_size, rank)
        return Window(
            pool,
            _per_axis(layer.strides, rank),
            (1,) * rank,
            Geometry(layer.padding, rank),
            data_format=data_format,
            stretches=stretches,
        )
    if isinstance(layer, CROPPING):
        cropping = Geometry(layer.cropping, _rank(layer, CROPPING)).explicit
        ones = (1,) * len(cropping or ())
        return Window(ones, ones, ones, None, cropping, data_format)
    geometry = getattr(layer, "geometry", None)
    if isinstance(layer, ZERO_PADDING):
        geometry = Geometry(layer.padding, _rank(layer, ZERO_PADDING))
    if isinstance(geometry, Geometry):
        ones = (1,) * geometry.rank
        return Window(
            ones,
            ones,
            ones,
            geometry,
            data_format=data_format,
            stretches=stretches,
        )
    return None


def is_known(layer: Any) -> bool:
    """Whether a layer's exact class is one whose padding is known.

    A subclass may do anything else, whatever its attributes say.
    """
    return type(layer) in _WINDOWED


def is_exactly(layer: Any, classes: Sequence[type]) -> bool:
    """Whether a layer is of one of some classes of Keras, or of our own form.

    A subclass is not.
    """
    kind = type(layer)
    return kind in classes or STOCK.get(kind) in classes


def is_frame(layer: Any) -> bool:
    """Whether a layer does nothing but pad."""
    return type(layer) in FRAMES


def is_pointwise_function(
    function: Any, shape: Sequence[int | None], first: int
) -> bool:
    """Whether an activation is known to take every position by itself.

    Args:
        function: The activation; `None` for none.
        shape: Shape of what it is called on, batch included.
        first: The first spatial axis: 1, or 2 where channels come first.
    """
    if function is None or any(function is each for each in _ACTIVATIONS):
        return True
    return any(function is each for each in _ALONG_LAST) and (
        first == 1 or len(shape) == 2
    )


def is_pointwise(layer: Any, shape: Sequence[int | None], first: int) -> bool:
    """Whether a layer is known to take every position by itself.

    Args:
        layer: A layer, or an operation of `keras.ops`.
        shape: Shape of what it is called on, batch included.
        first: The first spatial axis: 1, or 2 where channels come first.
    """
    kind = type(layer)
    last = len(shape) - 1
    channels = last if first == 1 else 1
    if kind in _POINTWISE:
        return True
    if kind is keras.layers.Activation:
        return is_pointwise_function(layer.activation, shape, first)
    if kind is keras.layers.Dense:
        return channels == last and is_pointwise_function(
            layer.activation, shape, first
        )
    if kind is keras.layers.Concatenate:
        return layer.axis % len(shape) == channels
    if kind in _SCALING:
        return all(axis % len(shape) == channels for axis in _axes(layer))
    return False


def is_gate(layer: Any, shape: Sequence[int | None], first: int) -> bool:
    """Whether a layer is known to scale by something of the whole map."""
    kind = type(layer)
    if kind is keras.layers.GroupNormalization:
        return True
    if kind is keras.layers.Activation:
        scales = any(layer.activation is each for each in _SCALING_FUNCTIONS)
        return scales and not is_pointwise(layer, shape, first)
    return kind in _SCALING and not is_pointwise(layer, shape, first)


def runs_other_code(operation: Any) -> bool:
    """Whether a layer's class is neither of Keras nor of this package.

    Wrappers and cells of Keras run what they hold, and a Lambda, an Activation
    or a Dense the function that it was made with.
    """
    if not isinstance(operation, keras.Layer):
        return False
    if is_foreign(operation):
        return True
    kind = type(operation)
    if kind is keras.layers.Lambda:
        return True
    if kind in _APPLYING:
        function = operation.activation
        return not is_pointwise_function(function, (), 1)
    if isinstance(operation, (keras.layers.Wrapper, keras.layers.RNN)):
        return any(
            runs_other_code(inner) for _, inner in inner_layers(operation)
        )
    return kind in _OTHER_CODE


def padding_mode_of(layer: Any) -> PaddingMode:
    """What a layer of Keras, or ours, fills the cells beyond a map with."""
    default = "replicate" if isinstance(layer, RESAMPLING) else "zeros"
    return getattr(layer, "padding_mode", None) or padding.get(default)


def _axes(layer):
    axes = layer.axis
    return axes if isinstance(axes, (list, tuple)) else [axes]


def _rank(layer, classes):
    for rank, kind in enumerate(classes, start=1):
        if isinstance(layer, kind):
            return rank
    return None


def _per_axis(value, rank):
    return (value,) * rank if isinstance(value, int) else tuple(value)
