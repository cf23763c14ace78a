"""A network without its padding."""

from collections import Counter
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.layers import AlignMaps
from keras_padpos.layers import ResizeToMatch
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph._activation_call import activation_call
from keras_padpos.models.graph._behaviour import Behaviour
from keras_padpos.models.graph._behaviour import behaviour_of
from keras_padpos.models.graph._model_graph import Call
from keras_padpos.models.graph._model_graph import entries
from keras_padpos.models.graph._model_graph import model_graph
from keras_padpos.models.graph._replaced_layers import fixed_layer
from keras_padpos.models.graph._replaced_layers import stock_layer
from keras_padpos.models.graph._replaced_layers import stock_resampling
from keras_padpos.models.graph._unwindowed_sites import enlarged_rim
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import tensors_in
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.rebuild import Rebuild
from keras_padpos.models.graph.window import CROPPING
from keras_padpos.models.graph.window import RECURRENT
from keras_padpos.models.graph.window import RESAMPLING
from keras_padpos.models.graph.window import TRANSPOSED
from keras_padpos.models.graph.window import is_exactly
from keras_padpos.models.graph.window import is_gate
from keras_padpos.models.graph.window import is_known
from keras_padpos.models.graph.window import is_pointwise
from keras_padpos.models.graph.window import runs_other_code
from keras_padpos.models.graph.window import window_of

Offset = tuple[int, ...]

_UPSAMPLING = (
    keras.layers.UpSampling1D,
    keras.layers.UpSampling2D,
    keras.layers.UpSampling3D,
)
# What comes out fills its size, however much of the map went in.
_STRETCHING = (
    keras.layers.Reshape,
    keras.layers.Resizing,
    ResizeToMatch,
)
# The offset of a map that lies on no grid of the padded network any more.
_LOST = "lost"
# For sizes that are left open, while operations are watched: large enough for
# any network, and a multiple of any stride.
_SOME_SIZE = 2048


_OPEN = (
    "how many cells it adds depends on a size that the model leaves open. Give "
    "the `input_shape` on whose grid the result shall lie"
)


class _RefusalError(ValueError):
    """Why a layer cannot go without padding, as the end of a sentence."""


@dataclass(frozen=True)
class _Use:
    """What one call does in the padded network.

    Attributes:
        before: Cells that its window adds in front; `None` where it has none,
            or where they depend on a size that is open.
        given: Spatial sizes of the tensors that come in.
        made: Of those that go out.
        call: The call in the padded network.
    """

    before: Offset | None
    given: list[Any]
    made: list[Any]
    call: Call


class RemovePadding(Rebuild):
    """Builds a network whose chosen sites add no cells.

    Each map of the new network is a part of the padded network's. How far
    into that map its first cell lies is its offset, and is followed through
    the graph: a window of stride `s` whose padded twin adds `p` cells in front
    of a map starts, on a map of offset `o`, at the first position `i` with
    `i * s - p >= o`; cells before that are cropped, so that the window stays
    on the padded network's grid, and `i` is the offset of what comes out.
    Where maps meet, those of smaller offset are cropped.

    Example:

    >>> from keras_padpos.models import find_padding_sites
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((9, 9, 1)),
    ...         keras.layers.Conv2D(1, 3, padding="same"),
    ...         keras.layers.MaxPooling2D(2),
    ...     ]
    ... )
    >>> RemovePadding(model, find_padding_sites(model)).run(model).output_shape
    (None, 3, 3, 1)

    Args:
        model: A functional or Sequential model.
        sites: The sites that shall add no cells.
        input_shape: See `convert_padding`.
    """

    def __init__(
        self,
        model: keras.Model,
        sites: Sequence[PaddingSite],
        input_shape: Any = None,
    ) -> None:
        super().__init__()
        layers = [site.layer for site in sites]
        self._sites = {id(site.layer): site for site in sites}
        frames = [site.frame for site in sites if site.frame is not None]
        self._bare = set(map(id, (*layers, *frames)))
        self._ranks = {len(site.kernel_size) for site in sites}
        formats = {getattr(layer, "data_format", None) for layer in layers}
        self._data_format = (
            "channels_first" if "channels_first" in formats else "channels_last"
        )
        self._names = {layer.name for layer in _layers_in(model)}
        self._uses = self._look_at(model, input_shape)
        self._calls: Counter[int] = Counter()
        self._offsets: dict[int, Any] = {}
        self._left: dict[int, list[Any]] = {}
        self._cropped_less: dict[Any, keras.layers.Layer] = {}
        self._alive: list[Any] = []  # so that no two tensors share an id

    def passes(self, layer: Any) -> bool:
        """All but layers of chosen sites."""
        return id(layer) not in self._bare

    def replace(self, layer: Any) -> Any:
        """A layer of Keras that adds no cells, for those of chosen sites."""
        if id(layer) not in self._bare:
            return super().replace(layer)
        if is_exactly(layer, RECURRENT):
            raise InputError(
                "the convolution of its state has no form without padding, "
                "since a state would lose cells at every step. `skip` leaves "
                "it as it is"
            )
        if is_exactly(layer, RESAMPLING):
            return stock_resampling(layer)
        if is_exactly(layer, TRANSPOSED):
            return _bare_transposed(layer)
        return stock_layer(layer, "valid" if hasattr(layer, "strides") else 0)

    def call(
        self, layer: Any, twin: Any, args: Any, kwargs: Any, apply: Any
    ) -> Any:
        """Crop to the padded network's grid, then call the copy."""
        where = (
            f"Layer {layer.name!r} ({type(layer).__name__}) cannot go without "
            "padding"
        )
        try:
            return self._call(layer, twin, args, kwargs, apply)
        except _RefusalError as error:
            raise InputError(f"{where}: {error}") from error
        except ValueError as error:
            reason = plain_reason(error)
            raise InputError(
                f"{where}: nothing is left of the map that comes in, or it no "
                "longer fits. Try a model with a larger input shape. "
                f"({reason})"
            ) from error

    def enter(self, model: keras.Model, tensors: list[Any]) -> Any:
        """Offsets and shapes of what enters a model inside."""
        return tuple(
            (self._offsets.get(id(tensor)), tuple(tensor.shape))
            for tensor in tensors
        )

    def entry_shapes(self, model: keras.Model, context: Any) -> list[Any]:
        """Maps that enter a model inside may have become smaller."""
        if context is None:
            return super().entry_shapes(model, context)
        return [
            tuple(
                None if own_size is None else size
                for own_size, size in zip(own.shape, shape, strict=True)
            )
            for own, (_, shape) in zip(model.inputs, context, strict=True)
        ]

    def started(self, tensors: list[Any], context: Any) -> None:
        """Give entering tensors the offsets that they have outside."""
        if context is not None:
            for tensor, (offset, _) in zip(tensors, context, strict=True):
                self._put(tensor, offset)

    def finished(
        self, model: keras.Model, context: Any, tensors: list[Any]
    ) -> None:
        """Remember the offsets with which tensors leave a model inside."""
        self._left[id(model)] = [
            self._offsets.get(id(tensor)) for tensor in tensors
        ]

    def _look_at(self, model, input_shape):
        """What each call does in the padded network, by its operation."""
        graph = model_graph(model, input_shape)
        watched = graph
        open_sizes = {
            name: tuple(
                _SOME_SIZE if size is None else size
                for size in tensor.shape[1:]
            )
            for name, tensor in entries(model, input_shape)
        }
        try:
            watched = model_graph(model, open_sizes)
        except ValueError:
            pass  # it takes no such size, so sizes stay open
        uses = defaultdict(list)
        for call, sized in zip(graph.calls, watched.calls, strict=True):
            window = window_of(call.operation)
            pads = None
            if window is not None:
                pads = window.pads(window.sizes(call.input_shapes[0]))
            uses[id(call.operation)].append(
                _Use(
                    None if pads is None else tuple(p for p, _ in pads),
                    list(map(self._spatial, sized.input_shapes)),
                    list(map(self._spatial, sized.output_shapes)),
                    call,
                )
            )
        return uses

    def _call(self, layer, twin, args, kwargs, apply):
        if has_graph(layer):
            made = apply(twin, *args, **kwargs)
            for tensor, offset in zip(
                tensors_in(made), self._left[id(layer)], strict=True
            ):
                self._put(tensor, offset)
            return made
        use = self._uses[id(layer)][self._calls[id(layer)]]
        self._calls[id(layer)] += 1
        maps = [t for t in tensors_in((args, kwargs)) if self._is_map(t)]
        self._check_activation(layer, maps, use)
        window = window_of(layer)
        if maps and window is not None:
            return self._on_grid(layer, twin, window, use, args, kwargs, apply)
        if len(maps) > 1:
            args, kwargs = self._aligned(
                layer, maps, use, (args, kwargs), apply
            )
            maps = [t for t in tensors_in((args, kwargs)) if self._is_map(t)]
        behaviour = self._tested(layer, maps, use)
        if behaviour is not None and not behaviour.plain:
            return self._moved_along(
                layer, twin, maps[0], behaviour, use, args, kwargs, apply
            )
        made = apply(twin, *args, **kwargs)
        for tensor, size in zip(tensors_in(made), use.made, strict=True):
            self._put(tensor, self._passed_on(layer, maps, use, tensor, size))
        bare = id(layer) in self._bare
        if bare and is_exactly(layer, TRANSPOSED):
            return self._without_ends(layer, made, apply)
        # What is enlarged without loss keeps its rim, unless it was chosen.
        if is_exactly(layer, _UPSAMPLING) and (
            bare or isinstance(self._offsets.get(id(made)), tuple)
        ):
            return self._without_rim(layer, made, apply)
        return made

    def _check_activation(self, layer, maps, use):
        """Refuse a window whose activation looks at more than a position.

        A gate is computed from the smaller map, as that of a layer is.
        """
        activation = activation_call(use.call, self._first)
        smaller = any(id(x) in self._offsets for x in maps)
        if activation is None or not (smaller or id(layer) in self._bare):
            return
        shape = activation.input_shapes[0]
        if is_gate(activation.operation, shape, self._first):
            return
        (behaviour,) = behaviour_of(
            activation, activation.inputs[0], len(shape) - 2, self._first
        )
        if behaviour.positional or not behaviour.plain:
            raise _RefusalError(
                "its activation is not seen to take each position by itself, "
                "and a smaller map may get other values"
            )

    @property
    def _first(self):
        """The first spatial axis."""
        return 1 if self._data_format == "channels_last" else 2

    def _tested(self, layer, maps, use) -> Behaviour | None:
        """What a call of another class does with a map that lost cells.

        `None` where it is known otherwise, or adds no window of its own.
        """
        lost = [x for x in maps if self._offsets.get(id(x), _LOST) != _LOST]
        shapes = use.call.input_shapes
        first = self._first
        if (
            not lost
            or is_known(layer)
            or is_exactly(layer, (*_UPSAMPLING, *TRANSPOSED, *_STRETCHING))
            or is_pointwise(layer, shapes[0], first)
            or is_gate(layer, shapes[0], first)
        ):
            return None
        behaviours = [
            behaviour
            for number, shape in dict(
                zip(use.call.inputs, shapes, strict=True)
            ).items()
            if len(shape) - 2 in self._ranks
            for behaviour in behaviour_of(
                use.call, number, len(shape) - 2, first
            )
            if behaviour.is_map
        ]
        if any(behaviour.positional for behaviour in behaviours):
            raise _RefusalError(
                "what it gives for the same cells is another at another "
                "position, as of an embedding of positions, and a smaller map "
                "would get other values"
            )
        resized = use.made[0] not in use.given
        if set(use.made[0]) == {1} or (resized and not runs_other_code(layer)):
            unmeasured = False  # the whole map in one cell, or an operation
        else:
            unmeasured = any(
                behaviour.axes is None or behaviour.fixed
                for behaviour in behaviours
            )
        if unmeasured:
            raise _RefusalError(
                "what its positions see of a map of another size could not be "
                "measured, so what it gives for a smaller one may lie on "
                "another grid"
            )
        if len(behaviours) != 1:
            return None
        (behaviour,) = behaviours
        if behaviour.axes is None or behaviour.fixed:
            return None
        if behaviour.pads_somewhere and None in behaviour.pads:
            raise _RefusalError(_OPEN)
        return behaviour

    def _moved_along(self, layer, twin, x, behaviour, use, args, kwargs, apply):
        """Call what moves a window that was seen, on the padded grid."""
        axes = behaviour.axes
        own_sizes = next(each for each in use.given if len(each) == len(axes))
        offset = self._offset(x)
        positions = tuple(
            o * axis.factor if axis.factor > 1 else -(-o // axis.stride)
            for o, axis in zip(offset, axes, strict=True)
        )
        crop = []
        for i, o, axis, n, own in zip(
            positions, offset, axes, self._sizes(x), own_sizes, strict=True
        ):
            start = 0 if axis.factor > 1 else i * axis.stride - o
            # What it pads may depend on what its stride leaves of a size.
            padded = behaviour.pads_somewhere and None not in (n, own)
            end = (n - start - own) % axis.stride if padded else 0
            crop.append((start, end))
        y = self._crop(layer, x, crop, apply)
        args, kwargs = keras.tree.map_structure(
            lambda leaf: y if leaf is x else leaf, (args, kwargs)
        )
        made = apply(twin, *args, **kwargs)
        for tensor in tensors_in(made):
            self._put(tensor, positions)
        return made

    def _without_rim(self, layer, x, apply):
        """Cut off what was mixed with cells that are not there."""
        rim = enlarged_rim(layer)
        if not any(rim):
            return x
        y = self._crop(layer, x, [(n, n) for n in rim], apply)
        self._move(y, x, rim)
        return y

    def _without_ends(self, layer, x, apply):
        """Cut off what windows beyond a transposed map would have written to.

        The map `x` is all that the windows wrote; the padded network's starts
        where its layer cuts, and is what it would be on a larger map from
        `extent - stride` cells on.
        """
        site = self._sites[id(layer)]
        if site.pads is None:
            raise _RefusalError(_OPEN)
        crop = []
        for offset, kernel, stride, dilation, (before, after) in zip(
            self._offset(x),
            site.kernel_size,
            site.strides,
            site.dilation_rate,
            site.pads,
            strict=True,
        ):
            ends = max((kernel - 1) * dilation + 1 - stride, 0)
            crop.append((max(ends, before - offset), max(ends, after)))
        y = self._crop(layer, x, crop, apply)
        self._move(
            y,
            x,
            [
                start - before
                for (start, _), (before, _) in zip(crop, site.pads, strict=True)
            ],
        )
        return y

    def _move(self, tensor, origin, steps):
        """Give a part of a map its offset, from that of the whole."""
        if self._offsets.get(id(origin)) == _LOST:
            self._put(tensor, _LOST)
        else:
            offset = zip(self._offset(origin), steps, strict=True)
            self._put(tensor, tuple(map(sum, offset)))

    def _on_grid(self, layer, twin, window, use, args, kwargs, apply):
        (x,) = tensors_in((args, kwargs))
        offset = self._offset(x)
        crop, positions = [], []
        if window.cropping is not None:
            # What is lost already need not be cut off.
            for o, (before, after) in zip(offset, window.cropping, strict=True):
                crop.append((max(before - o, 0), after))
                positions.append(max(o - before, 0))
            twin = self._crop_less(layer, twin, tuple(crop))
            y = x
        else:
            if id(layer) not in self._bare and id(x) in self._offsets:
                twin = self._with_fixed_cells(layer, twin, window, use)
            for o, stride, pad in zip(
                offset,
                window.strides,
                self._added_before(layer, window),
                strict=True,
            ):
                position = -(-(o + pad) // stride)
                positions.append(position)
                crop.append((position * stride - pad - o, 0))
            y = self._crop(layer, x, crop, apply)
        args, kwargs = keras.tree.map_structure(
            lambda leaf: y if leaf is x else leaf, (args, kwargs)
        )
        made = apply(twin, *args, **kwargs)
        if self._offsets.get(id(x)) == _LOST:
            self._put(made, _LOST)
        elif id(layer) in self._bare or id(x) in self._offsets:
            self._put(made, tuple(positions))
        return made

    def _added_before(self, layer, window):
        """Cells that a chosen site adds in front in the padded network."""
        if id(layer) not in self._bare:
            return (0,) * window.rank
        befores = {use.before for use in self._uses[id(layer)]}
        if None in befores:
            raise _RefusalError(_OPEN)
        if len(befores) > 1:
            raise _RefusalError(
                "it is shared, and pads another number of cells at each of "
                "its uses. `skip` leaves it as it is"
            )
        return befores.pop()

    def _with_fixed_cells(self, layer, twin, window, use):
        """A copy that pads on, but not by its new size: that moves the grid."""
        if not window.may_pad or window.geometry.name != "same":
            return twin
        if max(window.strides) == 1:
            return twin
        if use.before is None:
            raise _RefusalError(_OPEN)
        pads = window.pads(use.given[0])
        return self.substitute(layer, fixed_layer(layer, pads))

    def _crop_less(self, layer, twin, crop):
        key = id(layer), crop
        if key not in self._cropped_less:
            config = twin.get_config()
            if any(known == id(layer) for known, _ in self._cropped_less):
                config["name"] = self._name(layer)
            config["cropping"] = crop if len(crop) > 1 else crop[0]
            self._cropped_less[key] = type(twin).from_config(config)
        return self._cropped_less[key]

    def _aligned(self, layer, maps, use, arguments, apply):
        """Crop maps that meet to what they all have."""
        # Only what was of one size meets cell by cell: not a gate of a single
        # cell, nor a picture that tells a size.
        sizes = dict(
            zip(map(id, tensors_in(arguments)), use.given, strict=True)
        )
        usual, count = Counter(sizes[id(x)] for x in maps).most_common(1)[0]
        maps = [x for x in maps if sizes[id(x)] == usual]
        known = [self._offsets.get(id(x)) for x in maps]
        if count < 2 or not any(known):
            return arguments
        if use.made[0] != usual and set(use.made[0]) != {1}:
            raise _RefusalError(
                "it joins maps along a spatial axis, of which each would lack "
                "its ends"
            )
        if _LOST in known:
            if set(known) != {_LOST}:
                raise _RefusalError(
                    "one of the maps that it joins was resized on its way, or "
                    "moved by an operation that is not followed, and would "
                    "not meet the others position by position"
                )
            return arguments
        cropped = self._cropped(layer, maps, apply)
        new = {id(x): y for x, y in zip(maps, cropped, strict=True)}
        return keras.tree.map_structure(lambda x: new.get(id(x), x), arguments)

    def _cropped(self, layer, maps, apply):
        offsets = [self._offset(x) for x in maps]
        common = tuple(map(max, zip(*offsets, strict=True)))
        starts = [
            tuple(c - o for c, o in zip(common, offset, strict=True))
            for offset in offsets
        ]
        sizes = [self._sizes(x) for x in maps]
        if any(None in size for size in sizes):
            align = AlignMaps(
                starts,
                self._data_format,
                name=self._name(layer),
                dtype=maps[0].dtype,
            )
            cropped = apply(align, maps)
        else:
            left = [
                [n - start for n, start in zip(size, begin, strict=True)]
                for size, begin in zip(sizes, starts, strict=True)
            ]
            least = list(map(min, zip(*left, strict=True)))
            cropped = []
            for x, begin, remain in zip(maps, starts, left, strict=True):
                ends = [n - m for n, m in zip(remain, least, strict=True)]
                crop = list(zip(begin, ends, strict=True))
                cropped.append(self._crop(layer, x, crop, apply))
        for x in cropped:
            self._put(x, common)
        return cropped

    def _crop(self, layer, x, crop, apply):
        if not any(map(any, crop)):
            return x
        config = {
            "name": self._name(layer),
            "dtype": x.dtype,  # nothing is cast on the way
        }
        if len(crop) == 1 and self._data_format == "channels_first":
            raise _RefusalError(
                "it has to be cropped, and Keras crops lines with their "
                "channels last only"
            )
        return apply(_cropping(crop, self._data_format, config), x)

    def _name(self, layer):
        """A name that no layer has, for what is put before one."""
        name, count = f"{layer.name}_align", 1
        while name in self._names:
            count += 1
            name = f"{layer.name}_align_{count}"
        self._names.add(name)
        return name

    def _passed_on(self, layer, maps, use, tensor, size):
        """The offset of what an operation without a window gives."""
        known = [x for x in maps if id(x) in self._offsets]
        if not known or not self._is_map(tensor):
            return None
        offsets = [self._offsets[id(x)] for x in known]
        if _LOST in offsets:
            return _LOST
        offset = tuple(map(max, zip(*offsets, strict=True)))
        if is_exactly(layer, (*_UPSAMPLING, *TRANSPOSED)):
            factor = getattr(layer, "size", getattr(layer, "strides", 1))
            if isinstance(factor, int):
                factor = (factor,) * len(offset)
            return tuple(o * n for o, n in zip(offset, factor, strict=True))
        if set(size) == {1} and size not in use.given:
            return None  # the whole map in one cell
        moved = size not in use.given or _differ(
            self._sizes(known[0]), self._sizes(tensor)
        )
        return _LOST if moved or is_exactly(layer, _STRETCHING) else offset

    def _is_map(self, tensor):
        return len(tensor.shape) - 2 in self._ranks

    def _sizes(self, tensor):
        return self._spatial(tuple(tensor.shape))

    def _spatial(self, shape):
        if self._data_format == "channels_last":
            return tuple(shape[1:-1])
        return tuple(shape[2:])

    def _offset(self, tensor):
        offset = self._offsets.get(id(tensor))
        if offset is None or offset == _LOST:
            return (0,) * (len(tensor.shape) - 2)
        return offset

    def _put(self, tensor, offset):
        if offset is not None:
            self._offsets[id(tensor)] = offset
            self._alive.append(tensor)


def _bare_transposed(layer):
    """A transposed convolution of Keras that cuts nothing off."""
    twin = stock_layer(layer, "valid")
    if twin.output_padding is None:
        return twin
    return type(twin).from_config({**twin.get_config(), "output_padding": None})


def _layers_in(model):
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers_in(layer)


def _differ(sizes, others):
    return any(
        None not in pair and pair[0] != pair[1]
        for pair in zip(sizes, others, strict=True)
    )


def _cropping(cells, data_format, config):
    """A layer that crops, of as many axes as there are pairs of cells."""
    if len(cells) > 1:
        return CROPPING[len(cells) - 1](
            cells, data_format=data_format, **config
        )
    return keras.layers.Cropping1D(cells[0], **config)
