"""Layers that take the place of others when a network is converted."""

import math
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras

from keras_padpos import padding
from keras_padpos.models.graph._copied_layer import layer_config
from keras_padpos.models.graph.padding_site import PaddingSite
from keras_padpos.models.graph.window import AVERAGE_POOLING
from keras_padpos.models.graph.window import MAX_POOLING
from keras_padpos.models.graph.window import PADDED
from keras_padpos.models.graph.window import STOCK
from keras_padpos.models.graph.window import is_frame
from keras_padpos.models.graph.window import padding_mode_of
from keras_padpos.models.graph.window import window_of
from keras_padpos.padding import Geometry
from keras_padpos.padding import PaddingMode


def replaced_layers(
    sites: Sequence[PaddingSite],
    mode: PaddingMode,
    geometry: str = "keep",
) -> dict[int, Callable[[], keras.Layer]]:
    """Say which layers must change so that sites pad another way.

    A frame before a window (`ZeroPadding2D` and a valid convolution) stays a
    layer of its own, unless the mode corrects what the window gives: then the
    window pads by itself, and the frame is left empty. So it is if the frame
    holds minus infinity, which a maximum does not see: that is what `zeros`
    stand for in a max-pooling, and an empty frame keeps what it held.
    """
    made: dict[int, Callable[[], keras.Layer]] = {}
    for site in sites:
        if site.kind == "resampling":
            made[id(site.layer)] = _resampling_maker(site.layer, mode)
            continue
        cells = _cells(site, geometry)
        if site.frame is None:
            values = mode
            if cells is not None and site.pooling:
                values = padding.unseen_zeros(mode)  # see `fixed_layer`
            made[id(site.layer)] = _maker(site.layer, values, cells)
            continue
        if cells is None:
            cells = site.pads
        unseen = _is_unseen(site)
        held = site.frame.padding_mode if unseen else padding.get("zeros")
        if mode.corrects or (unseen and not _is_zeros(mode)):
            # No maximum saw the frame, so none sees the zeros of an axis.
            values = padding.unseen_zeros(mode) if unseen else mode
            made[id(site.frame)] = _maker(site.frame, held, 0)
            made[id(site.layer)] = _maker(site.layer, values, cells)
        else:
            values = held if unseen else mode
            made[id(site.frame)] = _maker(site.frame, values, cells)
            made[id(site.layer)] = _maker(
                site.layer, padding.get("zeros"), "valid"
            )
    return made


def stock_layer(layer: keras.Layer, cells: Any) -> keras.Layer:
    """The layer of Keras with another `padding`."""
    config = layer_config(layer)
    config.pop("padding_mode", None)
    stock: Any = STOCK.get(type(layer), type(layer))
    if stock is keras.layers.ZeroPadding1D and not isinstance(cells, int):
        (cells,) = Geometry(cells, 1).pads((1,), (1,), (1,), (1,))
    return stock.from_config({**config, "padding": cells})


def stock_resampling(layer: keras.layers.Layer) -> keras.layers.Layer:
    """The layer of Keras that interpolates alike within the map."""
    config = layer.get_config()
    config.pop("padding_mode", None)
    stock: Any = STOCK.get(type(layer), type(layer))
    return stock.from_config(config)


def fixed_layer(layer: keras.Layer, pads: Any) -> keras.Layer:
    """A layer that adds the same cells at every size of its input."""
    mode = padding_mode_of(layer)
    pooling = isinstance(layer, (*MAX_POOLING, *AVERAGE_POOLING))
    if pooling:
        # What "same" adds for pooling is seen by no maximum and counted by no
        # mean; explicit zeros would be.
        mode = padding.unseen_zeros(mode)
    return _maker(layer, mode, pads)()


def dense_layer(
    layer: keras.Layer, pads: Any, mode: PaddingMode
) -> keras.Layer:
    """A window that moves by one cell, with the cells and the mode."""
    counted = getattr(getattr(layer, "geometry", None), "explicit", None)
    pooling = isinstance(layer, (*MAX_POOLING, *AVERAGE_POOLING))
    if pooling and counted is None:
        mode = padding.unseen_zeros(mode)  # see `fixed_layer`
    config = {**layer_config(layer), "strides": 1}
    config.pop("padding_mode", None)
    if not any(map(any, pads)):
        stock: Any = STOCK.get(type(layer), type(layer))
        return stock.from_config({**config, "padding": "valid"})
    ours: Any = PADDED.get(type(layer), type(layer))
    return ours.from_config(
        {**config, "padding": pads, "padding_mode": padding.serialize(mode)}
    )


def _is_unseen(site):
    """Whether a frame holds what the maximum behind it never sees."""
    mode = getattr(site.frame, "padding_mode", None)
    return site.kind == "max_pooling" and mode == padding.Constant(-math.inf)


def _is_zeros(mode):
    return mode == padding.get("zeros")


def _cells(site, geometry):
    """The `padding` of a site if it is to change, else `None`."""
    if geometry == "keep" or site.kind in (
        "transposed",
        "recurrent",
        "padding",
    ):
        return None
    extents = [
        (kernel - 1) * dilation + 1
        for kernel, dilation in zip(
            site.kernel_size, site.dilation_rate, strict=True
        )
    ]
    if any(extent % 2 == 0 for extent in extents) or max(site.strides) == 1:
        return None  # as in PyTorch already, or nothing of one number
    if site.frame is None:
        # Cells that the author counted are the author's.
        if window_of(site.layer).geometry.name != "same":
            return None
    elif any(
        sum(pair) not in (extent - 1, extent - 2)
        for pair, extent in zip(site.pads, extents, strict=True)
    ):
        return None  # not one of the frames that stand for "same"
    return tuple((extent // 2, extent // 2) for extent in extents)


def _maker(layer, mode, cells):
    """What makes a layer with the mode and, unless `None`, the `padding`."""
    if cells is None:
        geometry = getattr(layer, "geometry", None)
        cells = layer.padding if geometry is None else geometry.identifier

    def make():
        if _is_zeros(mode) and _stock_can(layer, cells):
            return stock_layer(layer, cells)
        ours = PADDED.get(type(layer), type(layer))
        return ours.from_config(
            {
                **layer_config(layer),
                "padding": cells,
                "padding_mode": padding.serialize(mode),
            }
        )

    return make


def changes_interpolation(mode: PaddingMode | None) -> bool:
    """Whether borders of interpolations become others than those of Keras."""
    return mode is not None and _continued(mode) != padding.Replicate()


def _continued(mode):
    """How an interpolation goes on: as Keras' own where nothing is copied."""
    if isinstance(mode, padding.PerAxis):
        return padding.get([_continued(each) for each in mode.modes])
    return mode if mode.copies else padding.Replicate()


def _resampling_maker(layer, mode):
    """What makes an interpolation go on as a mode that copies cells says.

    An interpolation is never padded with anything else: Keras' own layer then
    ends it at the border.
    """
    if not changes_interpolation(mode):
        return lambda: stock_resampling(layer)
    ours: Any = PADDED.get(type(layer), type(layer))
    values = padding.serialize(_continued(mode))
    return lambda: ours.from_config(
        {**layer.get_config(), "padding_mode": values}
    )


def _stock_can(layer, cells):
    """Whether Keras' own layer takes this `padding`."""
    if is_frame(layer):
        return not isinstance(cells, str)
    if isinstance(cells, str):
        return cells.lower() in ("valid", "same") or (
            cells.lower() == "causal" and isinstance(layer, keras.layers.Conv1D)
        )
    return False
