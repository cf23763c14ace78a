"""A picture of a pattern that comes out of the mist of features."""

import os
from collections.abc import Mapping

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.figure_title import figure_title

# At most so many lines a side, or surfaces turn black.
_LINES = 56
_PANEL_INCHES = 2.6


def pattern_surface_figure(
    path: str | os.PathLike,
    features: Mapping[int, np.ndarray],
    reference: Mapping[int, np.ndarray],
    place: np.ndarray,
    pattern: np.ndarray,
    title: str,
) -> None:
    """Draw mean features over more and more crops, and the pattern.

    In the upper row as surfaces: coloured those of the network that pads, on
    the crop; grey, around them, those computed from real neighbours. In the
    lower row as heat maps. After the teaser figure of Lin et al. (ICML
    2023).

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pattern_surface_figure(
    ...         f"{folder}/surface.png", {1: np.eye(6)}, {1: np.eye(10)},
    ...         np.array([[2, 8], [2, 8]]), np.eye(6), "A layer",
    ...     )

    Args:
        path: PNG file to write.
        features: From a number of crops to `(height, width)`.
        reference: From the same numbers to larger maps around them.
        place: Rows and columns of the former in the latter, each `(start,
            stop)`.
        pattern: `(height, width)`.
        title: The lines above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = len(features) + 1
    figure = Figure(
        figsize=(_PANEL_INCHES * columns, 2 * _PANEL_INCHES + 0.6),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    for column, (count, values) in enumerate(features.items(), start=1):
        around, shown = _apron(reference[count], place)
        axis = figure.add_subplot(2, columns, column, projection="3d")
        _surface(axis, around, shown, color="0.75", alpha=0.6)
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
    _heat(figure.add_subplot(2, columns, 2 * columns), pattern, "inferno", 0)
    figure_title(figure, title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=110)


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


def _surface(axis, values, place, **style):
    (top, bottom), (left, right) = place
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
    axis.set_xticks([])
    axis.set_yticks([])
    axis.tick_params(labelsize=6, pad=-2)
    axis.invert_yaxis()


def _heat(axis, values, cmap="viridis", least=None):
    image = axis.imshow(values, cmap=cmap, vmin=least)
    axis.set_xticks([])
    axis.set_yticks([])
    bar = axis.figure.colorbar(image, ax=axis, shrink=0.8)
    bar.ax.tick_params(labelsize=6)
