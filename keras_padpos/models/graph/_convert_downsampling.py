"""The same network with a down-sampling that shifts change less."""

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any
from typing import NamedTuple

import keras

from keras_padpos import padding
from keras_padpos.checks import check_choices
from keras_padpos.errors import InputError
from keras_padpos.layers import BlurPool2D
from keras_padpos.layers import PolyphaseSampling2D
from keras_padpos.models._call import Call
from keras_padpos.models.graph._find_padding_sites import find_padding_sites
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph._replaced_layers import dense_layer
from keras_padpos.models.graph._replaced_layers import fixed_layer
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.rebuild import Rebuild
from keras_padpos.models.graph.window import window_of
from keras_padpos.padding import PaddingMode

DOWNSAMPLING = ("blur", "polyphase")
"""What can take the place of strides."""


def convert_downsampling(
    model: keras.Model,
    downsampling: str,
    *,
    filter_size: int = 3,
    padding_mode: Any = "zeros",
) -> keras.Model:
    """Make a copy of a network that samples down another way, weights kept.

    A convolution or pooling that moves by more than one cell moves by one, and
    a layer behind it, before normalisation and activation, keeps every n-th
    cell: after a blur (`layers.BlurPool2D`), or beginning where the map is
    largest (`layers.PolyphaseSampling2D`). Windows that begin where they began
    in the original give what they gave there. The network is not trained
    again: this shows what the down-sampling does, not how good such a network
    can be.

    With `"polyphase"`, circular padding everywhere and a global average at the
    end, a network gives the same for a picture and its circular shifts, but
    for rounding.

    Example:

    >>> from keras_padpos.models import convert_padding
    >>> net = keras.applications.MobileNet((64, 64, 3), weights=None)
    >>> net = convert_padding(net, "circular")
    >>> net = convert_downsampling(net, "polyphase", padding_mode="circular")
    >>> net.get_layer("conv1").strides, net.get_layer("conv1_polyphase").strides
    ((1, 1), (2, 2))

    Args:
        model: A functional or Sequential model of pictures, with a fixed
            size.
        downsampling: `"blur"`, or `"polyphase"`: adaptive polyphase sampling.
            Its grid is chosen by the map that is sampled or, where several
            strided layers read one map, as the two branches of a residual
            block do, by the map that they read, so that they agree.
        filter_size: Cells of the blur's filter; see `BlurPool2D`.
        padding_mode: What blurs and windows that had no padding of their own
            see beyond the border. Padded windows keep their mode.

    Returns:
        A new model, of the same input and output shapes.

    Raises:
        ValueError: If there is no such layer, or one cannot be converted: its
            size is open, its windows do not cover the map, the map is not
            divisible by its strides (`"polyphase"`), its layer's own code
            makes the map smaller, or maps meet that were sampled on grids
            chosen apart. The message names it.

    Source:
        Zhang, *Making Convolutional Networks Shift-Invariant Again* (ICML
        2019), for which the blur stands behind the activation; Chaman,
        Dokmanić, *Truly Shift-Invariant Convolutional Neural Networks* (CVPR
        2021), where the branch of the convolutions chooses for both.
    """
    check_choices(downsampling=(downsampling, DOWNSAMPLING))
    mode = padding.get(padding_mode)
    polyphase = downsampling == "polyphase"
    plan = _Plan(model, mode, polyphase)

    def sampler(layer):
        options = {
            "strides": window_of(layer).strides,
            "data_format": layer.data_format,
            "name": plan.new_name(f"{layer.name}_{downsampling}"),
        }
        if polyphase:
            return PolyphaseSampling2D(**options)
        return BlurPool2D(filter_size=filter_size, padding_mode=mode, **options)

    return _Resample(plan, sampler).run(model)


class _Strided(NamedTuple):
    """What takes the place of a strided layer, and of the frame before it."""

    dense: Callable[[], keras.Layer]
    frame: Any
    wide_frame: Callable[[], keras.Layer] | None


class _Plan:
    """What becomes of a model's layers.

    Attributes:
        strided: By the id of each layer that moves by more than one cell.
        frames: What makes a wider frame, by the id of each that is needed.
        guided: Ids of layers that share the map that they read with another.
    """

    def __init__(self, model, mode: PaddingMode, polyphase: bool) -> None:
        self._mode, self._polyphase = mode, polyphase
        graph = model_graph(model)
        sites = {id(site.layer): site for site in find_padding_sites(model)}
        makers = {n: call for call in graph.calls for n in call.outputs}
        self._names = {call.name.rpartition("/")[2] for call in graph.calls}
        self.strided: dict[int, _Strided] = {}
        self.frames: dict[int, Any] = {}
        sources: dict[int, int] = {}  # the map that a strided call reads
        for number, call in enumerate(graph.calls):
            if _is_strided(call):
                site = sites.get(id(call.operation))
                each = self._planned(call, site)
                sources[number] = call.inputs[0]
                if each.frame is not None:
                    self.frames[id(each.frame)] = each.wide_frame
                    sources[number] = makers[call.inputs[0]].inputs[0]
                self.strided[id(call.operation)] = each
            elif _shrinks(call, graph.first):
                raise _refusal(
                    call, "it makes the map smaller, and has no known strides"
                )
        if not self.strided:
            raise InputError(
                f"Model {model.name!r} has no layer that moves by more than "
                "one cell, so there is nothing to convert."
            )
        readers = Counter(sources.values())
        self.guided = {
            id(graph.calls[number].operation)
            for number, source in sources.items()
            if readers[source] > 1
        }
        if polyphase:
            self._check_meetings(graph, sources)
            self._check_chains(model)

    def new_name(self, name: str) -> str:
        """The name, longer where a layer has it."""
        while name in self._names:
            name += "_"
        self._names.add(name)
        return name

    def _planned(self, call, site):
        layer = call.operation
        window = window_of(layer)
        sizes = window.sizes(call.input_shapes[0])
        framing = site is not None and site.frame is not None
        framing = framing and window_of(site.frame).may_pad
        if framing:
            sizes = site.sizes
        if window.rank != 2 or window.stretches or None in sizes:
            raise _refusal(
                call, "only windows over pictures of a fixed size can be"
            )
        pads = window.pads(sizes) if site is None else site.pads
        extents = [
            (kernel - 1) * dilation + 1
            for kernel, dilation in zip(
                window.kernel_size, window.dilation_rate, strict=True
            )
        ]
        made = window.sizes(call.output_shapes[0])
        for size, new, stride, (before, _), extent in zip(
            sizes, made, window.strides, pads, extents, strict=True
        ):
            if new != -(-size // stride) or before >= extent:
                raise _refusal(
                    call,
                    f"its windows do not cover the map: {new} of {size} cells "
                    f"with a stride of {stride}",
                )
            if self._polyphase and size % stride:
                raise _refusal(
                    call, f"its stride of {stride} does not divide {size} cells"
                )
        wide = tuple(
            (before, extent - 1 - before)
            for (before, _), extent in zip(pads, extents, strict=True)
        )
        if framing:
            return _Strided(
                lambda: dense_layer(layer, ((0, 0), (0, 0)), self._mode),
                site.frame,
                lambda: fixed_layer(site.frame, wide),
            )
        own = None if site is None else site.padding_mode
        return _Strided(
            lambda: dense_layer(layer, wide, own or self._mode), None, None
        )

    def _check_meetings(self, graph, sources):
        """Refuse maps that meet and lie on grids that were chosen apart."""
        grids: dict[int, tuple[Any, ...]] = {}
        for number, call in enumerate(graph.calls):
            met = {
                grids.get(n, ())
                for n, shape in zip(call.inputs, call.input_shapes, strict=True)
                if _is_map(shape, graph.first)
            }
            if len(met) > 1:
                raise _refusal(
                    call,
                    "maps meet that were sampled on grids chosen apart, by "
                    "layers that do not read the same map",
                )
            grid = met.pop() if met else ()
            if number in sources:
                guided = id(call.operation) in self.guided
                grid += (
                    ("map", sources[number]) if guided else ("call", number),
                )
            grids |= dict.fromkeys(call.outputs, grid)

    def _check_chains(self, model):
        """Refuse layers in Sequential models that would need a guide."""
        for layer in model.layers:
            if has_graph(layer):
                self._check_chains(layer)
            elif (
                isinstance(model, keras.Sequential) and id(layer) in self.guided
            ):
                raise InputError(
                    f"Layer {layer.name!r} cannot be converted: a layer "
                    "outside its Sequential model reads the same map, and "
                    "would have to be sampled alike"
                )


class _Resample(Rebuild):
    """Puts windows that move by one cell, and samplers, where strides were."""

    def __init__(self, plan, sampler):
        super().__init__()
        self._plan = plan
        self._sampler = sampler
        self._samplers = {}
        self._framed = {}  # by the id of a frame's output: what went in
        self._alive = []

    def passes(self, layer):
        key = id(layer)
        return key not in self._plan.strided and key not in self._plan.frames

    def replace(self, layer):
        key = id(layer)
        if key in self._plan.strided:
            return self._plan.strided[key].dense()
        if key in self._plan.frames:
            return self._plan.frames[key]()
        return super().replace(layer)

    def call(self, layer, twin, args, kwargs, apply):
        made = apply(twin, *args, **kwargs)
        key = id(layer)
        if key in self._plan.frames:
            self._framed[id(made)] = args[0]
            self._alive.append(made)
        if key not in self._plan.strided:
            return made
        if key not in self._samplers:
            self._samplers[key] = self._sampler(layer)
        sampler = self._samplers[key]
        guided = isinstance(sampler, PolyphaseSampling2D)
        if guided and key in self._plan.guided:
            guide = self._framed.get(id(args[0]), args[0])
            return apply(sampler, [made, guide])
        return apply(sampler, made)


def _is_strided(call: Call) -> bool:
    window = window_of(call.operation)
    return window is not None and max(window.strides) > 1


def _is_map(shape, first):
    sizes = shape[first : first + 2]
    return len(shape) == 4 and any(size != 1 for size in sizes)


def _shrinks(call, first):
    """Whether a layer without a known window makes a map smaller.

    One cell of the whole map is none that is sampled.
    """
    if call.operation is None or window_of(call.operation) is not None:
        return False
    before, after = (
        [shape[first : first + 2] for shape in shapes if _is_map(shape, first)]
        for shapes in (call.input_shapes, call.output_shapes)
    )
    return any(
        new is not None and size is not None and new < size
        for sizes, others in itertools.product(before, after)
        for size, new in zip(sizes, others, strict=True)
    )


def _refusal(call, reason):
    kind = type(call.operation).__name__
    return InputError(
        f"Layer {call.name!r} ({kind}) cannot be converted: {reason}"
    )
