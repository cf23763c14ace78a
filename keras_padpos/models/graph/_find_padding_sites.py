"""Where a network pads."""

from collections import Counter
from dataclasses import replace
from typing import Any

import keras

from keras_padpos.models._call import Call
from keras_padpos.models.graph._blocks import sites_inside
from keras_padpos.models.graph._converted_model import SpareCopies
from keras_padpos.models.graph._model_graph import activation_call
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph._tested_padding import tested_padding
from keras_padpos.models.graph._unwindowed_sites import enlarged_rim
from keras_padpos.models.graph._unwindowed_sites import unwindowed_site
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.padding_site import PaddingSites
from keras_padpos.models.graph.padding_site import other_site
from keras_padpos.models.graph.window import AVERAGE_POOLING
from keras_padpos.models.graph.window import MAX_POOLING
from keras_padpos.models.graph.window import RECURRENT
from keras_padpos.models.graph.window import RESAMPLING
from keras_padpos.models.graph.window import TRANSPOSED
from keras_padpos.models.graph.window import is_exactly
from keras_padpos.models.graph.window import is_frame
from keras_padpos.models.graph.window import is_known
from keras_padpos.models.graph.window import padding_mode_of
from keras_padpos.models.graph.window import window_of

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


def find_padding_sites(
    model: keras.Model, input_shape: Any = None
) -> PaddingSites:
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
        The sites, in the order in which the network runs: a list that is
        printed as a table.

    Raises:
        ValueError: If the model, or one inside, is neither functional nor
            Sequential, or if `input_shape` does not fit.
    """
    graph = model_graph(model, input_shape)
    uses = Counter(number for call in graph.calls for number in call.inputs)
    uses.update(graph.outputs)
    counts = Counter(id(call.operation) for call in graph.calls)
    makers = {number: call for call in graph.calls for number in call.outputs}
    applied = _padding_activations(graph)
    frames: dict[int, Call] = {}  # by the call that they serve
    for call in graph.calls:
        maker = makers.get(call.inputs[0]) if call.inputs else None
        if (
            maker is not None
            and id(call) not in applied
            and uses[call.inputs[0]] == 1
            and counts[id(call.operation)] == 1
            and counts[id(maker.operation)] == 1
            and _are_pair(maker, call)
        ):
            frames[id(call)] = maker
    spare = SpareCopies(model)
    serving = {id(frame) for frame in frames.values()}
    sites = PaddingSites()
    for call in graph.calls:
        if id(call) in serving or _is_cut_off(call, graph):
            continue
        if id(call) in applied:
            sites.append(_other_site(call, applied[id(call)]))
            continue
        inside = sites_inside(call, lambda inner: _site(inner, None), spare)
        site = None
        if not inside:
            site = _site(call, frames.get(id(call)))
            site = site or _tested_site(call, makers, graph.first)
        sites += inside if site is None else [site]
    return sites


def _padding_activations(graph):
    """Why functions that windows apply to their results pad, by the call."""
    reasons = {}
    for call in graph.calls:
        activation = activation_call(call, graph.first)
        if activation is None:
            continue
        tested = tested_padding(activation, {}, graph.first)
        if tested.reason:
            reasons[id(call)] = tested.reason
    return reasons


def _is_cut_off(call, graph):
    """Whether all is cropped that an enlargement mixed at its border."""
    layer = call.operation
    if not is_exactly(layer, RESAMPLING[:1]):
        return False
    users = [
        user.operation for user in graph.calls if call.outputs[0] in user.inputs
    ]
    rim = enlarged_rim(layer)
    return (
        bool(users)
        and call.outputs[0] not in graph.outputs
        and all(
            type(user) is keras.layers.Cropping2D
            and all(
                min(pair) >= cells
                for pair, cells in zip(user.cropping, rim, strict=True)
            )
            for user in users
        )
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
    if isinstance(layer, (*TRANSPOSED, *RECURRENT, *RESAMPLING)):
        return unwindowed_site(call) if is_known(layer) else None
    window = window_of(layer)
    if window is None or window.geometry is None:
        reason = _signal_reason(layer)
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
        padding_mode=padding_mode_of(first.operation),
        padding_layer=None if frame is None else frame.name,
        frame=None if frame is None else frame.operation,
    )


def _tested_site(call, makers, first):
    """The site of a call of which only a test shows that it pads."""
    tested = tested_padding(call, makers, first)
    if not tested.reason:
        return None
    site = _other_site(call, tested.reason)
    if tested.behaviour is None or tested.behaviour.enlarges:
        return site
    axes = tested.behaviour.axes or ()
    pads = tested.behaviour.pads
    return replace(
        site,
        kernel_size=tuple(axis.extent for axis in axes),
        strides=tuple(axis.stride for axis in axes),
        sizes=tuple(call.input_shapes[0][first : first + len(axes)]),
        pads=None if None in pads else pads,
    )


def _other_site(call, reason):
    site = other_site(call, reason)
    cells = _kernel_size(call.operation, site.kernel_size)
    return replace(site, kernel_size=cells)


def _kernel_size(operation, ones):
    """The cells that an attribute names, if it does so as Keras' layers do."""
    try:
        cells = getattr(operation, "kernel_size", ones)
    except Exception:
        return ones  # what a property of another's class raises
    if isinstance(cells, int):
        return (cells,) * len(ones)
    if isinstance(cells, (list, tuple)) and len(cells) == len(ones):
        return tuple(cells)
    return ones


def _signal_reason(layer):
    """Why a layer pads a signal before it takes its spectrum; `""` if not."""
    kind = type(layer)
    mirrors = kind is keras.layers.MelSpectrogram
    framed = kind is keras.layers.STFTSpectrogram and layer.padding != "valid"
    if mirrors or framed:
        return f"{kind.__name__} has no counterpart in keras_padpos.layers"
    return ""
