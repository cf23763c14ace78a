"""How far a network sees, and how far its padding reaches."""

import math
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.models.model_graph import model_graph
from keras_padpos.models.window import window_of

Pair = tuple[int, int]


@dataclass(frozen=True)
class ReceptiveField:
    """Geometry of a layer's output, every number a pair (height, width).

    A position `i` of the map sees the cells `i * stride - pad_before` to
    `i * stride - pad_before + size - 1` of the picture.

    Attributes:
        stride: Cells of the picture between neighbouring positions.
        size: Cells of the picture that a position sees.
        pad_before: Cells by which position 0 sees past the top and the left.
        pad_after: Cells by which the last position sees past the bottom and
            the right.
        margin: The least number of cells that a larger picture must show
            around a crop, so that the features at the crop's places do not
            depend on the larger picture's own border; a multiple of `stride`.
        reach: Share of positions, in [0, 1], that see past the border, and
            that padding can therefore reach.
        positions: Positions of the map.
    """

    stride: Pair
    size: Pair
    pad_before: Pair
    pad_after: Pair
    margin: Pair
    reach: tuple[float, float]
    positions: Pair


@dataclass(frozen=True)
class _Axis:
    """One axis of a tensor, in cells of the picture."""

    stride: int
    before: int
    beyond: int  # size - before: what is seen from i * stride on
    positions: int

    def after(self, kernel, stride, dilation, before, positions):
        step = self.stride
        return _Axis(
            step * stride,
            self.before + before * step,
            self.beyond + ((kernel - 1) * dilation - before) * step,
            positions,
        )


def receptive_field(
    model: keras.Model, input_shape: tuple[int | None, ...] | None = None
) -> dict[str, ReceptiveField]:
    """Work out every layer's receptive field from the graph alone.

    The union over branches is taken where they meet, so residual and inception
    networks are covered, and nested models are opened up.

    Example:

    >>> net = keras.applications.VGG16(weights=None, include_top=False)
    >>> field = receptive_field(net, (224, 224, 3))["block5_conv3"]
    >>> field.stride, field.size, field.pad_before, field.margin
    ((16, 16), (196, 196), (90, 90), (96, 96))

    Args:
        model: A functional or Sequential model of pictures, channels last.
        input_shape: Height, width and channels of the picture; needed where
            the model leaves a size open.

    Returns:
        From a layer's name to its field, for each layer whose output has two
        spatial axes. In a nested model the name is `"outer/inner"`.

    Raises:
        ValueError: If a size is open, or a layer changes the map's size in a
            way that is no window: the message names it.
    """
    fields: dict[str, ReceptiveField] = {}
    axes: dict[Any, tuple[_Axis, _Axis]] = {}
    picture = None
    for call in model_graph(model):
        if not call.inputs:
            shape = input_shape or _picture_shape(call.operation)
            if len(shape) != 3:
                continue
            if None in shape[:2]:
                raise ValueError(
                    "`input_shape` must give the picture's height and width, "
                    f"since the model leaves them open. Received: {shape}"
                )
            picture = shape[:2]
            axes[call.output] = tuple(_Axis(1, 0, 1, n) for n in picture)
        else:
            known = [axes[key] for key in call.inputs if key in axes]
            if not known:
                continue
            moved = _through(call, known)
            if moved is None:
                continue
            axes[call.output] = moved
        fields[call.name] = _field(axes[call.output], picture)
    return fields


def _picture_shape(entry):
    """Shape of what enters: of an input layer, or of a Sequential model."""
    if isinstance(entry, keras.Model):
        return tuple(entry.input_shape[1:])
    return tuple(entry.output.shape[1:])


def _through(call, inputs):
    """The axes of a call's output, or `None` if it is no map."""
    layer = call.operation
    window = window_of(layer)
    if window is not None:
        sizes = tuple(axis.positions for axis in inputs[0])
        return tuple(
            axis.after(kernel, stride, dilation, pads[0], positions)
            for axis, kernel, stride, dilation, pads, positions in zip(
                inputs[0],
                window.kernel_size,
                window.strides,
                window.dilation_rate,
                window.pads(sizes),
                window.output_sizes(sizes),
                strict=True,
            )
        )
    if _leaves_the_map(layer):
        return None
    merged = []
    for together in zip(*inputs, strict=True):
        if len({(axis.stride, axis.positions) for axis in together}) > 1:
            raise ValueError(
                f"Layer {call.name!r} joins maps of different stride or size, "
                "so its receptive field is not one window."
            )
        merged.append(
            _Axis(
                together[0].stride,
                max(axis.before for axis in together),
                max(axis.beyond for axis in together),
                together[0].positions,
            )
        )
    return tuple(merged)


def _leaves_the_map(layer):
    """Whether the output no longer has the two spatial axes."""
    before, after = _rank(layer.input), _rank(layer.output)
    if after < 3 or isinstance(
        layer,
        (
            keras.layers.GlobalAveragePooling2D,
            keras.layers.GlobalMaxPooling2D,
            keras.layers.Flatten,
            keras.layers.Reshape,
        ),
    ):
        return True
    sizes = _sizes(layer.input), _sizes(layer.output)
    # Channels taken out and stacked again keep the first two axes.
    if before == 4 and after == 4 and None not in (*sizes[0], *sizes[1]):
        if sizes[1] == (1, 1) and sizes[0] != (1, 1):
            return True
        if sizes[0] != sizes[1]:
            raise ValueError(
                f"Layer {layer.name!r} ({type(layer).__name__}) changes the "
                f"map from {sizes[0]} to {sizes[1]} and has no window."
            )
    return False


def _first(tensors):
    return tensors[0] if isinstance(tensors, (list, tuple)) else tensors


def _rank(tensors):
    return len(_first(tensors).shape)


def _sizes(tensors):
    return tuple(_first(tensors).shape[1:3])


def _field(axes, picture):
    size = [axis.before + axis.beyond for axis in axes]
    after = [
        (axis.positions - 1) * axis.stride + axis.beyond - cells
        for axis, cells in zip(axes, picture, strict=True)
    ]
    margins, reaches = [], []
    for axis, cells in zip(axes, picture, strict=True):
        # Past the right border the last position of a crop has a stride's
        # worth of its own cells left.
        needed = max(axis.before, axis.beyond - axis.stride, 0)
        margins.append(math.ceil(needed / axis.stride) * axis.stride)
        clear = sum(
            i * axis.stride - axis.before >= 0
            and i * axis.stride + axis.beyond <= cells
            for i in range(axis.positions)
        )
        reaches.append(1 - clear / axis.positions)
    return ReceptiveField(
        stride=tuple(axis.stride for axis in axes),
        size=tuple(size),
        pad_before=tuple(axis.before for axis in axes),
        pad_after=tuple(max(cells, 0) for cells in after),
        margin=tuple(margins),
        reach=tuple(reaches),
        positions=tuple(axis.positions for axis in axes),
    )
