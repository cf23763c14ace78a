"""How to cut a picture so that tiles give what the whole gives."""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from numbers import Integral
from typing import Any

import keras
import numpy as np

from keras_padpos import padding
from keras_padpos.checks import as_list
from keras_padpos.checks import is_int
from keras_padpos.choices import BORDERS
from keras_padpos.errors import InputError
from keras_padpos.errors import did_you_mean
from keras_padpos.padding import Circular
from keras_padpos.padding import Constant
from keras_padpos.padding import CopyMode
from keras_padpos.padding import Earth
from keras_padpos.padding import Interpolate
from keras_padpos.padding import Zeros
from keras_padpos.tiling.dense_network import DenseNetwork
from keras_padpos.tiling.dense_network import NetworkAtSize
from keras_padpos.tiling.dense_network import PictureError
from keras_padpos.tiling.tiling_plan import TiledOutput
from keras_padpos.tiling.tiling_plan import TilingPlan
from keras_padpos.tiling.window_axis import Reach
from keras_padpos.tiling.window_axis import WindowAxis

Cells = tuple[int, ...]

# What the maps of one batch of windows may take, if no tile is given. What a
# backend holds besides is two to four times as much.
_BYTES = 2**28
_NUMBER_BYTES = 4
# Windows are at least so many times as long as what neighbours share.
_LEAST_HALOS = 1.5


def plan(
    model: keras.Model,
    picture_shape: Sequence[int],
    tile: int | Sequence[int | None] | None = None,
    *,
    batch_size: int = 1,
    border: Any = "model",
) -> TilingPlan:
    """Choose windows from whose outputs that of the whole picture is put.

    All windows have one size. Divided by the network's period, it has the same
    remainder as the picture's, so that uneven SAME padding falls alike. Windows
    start at multiples of the period, overlap by what padding may reach, and end
    at the picture's border or before it.

    Example:

    >>> net = keras.applications.VGG16(weights=None, include_top=False)
    >>> stage = keras.Model(net.input, net.get_layer("block3_conv3").output)
    >>> print(plan(stage, (1000, 1000), tile=400))
    3x3 windows of 360x360 cells on a picture of 1000x1000; starts at \
multiples of 4, halo 20; 1.17 times the picture is computed.

    Args:
        model: A functional or Sequential model from pictures, lines or
            volumes to maps.
        picture_shape: Spatial sizes of the picture, or its shape without the
            batch, in cells.
        tile: Largest size of a window in cells, halo included: one int, or
            one an axis, of which `None` is the whole axis. `None`: windows
            whose maps take about 256 MiB a batch, but no smaller ones than one
            and a half times the sum of the halos before and after.
        batch_size: Windows that are run at once; matters if `tile` is `None`.
        border: `"model"`: the network pads, as it does for the whole picture.
            Or how the picture is continued in place of all padding: `"zeros"`,
            `"constant"`, `"reflect"`, `"symmetric"`, `"replicate"`,
            `"circular"`, or one of these for each axis, as `padding.get` takes
            them.

    Returns:
        A `TilingPlan`.

    Raises:
        ValueError: If an argument is none of these; if tiles cannot give what
            the whole gives: the message names the layer and what it does; if
            `tile` is too small for the network, with the least that is not.
    """
    return plan_network(
        DenseNetwork(model), picture_shape, tile, batch_size, border
    )


def plan_network(
    network: DenseNetwork,
    picture_shape: Sequence[int],
    tile: int | Sequence[int | None] | None,
    batch_size: int,
    border: Any,
) -> TilingPlan:
    """See `plan`."""
    picture = _sizes(picture_shape, network)
    modes = _border(border, network.rank)
    whole = network.at(picture)
    fields = whole.outputs()
    _refuse_stretching(whole)
    period = whole.period()
    axes = []
    for axis in range(network.rank):
        axes.append(
            WindowAxis(
                picture[axis],
                period[axis],
                tuple(
                    Reach(
                        Fraction(field.stride[axis]),
                        *field.clear[axis],
                        field.positions[axis],
                    )
                    for field in fields
                ),
                modes[axis],
            )
        )
    most = _most(tile, axes, whole, batch_size)
    if border == "model":
        if any(map(WindowAxis.is_split, axes, most)):
            whole.check_borders()
        axes = [
            _round(whole, number, axis) if axis.is_split(cells) else axis
            for number, (axis, cells) in enumerate(zip(axes, most, strict=True))
        ]
    windows = [
        axis.window(cells, number)
        for number, (axis, cells) in enumerate(zip(axes, most, strict=True))
    ]
    window = tuple(windows)
    starts = tuple(
        axis.starts(size) for axis, size in zip(axes, windows, strict=True)
    )
    if window != picture or any(axis.mode for axis in axes):
        _check_window(whole, network.at(window, "windows"), axes)
    outputs = []
    for number, (name, shape, tensor) in enumerate(
        zip(
            network.names,
            whole.output_shapes(),
            network.model.outputs,
            strict=True,
        )
    ):
        cuts = tuple(
            axis.cuts(each, number)
            for axis, each in zip(axes, starts, strict=True)
        )
        first = network.first - 1 if len(shape) > network.rank else 0
        dtype = keras.backend.standardize_dtype(tensor.dtype)
        outputs.append(TiledOutput(name, shape, dtype, first, cuts))
    return TilingPlan(
        picture,
        window,
        starts,
        period,
        tuple(axis.halo for axis in axes),
        tuple(
            size - axis.step(size) if axis.is_split(size) else 0
            for axis, size in zip(axes, windows, strict=True)
        ),
        tuple(axis.mode for axis in axes),
        tuple(outputs),
    )


def _sizes(shape, network):
    """Spatial sizes of a picture, from these or a shape with channels."""
    sizes = tuple(as_list("picture_shape", shape, Integral))
    if len(sizes) == network.rank + 1:
        sizes = sizes[network.first - 1 :][: network.rank]
    if len(sizes) != network.rank or not all(is_int(n, 1) for n in sizes):
        raise PictureError(
            f"`picture_shape` must be {network.rank} sizes of at least 1, or "
            "these and the channels, in the order of the model's input "
            f"{tuple(network.model.inputs[0].shape[1:])}. "
            f"Received: {shape!r}"
        )
    return tuple(map(int, sizes))


def _border(border, rank):
    """The mode that continues the picture along each axis, if one does."""
    if isinstance(border, str) and border == "model":
        return (None,) * rank
    try:
        modes = padding.get(border, rank).split(rank)
    except InputError as error:
        raise _no_border(border) from error
    for mode in modes:
        copies = isinstance(mode, CopyMode) and mode.copies
        if isinstance(mode, Earth) or not (
            copies or isinstance(mode, (Zeros, Constant))
        ):
            raise _no_border(border)
    return modes


def _no_border(border):
    hints = [
        did_you_mean(each, BORDERS)
        for each in (border if isinstance(border, (list, tuple)) else [border])
        if isinstance(each, str) and each not in BORDERS
    ]
    hint = f".{hints[0]}" if hints and hints[0] else ""
    return InputError(
        f'`border` must be "model", one of {", ".join(BORDERS)}, or one of '
        f"these for each axis. Received: border={border!r}{hint}"
    )


def _most(tile, axes, whole, batch_size):
    """The most cells of a window along each axis."""
    if tile is None:
        numbers = whole.live_numbers() * batch_size * _NUMBER_BYTES
        share = _BYTES / (numbers / math.prod(whole.sizes))
        side = int(share ** (1 / len(axes)))
        return [
            max(side, int(_LEAST_HALOS * axis.lost) + 2 * axis.period)
            for axis in axes
        ]
    if isinstance(tile, np.ndarray):
        tile = tile.tolist()
    sizes = [tile] * len(axes) if is_int(tile) else tile
    if (
        not isinstance(sizes, Sequence)
        or len(sizes) != len(axes)
        or not all(size is None or is_int(size, 1) for size in sizes)
    ):
        raise InputError(
            "`tile` must be an int of at least 1, or one an axis (None: the "
            f"whole axis), {len(axes)} here. Received: tile={tile!r}"
        )
    return [
        axis.total if size is None else int(size)
        for axis, size in zip(axes, sizes, strict=True)
    ]


def _refuse_stretching(whole):
    for site in whole.sites():
        if isinstance(site.padding_mode, Interpolate):
            raise InputError(
                "`model` cannot predict in tiles: layer "
                f"{site.name!r} enlarges its map in place of padding "
                '(padding_mode="interpolate"), which moves every cell by an '
                "amount that depends on the map's size."
            )


def _sides(whole, axis):
    """Sites that pad along an axis: site, mode there, pads, input's field."""
    entering = whole.input_fields()
    for site in whole.sites():
        # What layers of other classes read was found by running them.
        if (
            site.padding_mode is None
            or site.pads is None
            or site.block is not None
        ):
            continue
        field = entering.get(site.padding_layer or site.name)
        if field is not None and any(site.pads[axis]):
            mode = site.padding_mode.split(len(site.pads))[axis]
            yield site, mode, site.pads[axis], field


def _round(whole, axis, plain):
    """The axis, continued by its far side where the network does that."""
    sides = list(_sides(whole, axis))
    distant = [each for each in sides if not each[1].is_local(axis)]
    if not distant:
        return plain
    site, mode, _, _ = distant[0]
    way_out = (
        "Give `tile` None for this axis, which is then not cut, or another "
        '`border` than "model".'
    )
    if not isinstance(mode, Circular):
        raise InputError(
            f"`model` cannot predict in tiles along axis {axis}: layer "
            f"{site.name!r} pads with {mode.name!r}, whose cells depend on "
            f"more of the map than its nearest ones. {way_out}"
        )
    kind = InputError
    others = [
        f"layer {each[0].name!r} pads with {each[1].name!r}"
        for each in sides
        if not isinstance(each[1], Circular)
    ]
    others += [
        f"layer {tried.call.name!r} ({type(tried.call.operation).__name__}) "
        "pads with what its own code decides"
        for tried in whole.tried_calls()
        if tried.pads(axis)
    ]
    if others:
        reason = others[0]
    elif plain.size % plain.period:
        reason = f"{plain.size} cells are no multiple of {plain.period}"
        kind = PictureError
    elif any(
        field.positions[axis] * field.stride[axis] != plain.size
        for _, _, _, field in sides
    ):
        reason = "its maps have lost cells"
    else:
        return replace(plain, mode=mode)
    raise kind(
        f"`model` cannot predict in tiles along axis {axis}: layer "
        f"{site.name!r} pads with 'circular', which continues the picture by "
        f"its far side only where all layers do so and the size is a multiple "
        f"of the network's period; {reason}. {way_out}"
    )


def _check_window(
    whole: NetworkAtSize, part: NetworkAtSize, axes: list[WindowAxis]
) -> None:
    """Raise unless a window gives the part of the maps that is expected."""
    part.outputs()
    less = [n - m for n, m in zip(whole.sizes, part.sizes, strict=True)]
    for name, field in whole.fields.items():
        if name not in part.fields or not all(
            _is_part(field, part.fields[name], axis, cells)
            for axis, cells in enumerate(less)
        ):
            raise InputError(
                f"`model` cannot predict in tiles: the map of layer {name!r} "
                "does not become smaller with the picture, as if it had a "
                "size of its own."
            )
    for number, axis in enumerate(axes):
        if axis.mode is not None or not less[number]:
            continue
        for site, mode, pads, field in _sides(part, number):
            if isinstance(mode, (Zeros, Constant)):
                continue  # its cells depend on none of the map
            first, last = field.clear[number]
            inner = (last + 1, field.positions[number] - first)
            if any(
                cells and cells + 1 > clear
                for cells, clear in zip(pads, inner, strict=True)
            ):
                raise InputError(
                    f"`tile` must be larger than {axis.size - less[number]} "
                    f"on axis {number}: layer {site.name!r} adds "
                    f"{max(pads)} cells, which depend on cells that the "
                    "window's own border reaches."
                )


def _is_part(field, part, axis, cells):
    stride = Fraction(field.stride[axis])
    positions = cells / stride
    return (
        part.stride[axis] == stride
        and part.clear[axis][0] == field.clear[axis][0]
        and field.clear[axis][1] - part.clear[axis][1] == positions
        and field.positions[axis] - part.positions[axis] == positions
    )
