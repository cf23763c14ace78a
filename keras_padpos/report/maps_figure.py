"""Figures of patterns as maps and surfaces."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.figure import open_figure
from keras_padpos.report.figure import panel_titles

_MODE_INCHES = 1.45
# Of the modes' names.
_NAME_INCHES = 1.2
# The smallest value of a scale, over the largest.
_LEAST = 1e-4

_SURFACE_INCHES = 2.6
# At most so many lines a side, or surfaces turn black.
_LINES = 56


def pattern_modes_figure(
    path: str | os.PathLike,
    maps: Mapping[tuple[str, str], np.ndarray],
    modes: Sequence[str],
    layers: Sequence[str],
    title: str,
) -> None:
    """Plot patterns in a grid: a row for each mode, a column for each layer.

    `maps` go from mode and layer to `(height, width)`. A layer has one colour
    scale, logarithmic over four powers of ten up to the largest value of its
    patterns; what lies below is black.
    """
    from matplotlib.colors import LogNorm

    width = max(_MODE_INCHES * len(layers) + _NAME_INCHES, 5.5)
    size = width, _MODE_INCHES * len(modes) + 1.2
    with open_figure(path, title, size) as figure:
        axes = figure.subplots(len(modes), len(layers), squeeze=False)
        for column, layer in zip(axes.T, layers, strict=True):
            top = max(_largest(maps[mode, layer]) for mode in modes)
            if top * _LEAST <= np.finfo("float32").tiny:
                top = 1.0  # nothing to scale by
            norm = LogNorm(top * _LEAST, top)
            for axis, mode in zip(column, modes, strict=True):
                # What is not finite is drawn as the largest.
                shown = np.nan_to_num(maps[mode, layer], nan=top, posinf=top)
                shown = np.maximum(shown, top * _LEAST)
                image = axis.imshow(shown, norm=norm, cmap="inferno")
                hide_ticks(axis)
            bar = figure.colorbar(
                image, ax=column, location="bottom", aspect=12, pad=0.01
            )
            bar.ax.tick_params(labelsize=6)
        for axis, mode in zip(axes[:, 0], modes, strict=True):
            axis.set_ylabel(mode, rotation=0, ha="right", va="center")
        room = (width - _NAME_INCHES) / len(layers)
        panel_titles(figure, axes[0], layers, room, fontsize=8)


def _largest(pattern):
    finite = pattern[np.isfinite(pattern)]
    return float(finite.max()) if finite.size else 0.0


def pattern_surface_figure(
    path: str | os.PathLike,
    features: Mapping[int, np.ndarray],
    reference: Mapping[int, np.ndarray],
    place: np.ndarray,
    pattern: np.ndarray,
    title: str,
) -> None:
    """Plot mean features over more and more crops, and the pattern.

    In the upper row as surfaces: coloured those of the network that pads, on
    the crop; grey, around them, those computed from real neighbours. In the
    lower row as heat maps. After the teaser figure of Lin et al. (ICML
    2023). `features` and `reference` go from a number of crops to maps;
    `place` has the rows and columns of the former in the latter, each
    `(start, stop)`.
    """
    columns = len(features) + 1
    size = _SURFACE_INCHES * columns, 2 * _SURFACE_INCHES + 0.6
    with open_figure(path, title, size) as figure:
        for column, (count, values) in enumerate(features.items(), start=1):
            around, bounds = _apron(reference[count], place)
            axis = figure.add_subplot(2, columns, column, projection="3d")
            _surface(axis, around, bounds, color="0.75", alpha=0.6)
            _surface(axis, values, place, cmap="viridis")
            axis.set_title(
                f"{count} crop{'s' if count > 1 else ''}", fontsize=9, y=0.98
            )
            heat = figure.add_subplot(2, columns, columns + column)
            _heat(heat, values)
        last = figure.add_subplot(2, columns, columns, projection="3d")
        _surface(last, pattern, place, cmap="inferno")
        last.set_zlim(0)
        last.set_title("pattern, |E[D]|", fontsize=9, y=0.98)
        heat = figure.add_subplot(2, columns, 2 * columns)
        _heat(heat, pattern, "inferno", 0)


def _apron(values, place):
    """What lies around the crop, up to half its size."""
    bounds = []
    for (start, stop), size in zip(place, values.shape, strict=True):
        reach = (stop - start) // 2
        bounds.append((max(start - reach, 0), min(stop + reach, size)))
    (top, bottom), (left, right) = bounds
    apron = values[top:bottom, left:right].copy()
    (first, last), (start, stop) = place
    # A surface behind another would show through it.
    apron[
        first + 1 - top : last - 1 - top, start + 1 - left : stop - 1 - left
    ] = np.nan
    return apron, bounds


def _surface(axis, values, bounds, **style):
    (top, bottom), (left, right) = bounds
    rows, columns = np.mgrid[top:bottom, left:right]
    axis.plot_surface(
        columns,
        rows,
        values,
        rcount=_LINES,
        ccount=_LINES,
        linewidth=0,
        antialiased=False,
        **style,
    )
    hide_ticks(axis)
    axis.tick_params(labelsize=6, pad=-2)
    axis.invert_yaxis()


def _heat(axis, values, cmap="viridis", least=None):
    image = axis.imshow(values, cmap=cmap, vmin=least)
    hide_ticks(axis)
    bar = axis.figure.colorbar(image, ax=axis, shrink=0.8)
    bar.ax.tick_params(labelsize=6)
