"""How far a network sees, and how far its padding reaches."""

from dataclasses import dataclass
from dataclasses import replace

import keras

from keras_padpos.errors import InputError
from keras_padpos.layers import AlignMaps
from keras_padpos.models._call import Call
from keras_padpos.models.fields.rearranged_map import RearrangedMap
from keras_padpos.models.fields.receptive_fields import ReceptiveField
from keras_padpos.models.fields.receptive_fields import ReceptiveFields
from keras_padpos.models.graph._layer_cells import axis_cells
from keras_padpos.models.graph._layer_cells import layer_cells
from keras_padpos.models.graph._model_graph import SOME_SIZE
from keras_padpos.models.graph._model_graph import activation_call
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph.field_axis import FieldAxis
from keras_padpos.models.graph.window import is_gate
from keras_padpos.models.graph.window import is_pointwise
from keras_padpos.models.graph.window import window_of
from keras_padpos.models.trials._behaviour import behaviour_of

Cells = tuple[int, ...]

_OPEN = "it depends on sizes that the model leaves open; give `input_shape`"


@dataclass(frozen=True)
class _Map:
    """What is known of a tensor: `axes` are `None` where it is no map."""

    axes: tuple[FieldAxis, ...] | None
    gated: bool = False
    addends: int = 1  # results of windows, of which it is the sum
    reached: bool = False  # by padding, where it is no map
    # Where it is a map that was rearranged, that map, and how.
    origin: "_Map | None" = None
    arrangement: RearrangedMap | None = None
    reason: str = ""  # why it is none, even if it has the axes of one

    @property
    def touched(self):
        """Whether padding reaches any of it."""
        if self.axes is None:
            return self.reached
        return self.gated or any(
            axis.first > 0 or axis.last < axis.positions - 1
            for axis in self.axes
        )


@dataclass(frozen=True)
class _Unknown:
    """A tensor whose field is unknown, and why."""

    reason: str
    # Whether nothing can compute it: maps of several sizes meet cell by cell.
    impossible: bool = False


def receptive_field(
    model: keras.Model, input_shape: tuple[int | None, ...] | None = None
) -> ReceptiveFields:
    """Work out every layer's receptive field.

    The union over branches is taken where they meet, so residual and inception
    networks and the skip connections of U-Nets are covered, and nested models
    are opened up. Upsampling, transposed convolutions, `Resizing` by whole
    factors, and reshapes between space and depth are followed. What a layer
    of another class, a `Lambda`, or an operation of `keras.ops` sees of a map
    is found by running it on small ones.

    Example:

    >>> net = keras.applications.VGG16(weights=None, include_top=False)
    >>> field = receptive_field(net, (224, 224, 3))["block5_conv3"]
    >>> field.stride, field.size, field.pad_before, field.margin
    ((16, 16), (196, 196), (90, 90), (96, 96))

    Args:
        model: A functional or Sequential model of pictures, lines or volumes;
            of integers `(length,)` too, such as tokens of a text.
        input_shape: Shape of the picture without the batch, where another than
            the model's own is meant or the model leaves sizes open. Without
            it, what such a size decides is `None`: always the number of
            positions; what is added, where SAME windows move by more than 1.
            Sizes at which maps that are joined do not fit, such as odd ones of
            a U-Net, are none of the model's.

    Returns:
        From a layer's name to its field, for each layer whose output has the
        picture's axes: a dict that is printed as a table. In a nested model the
        name is `"outer/inner"`; the end of it is enough to ask for a field, if
        no other layer has that name. Of a layer that is called several times
        the last call counts. Layers whose field is unknown are listed in
        `unknown`, each with the reason: those that resize the map by no whole
        factor, those of which running them shows no window, those that a
        size left open decides, and all behind them.

    Raises:
        ValueError: If the model has inputs of pictures of several sizes.
    """
    graph = model_graph(model, input_shape)
    sizes_open = {
        call.name
        for call in graph.calls
        if call.operation is None and None in (_entering(call, graph, 0) or ())
    }
    if not sizes_open:
        return _fields(graph)
    return _open_fields(
        lambda size, names: _fields(
            model_graph(
                model,
                {
                    call.name: _with_size(call, graph.first, size)
                    for call in graph.calls
                    if call.name in sizes_open
                },
            ),
            names,
        )
    )


def _with_size(call, first, size):
    """The shape of an input without the batch, open sizes being so many."""
    shape = list(call.output_shapes[0][1:])
    last = len(shape) if first == 2 or len(shape) == 1 else len(shape) - 1
    for axis in range(0 if len(shape) == 1 else first - 1, last):
        shape[axis] = shape[axis] or size
    return shape


def _open_fields(fields_at):
    """What fields at several sizes have in common."""
    fields = fields_at(SOME_SIZE, ())
    possible = frozenset(fields)
    # One cell more at each map before a stride: whatever hangs on what is
    # left over of a size shows.
    *periods, _ = sorted({n for field in fields.values() for n in field.period})
    for size in (2 * SOME_SIZE, *(SOME_SIZE + n for n in periods)):
        try:
            others = fields_at(size, possible)
        except InputError:
            continue  # no size for this network
        for name in list(fields):
            if name in others:
                fields[name] = fields[name].shared(others[name])
            else:
                del fields[name]
                fields.unknown[name] = _OPEN
        for name in fields.unknown.keys() & others.keys():
            fields.unknown[name] = _OPEN
    return fields


def _fields(graph, possible=()):
    """The fields of a graph.

    Raises:
        InputError: If the sizes of one of the layers `possible` do not fit.
    """
    fields = ReceptiveFields()
    tensors: dict[int, _Map | _Unknown] = {}
    picture: Cells = ()
    for call in graph.calls:
        shape = call.output_shapes[0] if call.output_shapes else ()
        if call.operation is None:
            sizes = _entering(call, graph, len(picture))
            if sizes is None:
                continue
            if picture not in ((), sizes):
                raise InputError(
                    f"Input {call.name!r} is of another size than the first, "
                    f"{sizes} and {picture}: cells of which picture "
                    "would be counted?"
                )
            picture = sizes
            axes = tuple(map(FieldAxis.of_picture, picture))
            made: _Map | _Unknown = _Map(axes)
            tensors[call.outputs[0]] = made
        else:
            if not any(key in tensors for key in call.inputs):
                continue
            results = _through(call, tensors, graph.first)
            tensors.update(zip(call.outputs, results, strict=True))
            made = results[0]
        if isinstance(made, _Unknown):
            if made.impossible and call.name in possible:
                raise InputError(made.reason)
            if len(shape) == len(picture) + 2:
                fields.unknown[call.name] = made.reason
                fields.pop(call.name, None)
        elif made.axes is not None:
            fields[call.name] = ReceptiveField.of_axes(
                made.axes, picture, made.gated
            )
            fields.unknown.pop(call.name, None)
        elif len(shape) == len(picture) + 2 and not _is_one_cell(
            shape[graph.first : graph.first + len(picture)]
        ):
            fields.unknown[call.name] = made.reason or (
                "it is computed from something that is no map"
            )
        else:
            fields.without_map.append(call.name)
    return fields


def _entering(call, graph, rank):
    """Spatial sizes of a picture that enters; `None` if it is none."""
    (shape,) = call.output_shapes
    if len(shape) == 2:
        # A line of tokens: some layer looks them up.
        looked_up = any(
            isinstance(user.operation, keras.layers.Embedding)
            for user in graph.calls
            if call.outputs[0] in user.inputs
        )
        return tuple(shape[1:]) if looked_up and rank in (0, 1) else None
    if not 3 <= len(shape) <= 5 or rank not in (0, len(shape) - 2):
        return None
    return tuple(shape[graph.first : graph.first + len(shape) - 2])


def _is_one_cell(sizes):
    return set(sizes) == {1}


def _through(call, tensors, first):
    """What is known of a call's outputs."""
    inputs = [tensors[key] for key in call.inputs if key in tensors]
    count = len(call.outputs)
    for each in inputs:
        if isinstance(each, _Unknown):
            return [each] * count
    arranged = _arranged(call, inputs, first)
    if arranged is not None:
        return [arranged]
    for each in inputs:
        if each.reason:
            return [_Unknown(each.reason)] * count
    maps = [each for each in inputs if each.axes is not None]
    no_map = _Map(None, reached=any(each.touched for each in inputs))
    if not maps or not call.output_shapes:
        return [no_map] * count
    rank = len(maps[0].axes)
    shapes = [
        _sizes(shape, rank, first)
        for shape in (*call.input_shapes, *call.output_shapes)
        if rank < len(shape) <= rank + 2
    ]
    if any(None in sizes for sizes in shapes):
        return [_Unknown(f"{_named(call)} gives a map of unknown size")] * count
    layer = call.operation
    sizes = _sizes(call.output_shapes[0], rank, first)
    before = tuple(axis.positions for axis in maps[0].axes)
    if not _is_map(call, before):
        return [no_map] * count
    if type(layer) is AlignMaps:
        return [
            _Map(
                tuple(
                    axis.cut(start, axis_size)
                    for axis, start, axis_size in zip(
                        each.axes,
                        starts,
                        _sizes(shape, rank, first),
                        strict=True,
                    )
                ),
                each.gated,
            )
            for each, starts, shape in zip(
                inputs, layer.starts, call.output_shapes, strict=True
            )
        ]
    cells = layer_cells(layer, before, sizes)
    if isinstance(cells, str):
        return [_Unknown(f"{_named(call)} {cells}")] * count
    if cells is not None:
        stretched = _stretched(layer, before)
        axes = tuple(
            axis.behind(*numbers)
            for axis, *numbers in zip(
                maps[0].axes, cells, sizes, stretched, strict=True
            )
        )
        made = _Map(axes, maps[0].gated)
        activation = activation_call(call, first)
        if activation is None:
            return [made]
        return _through(activation, {activation.inputs[0]: made}, first)
    if _is_one_cell(sizes) and sizes != before:
        return [no_map] * count
    if type(layer) is keras.layers.Reshape:
        if sizes != before:
            return [no_map] * count
    elif not is_pointwise(layer, call.input_shapes[0], first) and not is_gate(
        layer, call.input_shapes[0], first
    ):
        return _tested(call, tensors, rank, first)
    gates = [each for each in inputs if each.axes is None]
    if is_gate(layer, call.input_shapes[0], first):
        gates += maps
    joined = _joined(call, maps, gates, first)
    if isinstance(joined, _Unknown):
        positions = {tuple(a.positions for a in each.axes) for each in maps}
        joined = replace(joined, impossible=len(positions) > 1)
    return [joined] * count


def _stretched(layer, sizes):
    """Cells that are added by enlarging the input, one number an axis."""
    window = window_of(layer)
    if window is None or not window.stretches:
        return [0] * len(sizes)
    return [sum(pads) for pads in window.pads(sizes)]


def _arranged(call, inputs, first):
    """Of a call that splits, moves and merges axes; `None` if it does not."""
    if len(call.inputs) != 1 or len(call.outputs) != 1:
        return None
    (shape,), (each,) = call.input_shapes, inputs
    origin, arrangement = each.origin, each.arrangement
    if each.axes is not None and len(shape) == len(each.axes) + 2:
        sizes = tuple(axis.positions for axis in each.axes)
        channels = shape[-1 if first == 1 else 1]
        origin = each
        arrangement = RearrangedMap.of_map(sizes, channels or 1, first)
    if arrangement is None:
        return None
    arrangement = arrangement.behind(call)
    if arrangement is None:
        return None
    cells = arrangement.cells(first)
    if cells is None:
        reason = each.reason
        if arrangement.moved and not reason:
            reason = f"{_named(call)} moves the axes of the map"
        return _Map(
            None,
            reached=origin.touched,
            origin=origin,
            arrangement=arrangement,
            reason=reason,
        )
    positions = _sizes(call.output_shapes[0], len(cells), first)
    axes = map(FieldAxis.behind, origin.axes, cells, positions)
    return replace(origin, axes=tuple(axes))


def _tested(call: Call, tensors, rank, first):
    """Of a call that is run to see what it does."""
    inputs = [tensors[key] for key in call.inputs if key in tensors]
    results: list[_Map | _Unknown] = []
    behaviours = {
        key: behaviour_of(call, key, rank, first)
        for key in dict.fromkeys(call.inputs)
        if key in tensors and tensors[key].axes is not None
    }
    for output, shape in enumerate(call.output_shapes):
        moved = []
        gates = [each for each in inputs if each.axes is None]
        reason = ""
        for key, several in behaviours.items():
            behaviour = several[output]
            made = tensors[key]
            if not behaviour.is_map:
                gates.append(made)
            elif behaviour.axes is None:
                reason = (
                    f"what {_named(call)} does could not be found: "
                    f"{behaviour.reason}"
                )
            else:
                axes = tuple(
                    axis.behind(axis_cells(seen), positions)
                    for axis, seen, positions in zip(
                        made.axes,
                        behaviour.axes,
                        _sizes(shape, rank, first),
                        strict=True,
                    )
                )
                moved.append(replace(made, axes=axes, addends=1))
                if behaviour.gated:
                    # It may look over its own padded map.
                    gates.append(moved[-1])
        if reason:
            results.append(_Unknown(reason))
        elif not moved:
            reached = any(each.touched for each in gates)
            results.append(_Map(None, reached=reached))
        else:
            results.append(_joined(call, moved, gates, first))
    return results


def _named(call):
    return f"layer {call.name!r} ({type(call.operation).__name__})"


def _sizes(shape, rank, first):
    """The spatial sizes of a tensor, whose channels may be taken out."""
    if len(shape) == rank + 1:
        return tuple(shape[1:])
    return tuple(shape[first : first + rank])


def _is_map(call, before):
    """Whether a tensor still has the axes of the picture."""
    shape = call.output_shapes[0]
    if len(shape) == len(before) + 1:  # a channel taken out, to be stacked
        stock = isinstance(call.operation, keras.Layer) and len(before) == 1
        return shape[1:] == before and not stock
    return len(shape) == len(before) + 2


def _joined(call, maps, gates, first):
    """The union of maps that lie on one another, scaled by others."""
    if any(
        len({(axis.stride, axis.positions) for axis in together}) > 1
        for together in zip(*(each.axes for each in maps), strict=True)
    ):
        return _Unknown(
            f"{_named(call)} joins maps of different stride or size"
        )
    reached = any(each.touched for each in gates)
    gated = bool(gates) or any(each.gated for each in maps)
    # As if every result of a window, and every channel, were equally strong.
    rank = len(maps[0].axes)
    before = tuple(axis.positions for axis in maps[0].axes)
    last = -1 if first == 1 else 1
    channels = [
        shape[last] or 1
        for shape in call.input_shapes
        if _sizes(shape, rank, first) == before
    ]
    if len(channels) != len(maps):  # one does not come from the picture
        channels = [1] * len(maps)
    weights = [
        each.addends * number
        for each, number in zip(maps, channels, strict=True)
    ]
    side_by_side = call.output_shapes[0][last] != channels[0]
    addends = 1 if side_by_side else sum(each.addends for each in maps)
    axes = []
    for together in zip(*(each.axes for each in maps), strict=True):
        axis = FieldAxis.joining(together, weights)
        axes.append(replace(axis, last=axis.first - 1) if reached else axis)
    return _Map(tuple(axes), gated, addends)
