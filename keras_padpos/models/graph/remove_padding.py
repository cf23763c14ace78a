"""A network without its padding."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos.errors import InputError
from keras_padpos.models._plain_reason import plain_reason
from keras_padpos.models.graph._replaced_layers import fixed_layer
from keras_padpos.models.graph._replaced_layers import stock_layer
from keras_padpos.models.graph._replaced_layers import stock_resampling
from keras_padpos.models.graph._unwindowed_sites import enlarged_rim
from keras_padpos.models.graph.graph_walk import has_graph
from keras_padpos.models.graph.graph_walk import tensors_in
from keras_padpos.models.graph.map_offsets import LOST
from keras_padpos.models.graph.map_offsets import MapOffsets
from keras_padpos.models.graph.map_offsets import RefusalError
from keras_padpos.models.graph.padded_network import OPEN_SIZE
from keras_padpos.models.graph.padded_network import STRETCHING
from keras_padpos.models.graph.padded_network import padded_calls
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.rebuild import Rebuild
from keras_padpos.models.graph.window import RECURRENT
from keras_padpos.models.graph.window import RESAMPLING
from keras_padpos.models.graph.window import TRANSPOSED
from keras_padpos.models.graph.window import UPSAMPLING
from keras_padpos.models.graph.window import is_exactly
from keras_padpos.models.graph.window import window_of


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
        order = "first" if "channels_first" in formats else "last"
        names = [layer.name for layer in _layers_in(model)]
        self._offsets = MapOffsets(f"channels_{order}", names)
        self._calls = padded_calls(model, input_shape, self._offsets)
        self._counts: Counter[int] = Counter()  # of calls made so far
        self._left: dict[int, list[Any]] = {}
        self._cropped_less: dict[Any, keras.layers.Layer] = {}

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
        except RefusalError as error:
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
            (self._offsets.get(tensor), tuple(tensor.shape))
            for tensor in tensors
        )

    def entry_shapes(self, model: keras.Model, context: Any) -> list[Any]:
        """Maps that enter a model inside may have become smaller."""
        if context is None:
            return super().entry_shapes(model, context)
        return [
            tuple(
                None if original is None else size
                for original, size in zip(tensor.shape, shape, strict=True)
            )
            for tensor, (_, shape) in zip(model.inputs, context, strict=True)
        ]

    def started(self, tensors: list[Any], context: Any) -> None:
        """Give entering tensors the offsets that they have outside."""
        if context is not None:
            for tensor, (offset, _) in zip(tensors, context, strict=True):
                self._offsets.put(tensor, offset)

    def finished(
        self, model: keras.Model, context: Any, tensors: list[Any]
    ) -> None:
        """Remember the offsets with which tensors leave a model inside."""
        self._left[id(model)] = list(map(self._offsets.get, tensors))

    def _call(self, layer, twin, args, kwargs, apply):
        offsets = self._offsets
        if has_graph(layer):
            made = apply(twin, *args, **kwargs)
            for tensor, offset in zip(
                tensors_in(made), self._left[id(layer)], strict=True
            ):
                offsets.put(tensor, offset)
            return made
        padded = self._calls[id(layer)][self._counts[id(layer)]]
        self._counts[id(layer)] += 1
        bare = id(layer) in self._bare
        maps = self._maps_in((args, kwargs))
        if bare or any(x in offsets for x in maps):
            padded.check_activation()
        window = window_of(layer)
        if maps and window is not None:
            return self._on_grid(
                layer, twin, window, padded, args, kwargs, apply
            )
        if len(maps) > 1:
            args, kwargs = self._aligned(
                layer, maps, padded, (args, kwargs), apply
            )
            maps = self._maps_in((args, kwargs))
        if any(x in offsets and not offsets.is_lost(x) for x in maps):
            behaviour = padded.behaviour(self._ranks)
            if behaviour is not None and not behaviour.plain:
                return self._moved_along(
                    layer, twin, maps[0], behaviour, padded, args, kwargs, apply
                )
        made = apply(twin, *args, **kwargs)
        for tensor, sizes in zip(
            tensors_in(made), padded.output_sizes, strict=True
        ):
            if self._is_map(tensor):
                offset = self._passed_on(layer, maps, padded, tensor, sizes)
                offsets.put(tensor, offset)
        if bare and is_exactly(layer, TRANSPOSED):
            return self._without_ends(layer, made, apply)
        # What is enlarged without loss keeps its rim, unless it was chosen.
        if is_exactly(layer, UPSAMPLING) and (
            bare or (made in offsets and not offsets.is_lost(made))
        ):
            return self._without_rim(layer, made, apply)
        return made

    def _moved_along(
        self, layer, twin, x, behaviour, padded, args, kwargs, apply
    ):
        """Call what moves a window that was seen, on the padded grid."""
        axes = behaviour.axes
        original_sizes = next(
            sizes for sizes in padded.input_sizes if len(sizes) == len(axes)
        )
        offset = self._offsets.cells(x)
        positions = tuple(
            o * axis.factor if axis.factor > 1 else -(-o // axis.stride)
            for o, axis in zip(offset, axes, strict=True)
        )
        crop = []
        for i, o, axis, size, original in zip(
            positions,
            offset,
            axes,
            self._offsets.sizes(x),
            original_sizes,
            strict=True,
        ):
            start = 0 if axis.factor > 1 else i * axis.stride - o
            # What it pads may depend on what its stride leaves of a size.
            pads = behaviour.pads_somewhere and None not in (size, original)
            end = (size - start - original) % axis.stride if pads else 0
            crop.append((start, end))
        y = self._offsets.crop(layer, x, crop, apply)
        made = _called_on(y, x, twin, args, kwargs, apply)
        for tensor in tensors_in(made):
            self._offsets.put(tensor, positions)
        return made

    def _without_rim(self, layer, x, apply):
        """Cut off what was mixed with cells that are not there."""
        rim = enlarged_rim(layer)
        if not any(rim):
            return x
        y = self._offsets.crop(layer, x, [(n, n) for n in rim], apply)
        self._offsets.move(y, x, rim)
        return y

    def _without_ends(self, layer, x, apply):
        """Cut off what windows beyond a transposed map would have written to.

        The map `x` is all that the windows wrote; the padded network's starts
        where its layer cuts, and is what it would be on a larger map from
        `extent - stride` cells on.
        """
        site = self._sites[id(layer)]
        if site.pads is None:
            raise RefusalError(OPEN_SIZE)
        crop = []
        for offset, kernel, stride, dilation, (before, after) in zip(
            self._offsets.cells(x),
            site.kernel_size,
            site.strides,
            site.dilation_rate,
            site.pads,
            strict=True,
        ):
            ends = max((kernel - 1) * dilation + 1 - stride, 0)
            crop.append((max(ends, before - offset), max(ends, after)))
        y = self._offsets.crop(layer, x, crop, apply)
        steps = [
            start - before
            for (start, _), (before, _) in zip(crop, site.pads, strict=True)
        ]
        self._offsets.move(y, x, steps)
        return y

    def _on_grid(self, layer, twin, window, padded, args, kwargs, apply):
        """Call what moves a window, on the padded network's grid."""
        (x,) = tensors_in((args, kwargs))
        offset = self._offsets.cells(x)
        moves = id(layer) in self._bare or x in self._offsets
        lost = self._offsets.is_lost(x)
        crop, positions = [], []
        if window.cropping is not None:
            # What is lost already need not be cut off.
            for o, (before, after), size, original in zip(
                offset,
                window.cropping,
                self._offsets.sizes(x),
                padded.input_sizes[0],
                strict=True,
            ):
                end = after
                if None not in (size, original) and not lost:
                    end = max(o + size - (original - after), 0)
                crop.append((max(before - o, 0), end))
                positions.append(max(o - before, 0))
            twin = self._crop_less(layer, twin, tuple(crop))
            y = x
        else:
            if id(layer) not in self._bare and moves:
                twin = self._with_fixed_cells(layer, twin, window, padded)
            for o, stride, pad in zip(
                offset,
                window.strides,
                self._added_before(layer, window),
                strict=True,
            ):
                position = -(-(o + pad) // stride)
                positions.append(position)
                crop.append((position * stride - pad - o, 0))
            y = self._offsets.crop(layer, x, crop, apply)
        made = _called_on(y, x, twin, args, kwargs, apply)
        if moves:
            self._offsets.put(made, LOST if lost else tuple(positions))
        return made

    def _added_before(self, layer, window):
        """Cells that a chosen site adds in front in the padded network."""
        if id(layer) not in self._bare:
            return (0,) * window.rank
        befores = {padded.before for padded in self._calls[id(layer)]}
        if None in befores:
            raise RefusalError(OPEN_SIZE)
        if len(befores) > 1:
            raise RefusalError(
                "it is shared, and pads another number of cells at each of "
                "its uses. `skip` leaves it as it is"
            )
        return befores.pop()

    def _with_fixed_cells(self, layer, twin, window, padded):
        """A copy that pads on, but not by its new size: that moves the grid."""
        if not window.may_pad or window.geometry.name != "same":
            return twin
        if max(window.strides) == 1:
            return twin
        if padded.before is None:
            raise RefusalError(OPEN_SIZE)
        pads = window.pads(padded.input_sizes[0])
        return self.substitute(layer, fixed_layer(layer, pads))

    def _crop_less(self, layer, twin, crop):
        key = id(layer), crop
        if key not in self._cropped_less:
            config = twin.get_config()
            if any(number == id(layer) for number, _ in self._cropped_less):
                config["name"] = self._offsets.name(layer)
            config["cropping"] = crop if len(crop) > 1 else crop[0]
            self._cropped_less[key] = type(twin).from_config(config)
        return self._cropped_less[key]

    def _aligned(self, layer, maps, padded, arguments, apply):
        """Crop maps that meet to what they all have."""
        # Only what was of one size meets cell by cell: not a gate of a single
        # cell, nor a picture that tells a size.
        sizes = dict(
            zip(map(id, tensors_in(arguments)), padded.input_sizes, strict=True)
        )
        usual, count = Counter(sizes[id(x)] for x in maps).most_common(1)[0]
        maps = [x for x in maps if sizes[id(x)] == usual]
        offsets = [self._offsets.get(x) for x in maps]
        if count < 2 or not any(offsets):
            return arguments
        if padded.output_sizes[0] != usual and (
            set(padded.output_sizes[0]) != {1}
        ):
            raise RefusalError(
                "it joins maps along a spatial axis, of which each would lack "
                "its ends"
            )
        if LOST in offsets:
            if set(offsets) != {LOST}:
                raise RefusalError(
                    "one of the maps that it joins was resized on its way, or "
                    "moved by an operation that is not followed, and would "
                    "not meet the others position by position"
                )
            return arguments
        aligned = self._offsets.align(layer, maps, apply)
        new = {id(x): y for x, y in zip(maps, aligned, strict=True)}
        return keras.tree.map_structure(lambda x: new.get(id(x), x), arguments)

    def _passed_on(self, layer, maps, padded, tensor, sizes):
        """The offset of a map that an operation without a window gives."""
        moved_maps = [x for x in maps if x in self._offsets]
        if not moved_maps:
            return None
        offsets = [self._offsets.get(x) for x in moved_maps]
        if LOST in offsets:
            return LOST
        offset = tuple(map(max, zip(*offsets, strict=True)))
        if is_exactly(layer, (*UPSAMPLING, *TRANSPOSED)):
            factor = getattr(layer, "size", getattr(layer, "strides", 1))
            if isinstance(factor, int):
                factor = (factor,) * len(offset)
            return tuple(o * n for o, n in zip(offset, factor, strict=True))
        if set(sizes) == {1} and sizes not in padded.input_sizes:
            return None  # the whole map in one cell
        resized = sizes not in padded.input_sizes or _differ(
            self._offsets.sizes(moved_maps[0]), self._offsets.sizes(tensor)
        )
        return LOST if resized or is_exactly(layer, STRETCHING) else offset

    def _maps_in(self, arguments):
        return [x for x in tensors_in(arguments) if self._is_map(x)]

    def _is_map(self, tensor):
        return len(tensor.shape) - 2 in self._ranks


def _called_on(y, x, twin, args, kwargs, apply):
    """Call a copy on a part `y` of a map in place of the map `x`."""
    args, kwargs = keras.tree.map_structure(
        lambda leaf: y if leaf is x else leaf, (args, kwargs)
    )
    return apply(twin, *args, **kwargs)


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
