"""How far a network sees, and how far its padding reaches."""

import math
from dataclasses import dataclass
from dataclasses import replace
from statistics import fmean

import keras

from keras_padpos.errors import InputError
from keras_padpos.layers import AlignMaps
from keras_padpos.layers import ResizeToMatch
from keras_padpos.models.graph._find_padding_sites import hidden_padding
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph.window import TRANSPOSED
from keras_padpos.models.graph.window import window_of

_SCALING = (
    keras.layers.LayerNormalization,
    keras.layers.Softmax,
    keras.layers.UnitNormalization,
)

Pair = tuple[int, int]


@dataclass(frozen=True)
class ReceptiveField:
    """Geometry of a layer's output, every number a pair (height, width).

    A position `i` of the map sees the cells `i * stride - pad_before` to
    `i * stride - pad_before + size - 1` of the picture; the middle of what it
    sees lies on the picture's position `start + i * spacing`.

    A layer that enlarges its input in place of padding (`Interpolate`) counts
    as one that adds a frame, except in `spacing` and `start`: enlarging pulls
    the positions of cells inwards. Where branches that were pulled unequally
    are added or stand side by side, their mean is given, as if all results of
    windows and all channels were equally strong; which they are is up to the
    weights.

    Attributes:
        stride: Cells of the picture between neighbouring positions.
        size: Cells of the picture that a position sees.
        pad_before: Cells by which position 0 sees past the top and the left;
            negative where it starts inside, as without padding it may.
        pad_after: Cells by which the last position sees past the bottom and
            the right; negative likewise.
        margin: The least number of cells that a larger picture must show
            around a crop, so that the features at the crop's positions do not
            depend on the larger picture's own border; a multiple of `stride`.
        reach: Share of positions, in [0, 1], that see past the border, and
            that padding can therefore reach.
        positions: Positions of the map.
        clear: First and last position that padding does not reach, one pair
            an axis; the last before the first where it reaches all.
        spacing: Pixels between the middles of what neighbouring positions
            see; `stride`, if no layer enlarges.
        start: The middle of what position 0 sees, in pixels from the centre
            of the picture's first one; `(size - 1) / 2 - pad_before`, if no
            layer enlarges.
        gated: Whether the map was scaled by something computed from the whole
            of it, as squeeze-and-excitation and group normalisation do.
            Padding then reaches everywhere (`reach` is 1 if the gate's input
            saw any), and no margin hides it; `size` and `margin` tell of the
            other paths.
    """

    stride: Pair
    size: Pair
    pad_before: Pair
    pad_after: Pair
    margin: Pair
    reach: tuple[float, float]
    positions: Pair
    clear: tuple[Pair, Pair]
    spacing: tuple[float, float]
    start: tuple[float, float]
    gated: bool = False

    @property
    def surround(self) -> tuple[Pair, Pair]:
        """Cells of a larger picture on which no padding is needed.

        One pair (before, after) an axis: a network without padding, run on
        the crop with so many cells around it, gives just the positions that
        the padded network gives on the crop, computed from real neighbours.
        """

        def cells(axis):
            pads, stride = (self.pad_before, self.pad_after), self.stride[axis]
            before, after = (
                max(math.ceil(pad[axis] / stride) * stride, 0) for pad in pads
            )
            return before, after

        return cells(0), cells(1)


@dataclass(frozen=True)
class _Line:
    """Places in the picture, from a position's number: `start + i * step`."""

    step: float
    start: float

    def behind(self, step, start):
        """The line of a map whose `i` lies on `start + i * step` of this."""
        return _Line(self.step * step, self.step * start + self.start)

    @classmethod
    def joining(cls, outermost, lines, weights):
        """Of lines side by side the outermost, else their weighted mean."""
        starts = [line.start for line in lines]
        steps = [line.step for line in lines]
        if len(set(steps)) == 1:
            return cls(steps[0], outermost(starts))
        return cls(fmean(steps, weights), fmean(starts, weights))


@dataclass(frozen=True)
class _Axis:
    """One axis of a map, in cells of the picture.

    `first` and `last` bound the positions that padding does not reach; `low`
    and `high` are the first and the last cell that a position sees.
    """

    stride: int
    before: int
    beyond: int  # size - before: what is seen from i * stride on
    positions: int
    first: int
    last: int
    low: _Line
    high: _Line

    def after(
        self, kernel, stride, dilation, pads, positions, *, stretches=False
    ):
        """The axis behind a window that adds cells in front and behind."""
        step = self.stride
        extent = (kernel - 1) * dilation
        before = pads[0]
        scale, start = 1, -before
        if stretches and sum(pads):
            scale = self.positions / (self.positions + sum(pads))
            start = (scale - 1) / 2
        return _Axis(
            step * stride,
            self.before + before * step,
            self.beyond + (extent - before) * step,
            positions,
            max(-(-(self.first + before) // stride), 0),
            min((self.last + before - extent) // stride, positions - 1),
            self.low.behind(scale * stride, start),
            self.high.behind(scale * stride, start + scale * extent),
        )

    def cut(self, start, positions):
        """The axis without its first cells."""
        return self.after(1, 1, 1, (-start, 0), positions)


@dataclass(frozen=True)
class _Map:
    """What is known of a tensor: `axes` are `None` where it is no map."""

    axes: tuple[_Axis, _Axis] | None
    gated: bool = False
    addends: int = 1  # results of windows, of which it is the sum
    reached: bool = False  # by padding, where it is no map

    @property
    def touched(self):
        """Whether padding reaches any of it."""
        if self.axes is None:
            return self.reached
        return self.gated or any(
            axis.first > 0 or axis.last < axis.positions - 1
            for axis in self.axes
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
        spatial axes. In a nested model the name is `"outer/inner"`. Of a
        layer that is called several times the last call counts. Left out are
        layers behind one that enlarges the map (upsampling, transposed
        convolutions), for no window of one size and stride is theirs, and
        behind one that `find_padding_sites` lists as `"other"`.

    Raises:
        ValueError: If a size is open, if the model has inputs of pictures of
            several sizes, or if a layer changes the map's size in a way that
            is no window: the message names it.
    """
    fields: dict[str, ReceptiveField] = {}
    tensors: dict[int, _Map | None] = {}
    picture = None
    for call in model_graph(model, input_shape).calls:
        if call.operation is None:
            shape = call.output_shapes[0]
            if len(shape) != 4:
                continue
            if None in shape[1:3]:
                raise InputError(
                    "`input_shape` must give the picture's height and width, "
                    f"since the model leaves them open. Received: {shape[1:]}"
                )
            if picture is not None and picture != shape[1:3]:
                raise InputError(
                    f"Input {call.name!r} is of another size than the first, "
                    f"{shape[1:3]} and {picture}: cells of which picture "
                    "would be counted?"
                )
            picture = shape[1:3]
            height, width = picture
            tensors[call.outputs[0]] = _Map((_entry(height), _entry(width)))
            made = tensors[call.outputs[0]]
        else:
            inputs = [tensors[key] for key in call.inputs if key in tensors]
            if not inputs:
                continue
            results = _through(call, inputs)
            tensors.update(zip(call.outputs, results, strict=True))
            made = results[0]
        if made is not None and made.axes is not None:
            fields[call.name] = _field(made, picture)
    return fields


def _entry(size):
    """An axis of the picture itself."""
    line = _Line(1, 0)
    return _Axis(1, 0, 1, size, 0, size - 1, line, line)


def _through(call, inputs):
    """What is known of a call's outputs; `None` is a map without a field."""
    layer = call.operation
    count = len(call.outputs)
    if None in inputs:
        return [None] * count
    maps = [each for each in inputs if each.axes is not None]
    if not maps or not _is_map(call.output_shapes[0], maps[0].axes):
        reached = any(each.touched for each in inputs)
        return [_Map(None, reached=reached)] * count
    if _cannot_be_followed(call):
        return [None] * count
    if getattr(layer, "data_format", None) == "channels_first":
        raise InputError(
            f"Layer {call.name!r} has its channels first; receptive fields "
            "are told of channels-last models."
        )
    if isinstance(layer, AlignMaps):
        return [
            _Map(
                tuple(
                    axis.cut(start, size)
                    for axis, start, size in zip(
                        each.axes, starts, shape[1:3], strict=True
                    )
                ),
                each.gated,
            )
            for each, starts, shape in zip(
                inputs, layer.starts, call.output_shapes, strict=True
            )
        ]
    sizes = [shape[1:3] for shape in call.output_shapes]
    window = window_of(layer)
    if window is not None:
        pads = window.pads(call.input_shapes[0][1:3])
        moved = zip(
            maps[0].axes,
            window.kernel_size,
            window.strides,
            window.dilation_rate,
            pads,
            sizes[0],
            strict=True,
        )
        axes = tuple(
            axis.after(*numbers, stretches=window.stretches)
            for axis, *numbers in moved
        )
        return [_Map(axes, maps[0].gated)]
    return _joined(call, inputs, maps, sizes)


def _is_map(shape, axes):
    """Whether a tensor still has the two axes of the picture."""
    if len(shape) == 3:  # a channel taken out, to be stacked again
        return shape[1:] == tuple(axis.positions for axis in axes)
    return len(shape) == 4


def _cannot_be_followed(call):
    """Whether a call's window is unknown, or moves over its output."""
    layer = call.operation
    return isinstance(layer, TRANSPOSED) or (
        window_of(layer) is None and bool(hidden_padding(call))
    )


def _looks_over_the_map(layer):
    """Whether a layer scales by what it computes of all positions."""
    if isinstance(layer, keras.layers.GroupNormalization):
        return True
    if not isinstance(layer, _SCALING):
        return False
    axes = layer.axis
    axes = axes if isinstance(axes, (list, tuple)) else [axes]
    return any(axis % 4 in (1, 2) for axis in axes)


def _joined(call, inputs, maps, sizes):
    """Of an operation that takes each position by itself."""
    layer = call.operation
    count = len(sizes)
    if isinstance(layer, ResizeToMatch):
        return [None] * count
    before = tuple(axis.positions for axis in maps[0].axes)
    if any(
        tuple(axis.positions for axis in each.axes) != before for each in maps
    ) or any(
        len({axis.stride for axis in pair}) > 1
        for pair in zip(*(each.axes for each in maps), strict=True)
    ):
        raise InputError(
            f"Layer {call.name!r} joins maps of different stride or size, "
            "so its receptive field is not one window."
        )
    if sizes[0] != before:
        if sizes[0] == (1, 1) or isinstance(layer, keras.layers.Reshape):
            reached = any(each.touched for each in inputs)
            return [_Map(None, reached=reached)] * count
        if all(new >= old for new, old in zip(sizes[0], before, strict=True)):
            return [None] * count
        raise InputError(
            f"Layer {call.name!r} ({type(layer).__name__}) changes the map "
            f"from {before} to {sizes[0]} and has no window."
        )
    gates = [each for each in inputs if each.axes is None]
    if _looks_over_the_map(layer):
        gates += maps
    reached = any(each.touched for each in gates)
    gated = bool(gates) or any(each.gated for each in maps)
    # As if every result of a window, and every channel, were equally strong.
    channels = [
        shape[-1] or 1 for shape in call.input_shapes if shape[1:3] == before
    ]
    if len(channels) != len(maps):  # one does not come from the picture
        channels = [1] * len(maps)
    weights = [
        each.addends * number
        for each, number in zip(maps, channels, strict=True)
    ]
    side_by_side = call.output_shapes[0][-1] != channels[0]
    addends = 1 if side_by_side else sum(each.addends for each in maps)
    axes = []
    for together in zip(*(each.axes for each in maps), strict=True):
        axis = _Axis(
            together[0].stride,
            max(axis.before for axis in together),
            max(axis.beyond for axis in together),
            together[0].positions,
            max(axis.first for axis in together),
            min(axis.last for axis in together),
            _Line.joining(min, [axis.low for axis in together], weights),
            _Line.joining(max, [axis.high for axis in together], weights),
        )
        axes.append(replace(axis, last=axis.first - 1) if reached else axis)
    return [_Map(tuple(axes), gated, addends)] * count


def _field(made, picture):
    margins, reaches = [], []
    for axis in made.axes:
        # Past the right border the last position of a crop has a stride's
        # worth of its own cells left.
        needed = max(axis.before, axis.beyond - axis.stride, 0)
        margins.append(math.ceil(needed / axis.stride) * axis.stride)
        clear = max(axis.last - axis.first + 1, 0)
        reaches.append(1 - clear / axis.positions)
    return ReceptiveField(
        stride=tuple(axis.stride for axis in made.axes),
        size=tuple(axis.before + axis.beyond for axis in made.axes),
        pad_before=tuple(axis.before for axis in made.axes),
        pad_after=tuple(
            (axis.positions - 1) * axis.stride + axis.beyond - cells
            for axis, cells in zip(made.axes, picture, strict=True)
        ),
        margin=tuple(margins),
        reach=tuple(reaches),
        positions=tuple(axis.positions for axis in made.axes),
        clear=tuple((axis.first, axis.last) for axis in made.axes),
        spacing=tuple(
            (axis.low.step + axis.high.step) / 2 for axis in made.axes
        ),
        start=tuple(
            (axis.low.start + axis.high.start) / 2 for axis in made.axes
        ),
        gated=made.gated,
    )
