"""A network without its padding."""

from collections import Counter
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos.layers import AlignMaps
from keras_padpos.models.find_padding_sites import find_layer
from keras_padpos.models.model_graph import model_graph
from keras_padpos.models.model_graph import tensors_in
from keras_padpos.models.padding_site import PaddingSite
from keras_padpos.models.rebuild import Rebuild
from keras_padpos.models.replaced_layers import stock_layer
from keras_padpos.models.window import CROPPING
from keras_padpos.models.window import TRANSPOSED
from keras_padpos.models.window import window_of

Offset = tuple[int, ...]

_UPSAMPLING = (
    keras.layers.UpSampling1D,
    keras.layers.UpSampling2D,
    keras.layers.UpSampling3D,
)
# What comes out lies on another grid, even where the size is the same.
_FORGETTING = (keras.layers.Reshape, keras.layers.Resizing)


class RemovePadding(Rebuild):
    """Builds a network whose chosen sites add no cells.

    Each map of the new network is a part of the padded network's. How far
    into that map its first cell lies is its offset, and is followed through
    the graph: a window of stride `s` whose padded twin adds `p` cells in front
    of a map starts, on a map of offset `o`, at the first place `i` with
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
    """

    def __init__(
        self, model: keras.Model, sites: Sequence[PaddingSite]
    ) -> None:
        super().__init__()
        self._bare = {id(site.layer) for site in sites}
        self._bare |= {
            id(find_layer(model, site.padding_layer))
            for site in sites
            if site.padding_layer
        }
        self._ranks = {len(site.kernel_size) for site in sites}
        formats = {getattr(site.layer, "data_format", None) for site in sites}
        self._data_format = (
            "channels_first" if "channels_first" in formats else "channels_last"
        )
        self._pads: dict[int, set[Offset]] = defaultdict(set)
        self._sizes_before: dict[int, list[Any]] = {}
        self._look_at(model)
        self._offsets: dict[int, Offset] = {}
        self._left: dict[Any, Any] = {}
        self._crops: Counter[str] = Counter()
        self._alive: list[Any] = []  # so that no two tensors share an id

    def replace(self, layer: keras.Layer) -> keras.Layer:
        """A layer of Keras that adds no cells, for those of chosen sites."""
        if id(layer) not in self._bare:
            return super().replace(layer)
        if isinstance(layer, TRANSPOSED):
            if max(layer.kernel_size) > min(layer.strides):
                raise ValueError(
                    "a transposed convolution whose windows overlap has no "
                    "form without padding. `skip` leaves it as it is"
                )
            return super().replace(layer)  # it cuts nothing
        return stock_layer(layer, "valid" if hasattr(layer, "strides") else 0)

    def call(
        self, layer: Any, twin: Any, args: Any, kwargs: Any, apply: Any
    ) -> Any:
        """Crop to the padded network's grid, then call the copy."""
        try:
            return self._call(layer, twin, args, kwargs, apply)
        except ValueError as error:
            if "without padding" in str(error):
                raise
            reason = " ".join(str(error).split())
            raise ValueError(
                f"Layer {layer.name!r} ({type(layer).__name__}) cannot go "
                "without padding: nothing is left of the map that comes in, "
                "or it no longer fits. Try a model with a larger input shape. "
                f"({reason})"
            ) from error

    def enter(self, model: keras.Model, tensors: list[Any]) -> Any:
        """Offsets and shapes of what enters a model inside."""
        return tuple(
            (self._offsets.get(id(tensor)), tuple(tensor.shape))
            for tensor in tensors
        )

    def entry_shapes(self, model: keras.Model, note: Any) -> list[Any]:
        """Maps that enter a model inside may have become smaller."""
        if note is None:
            return super().entry_shapes(model, note)
        return [
            tuple(
                None if mine is None else size
                for mine, size in zip(own.shape, shape, strict=True)
            )
            for own, (_, shape) in zip(model.inputs, note, strict=True)
        ]

    def started(self, tensors: list[Any], note: Any) -> None:
        """Give entering tensors the offsets that they have outside."""
        if note is not None:
            for tensor, (offset, _) in zip(tensors, note, strict=True):
                self._put(tensor, offset)

    def finished(
        self, model: keras.Model, note: Any, tensors: list[Any]
    ) -> None:
        """Remember the offsets with which tensors leave a model inside."""
        self._left[id(model)] = [
            self._offsets.get(id(tensor)) for tensor in tensors
        ]

    def _look_at(self, model):
        """Note what of the padded network decides about the bare one."""
        for call in model_graph(model).calls:
            key = id(call.operation)
            window = window_of(call.operation)
            if window is not None:
                pads = window.usual_pads(window.sizes(call.input_shapes[0]))
                self._pads[key].add(tuple(before for before, _ in pads))
            self._sizes_before[key] = [
                self._spatial(shape) for shape in call.input_shapes
            ]

    def _call(self, layer, twin, args, kwargs, apply):
        if isinstance(layer, keras.Model):
            made = apply(twin, *args, **kwargs)
            for tensor, offset in zip(
                tensors_in(made), self._left[id(layer)], strict=True
            ):
                self._put(tensor, offset)
            return made
        maps = [t for t in tensors_in((args, kwargs)) if self._is_map(t)]
        window = window_of(layer)
        if maps and window is not None:
            return self._on_grid(layer, twin, window, maps[0], apply)
        if len(maps) > 1:
            args, kwargs = self._aligned(layer, maps, (args, kwargs), apply)
            maps = [t for t in tensors_in((args, kwargs)) if self._is_map(t)]
        made = apply(twin, *args, **kwargs)
        for tensor in tensors_in(made):
            self._put(tensor, self._passed_on(layer, maps, tensor))
        return made

    def _on_grid(self, layer, twin, window, x, apply):
        offset = self._offset(x)
        if window.cropping is not None:
            # What is lost already need not be cut off.
            shifts = [
                o - before
                for o, (before, _) in zip(offset, window.cropping, strict=True)
            ]
            crop = [
                (max(-shift, 0), after)
                for shift, (_, after) in zip(
                    shifts, window.cropping, strict=True
                )
            ]
            made = apply(_cropping(crop, layer.get_config()), x)
            places = [max(shift, 0) for shift in shifts]
        else:
            places, crop = [], []
            for o, stride, pad in zip(
                offset, window.strides, self._pads_before(layer), strict=True
            ):
                place = -(-(o + pad) // stride)
                places.append(place)
                crop.append((place * stride - pad - o, 0))
            made = apply(twin, self._crop(layer, x, crop, apply))
        if id(layer) in self._bare or id(x) in self._offsets:
            self._put(made, tuple(places))
        return made

    def _pads_before(self, layer):
        """Cells that a chosen site adds in front in the padded network."""
        found = self._pads[id(layer)]
        if id(layer) not in self._bare:
            return (0,) * len(next(iter(found)))
        if len(found) > 1:
            raise ValueError(
                "it is shared, and pads another number of cells at each of "
                "its uses, so it cannot go without padding. `skip` leaves it "
                "as it is"
            )
        return next(iter(found))

    def _aligned(self, layer, maps, arguments, apply):
        """Crop maps that meet to what they all have."""
        # Only what was of one size meets cell by cell: not a gate of a single
        # cell, nor a picture that tells a size.
        sizes = dict(
            zip(
                map(id, tensors_in(arguments)),
                self._sizes_before[id(layer)],
                strict=True,
            )
        )
        usual = Counter(sizes[id(x)] for x in maps).most_common(1)[0][0]
        maps = [x for x in maps if sizes[id(x)] == usual]
        if len(maps) < 2 or not any(id(x) in self._offsets for x in maps):
            return arguments
        self._check_axis(layer, maps[0])
        cropped = self._cropped(layer, maps, apply)
        new = {id(x): y for x, y in zip(maps, cropped, strict=True)}
        return keras.tree.map_structure(lambda x: new.get(id(x), x), arguments)

    def _check_axis(self, layer, x):
        first = 1 if self._data_format == "channels_last" else 2
        if isinstance(layer, keras.layers.Concatenate) and (
            layer.axis % len(x.shape)
            in range(first, first + len(self._sizes(x)))
        ):
            raise ValueError(
                "it joins maps along a spatial axis, so the network cannot go "
                "without padding"
            )

    def _cropped(self, layer, maps, apply):
        offsets = [self._offset(x) for x in maps]
        common = tuple(map(max, zip(*offsets, strict=True)))
        starts = [
            tuple(c - o for c, o in zip(common, offset, strict=True))
            for offset in offsets
        ]
        sizes = [self._sizes(x) for x in maps]
        if any(None in size for size in sizes):
            name = self._name(layer)
            align = AlignMaps(
                starts, self._data_format, name=name, dtype=maps[0].dtype
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
            "data_format": self._data_format,
            "dtype": x.dtype,  # nothing is cast on the way
        }
        return apply(_cropping(crop, config), x)

    def _name(self, layer):
        """A name for what is put before a layer."""
        self._crops[layer.name] += 1
        count = self._crops[layer.name]
        return f"{layer.name}_align" + (f"_{count}" if count > 1 else "")

    def _passed_on(self, layer, maps, tensor):
        """The offset of what an operation without a window gives."""
        known = [x for x in maps if id(x) in self._offsets]
        if not known or not self._is_map(tensor):
            return None
        offset = tuple(
            map(max, zip(*[self._offset(x) for x in known], strict=True))
        )
        if isinstance(layer, (*_UPSAMPLING, *TRANSPOSED)):
            factor = getattr(layer, "size", getattr(layer, "strides", 1))
            if isinstance(factor, int):
                factor = (factor,) * len(offset)
            return tuple(o * n for o, n in zip(offset, factor, strict=True))
        kept = all(
            new is None or old == new
            for old, new in zip(
                self._sizes(known[0]), self._sizes(tensor), strict=True
            )
        )
        return offset if kept and not isinstance(layer, _FORGETTING) else None

    def _is_map(self, tensor):
        return len(tensor.shape) - 2 in self._ranks

    def _sizes(self, tensor):
        return self._spatial(tuple(tensor.shape))

    def _spatial(self, shape):
        if self._data_format == "channels_last":
            return shape[1:-1]
        return shape[2:]

    def _offset(self, tensor):
        return self._offsets.get(id(tensor)) or (0,) * (len(tensor.shape) - 2)

    def _put(self, tensor, offset):
        if offset is not None:
            self._offsets[id(tensor)] = offset
            self._alive.append(tensor)


def _cropping(cells, config):
    """A cropping layer of as many axes as there are pairs of cells."""
    if len(cells) == 1:
        config = {key: config[key] for key in config if key != "data_format"}
        cells = cells[0]
        return keras.layers.Cropping1D.from_config(
            {**config, "cropping": cells}
        )
    return CROPPING[len(cells) - 1].from_config({**config, "cropping": cells})
