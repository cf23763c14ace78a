"""Where a network pads."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras

from keras_padpos import padding
from keras_padpos.models.graph._blocks import sites_inside
from keras_padpos.models.graph._converted_model import SpareCopies
from keras_padpos.models.graph._model_graph import Call
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.window import AVERAGE_POOLING
from keras_padpos.models.graph.window import MAX_POOLING
from keras_padpos.models.graph.window import PADDED
from keras_padpos.models.graph.window import STOCK
from keras_padpos.models.graph.window import TRANSPOSED
from keras_padpos.models.graph.window import Window
from keras_padpos.models.graph.window import window_of
from keras_padpos.padding import Geometry

_KINDS = (
    ("max_pooling", MAX_POOLING),
    ("average_pooling", AVERAGE_POOLING),
    (
        "depthwise",
        (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D),
    ),
    (
        "separable",
        (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D),
    ),
    (
        "convolution",
        (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D),
    ),
)
# What operations of `keras.ops` that do nothing but pad are made with.
_OF_PADDING = ("pad_width", "top_padding")


def find_padding_sites(
    model: keras.Model, input_shape: Any = None
) -> list[PaddingSite]:
    """List where a network pads.

    A `ZeroPadding2D` that feeds one layer without padding of its own, as
    before ResNet's strided convolutions, is one site together with that layer.
    A layer whose own code calls padded layers, which it holds as attributes or
    in lists and dicts, is a site of kind `"other"`, followed by those layers,
    named `block/conv`.

    Example:

    >>> net = keras.applications.ResNet50(weights=None, include_top=False)
    >>> sites = find_padding_sites(net, (224, 224, 3))
    >>> len(sites), sites[0].name, sites[0].padding_layer, sites[0].pads
    (18, 'conv1_conv', 'conv1_pad', ((3, 3), (3, 3)))

    Args:
        model: A functional or Sequential model; models inside are searched
            too.
        input_shape: Shape of the input without the batch, where another than
            the model's own is meant or the model leaves sizes open; a dict
            from names to shapes if there are several inputs.

    Returns:
        The sites, in the order in which the network runs.

    Raises:
        ValueError: If the model, or one inside, is neither functional nor
            Sequential, or if `input_shape` does not fit.
    """
    graph = model_graph(model, input_shape)
    uses = Counter(number for call in graph.calls for number in call.inputs)
    uses.update(graph.outputs)
    counts = Counter(id(call.operation) for call in graph.calls)
    makers = {number: call for call in graph.calls for number in call.outputs}
    frames: dict[int, Call] = {}  # by the call that they serve
    for call in graph.calls:
        maker = makers.get(call.inputs[0]) if call.inputs else None
        if (
            maker is not None
            and uses[call.inputs[0]] == 1
            and counts[id(call.operation)] == 1
            and counts[id(maker.operation)] == 1
            and _are_pair(maker, call)
        ):
            frames[id(call)] = maker
    spare = SpareCopies(model)
    serving = {id(frame) for frame in frames.values()}
    sites: list[PaddingSite] = []
    for call in graph.calls:
        if id(call) not in serving:
            inside = sites_inside(call, lambda inner: _site(inner, None), spare)
            site = None if inside else _site(call, frames.get(id(call)))
            sites += inside if site is None else [site]
    return sites


def is_frame(layer: Any) -> bool:
    """Whether a layer does nothing but pad."""
    window = window_of(layer)
    return (
        window is not None
        and window.geometry is not None
        and _kind(layer) == "padding"
    )


def _are_pair(maker, call):
    """Whether one call pads, and the next moves a window without padding."""
    if maker.operation is None or not is_frame(maker.operation):
        return False
    window = window_of(call.operation)
    if window is None or window.geometry is None or is_frame(call.operation):
        return False
    inner = maker.name.rpartition("/")[0] == call.name.rpartition("/")[0]
    frame = window_of(maker.operation)
    if not inner or frame.rank != window.rank:
        return False
    if frame.may_pad:
        return window.geometry.is_valid
    # An empty frame, whose cells a converted layer adds by itself.
    return window.geometry.explicit is not None


def _kind(layer):
    for kind, classes in _KINDS:
        if isinstance(layer, classes):
            return kind
    return "padding"


def _site(call, frame):
    layer = call.operation
    if isinstance(layer, TRANSPOSED):
        return _transposed_site(call)
    window = window_of(layer)
    if window is None or window.geometry is None:
        reason = hidden_padding(call)
        return _other_site(call, reason) if reason else None
    framing = frame is not None and window_of(frame.operation).may_pad
    first = frame if framing else call
    adding = window_of(first.operation)
    if not adding.may_pad:
        return None
    sizes = adding.sizes(first.input_shapes[0])
    return PaddingSite(
        name=call.name,
        layer=layer,
        kind=_kind(layer),
        kernel_size=window.kernel_size,
        strides=window.strides,
        dilation_rate=window.dilation_rate,
        sizes=sizes,
        pads=adding.pads(sizes),
        padding_mode=_mode(first.operation),
        padding_layer=None if frame is None else frame.name,
        frame=None if frame is None else frame.operation,
        reason=_no_converter(layer),
    )


def _mode(layer):
    return getattr(layer, "padding_mode", None) or padding.get("zeros")


def _no_converter(layer):
    """Why a layer cannot be converted: its class may compute anything."""
    if type(layer) in PADDED or type(layer) in STOCK:
        return ""
    return f"{type(layer).__name__} has no counterpart in keras_padpos.layers"


def _transposed_site(call):
    layer = call.operation
    rank = len(layer.kernel_size)
    geometry = Geometry(layer.padding, rank)
    window = Window(
        tuple(layer.kernel_size),
        tuple(layer.strides),
        tuple(layer.dilation_rate),
        geometry,
        data_format=layer.data_format,
    )
    overlap = any(
        (kernel - 1) * dilation >= stride
        for kernel, stride, dilation in zip(
            window.kernel_size,
            window.strides,
            window.dilation_rate,
            strict=True,
        )
    )
    if not window.may_pad or (geometry.name == "same" and not overlap):
        return None  # it cuts nothing off
    # Its cells are those that the convolution of which it is the transpose
    # adds to the output.
    sizes = window.sizes(call.output_shapes[0])
    return PaddingSite(
        name=call.name,
        layer=layer,
        kind="transposed",
        kernel_size=window.kernel_size,
        strides=window.strides,
        dilation_rate=window.dilation_rate,
        sizes=window.sizes(call.input_shapes[0]),
        pads=window.pads(sizes),
        padding_mode=_mode(layer),
        reason=_no_converter(layer),
    )


def _other_site(call, reason):
    shape = call.input_shapes[0] if call.input_shapes else ()
    ones = (1,) * max(len(shape) - 2, 0)
    return PaddingSite(
        name=call.name,
        layer=call.operation,
        kind="other",
        kernel_size=tuple(getattr(call.operation, "kernel_size", ones)),
        strides=ones,
        dilation_rate=ones,
        sizes=tuple(shape[1:-1]),
        pads=None,
        padding_mode=None,
        reason=reason,
    )


def hidden_padding(call: Call) -> str:
    """Why a call that has no window may pad all the same."""
    operation = call.operation
    kind = type(operation).__name__
    if operation is None:
        return ""
    if not isinstance(operation, keras.Layer):
        cells = getattr(operation, "padding", "valid")
        same = isinstance(cells, str) and cells.lower() != "valid"
        if same or any(hasattr(operation, name) for name in _OF_PADDING):
            return (
                f"it is an operation of keras.ops ({kind}); use a layer of "
                "keras_padpos.layers in its place"
            )
        return ""
    if isinstance(operation, keras.layers.Lambda):
        if not _grows(call):
            return ""
        return (
            "it is a Lambda that gives a larger map than it gets, and its code "
            "cannot be changed; use keras_padpos.layers.Padding2D in its place"
        )
    if _is_foreign(operation) and _grows(call):
        return (
            f"{kind} gives a larger map than it gets, and its code cannot be "
            "changed"
        )
    if _says_it_pads(operation):
        return f"{kind} has no counterpart in keras_padpos.layers"
    for inner in _layers_inside(operation):
        window = window_of(inner)
        if _says_it_pads(inner) or (window is not None and window.may_pad):
            return (
                f"{kind} calls the padded layer {inner.name!r} by its own code"
            )
    return ""


def _says_it_pads(layer):
    """Whether a layer of unknown class has Keras' attributes of padding."""
    cells = getattr(layer, "padding", None)
    reach = getattr(layer, "kernel_size", None)
    return (
        isinstance(cells, str)
        and cells.lower() != "valid"
        and isinstance(reach, (list, tuple))
        and max(reach, default=1) > 1
    )


def _is_foreign(layer):
    """Whether a layer's class is neither Keras' nor ours."""
    return type(layer).__module__.partition(".")[0] not in (
        "keras",
        "keras_padpos",
    )


def _grows(call):
    """Whether a map comes out larger than it went in."""
    if not call.input_shapes or not call.output_shapes:
        return False
    before, after = call.input_shapes[0], call.output_shapes[0]
    # More of the last axis alone are channels.
    return len(before) == len(after) >= 3 and any(
        old is not None and new is not None and new > old
        for old, new in zip(before[1:-1], after[1:-1], strict=True)
    )


def _layers_inside(layer) -> Iterator[keras.Layer]:
    """Layers that another holds as attributes, or in lists and dicts."""
    seen = {id(layer)}
    waiting = list(vars(layer).values())
    while waiting:
        value = waiting.pop()
        if not isinstance(value, (keras.Layer, dict, list, tuple)):
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, keras.Layer):
            yield value
            waiting += vars(value).values()
        elif isinstance(value, dict):
            waiting += value.values()
        else:
            waiting += value
