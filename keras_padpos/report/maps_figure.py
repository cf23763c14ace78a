"""A picture of what read-outs predict."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.files.disk import atomic_file
from keras_padpos.report.figure import figure_title
from keras_padpos.report.figure import fit_text
from keras_padpos.report.figure import wrapped_words

_CELL_INCHES = 1.7
_MOST = 0.5
# What stands beside the maps.
_BAR_INCHES = 1


def error_maps_figure(
    path: str | os.PathLike,
    maps: Mapping[str, Sequence[np.ndarray]],
    title: str,
    pictures: Sequence[np.ndarray] | None = None,
) -> None:
    """Draw a row for each picture: itself, then each network's error map.

    Case study of Islam et al. (ICLR 2020, Sec. 4.1). All maps share one colour
    scale, from 0 to 0.5, the most that the constant 0.5 errs on targets in
    [0, 1]; few read-outs that go astray would otherwise leave all others dark.

    Example:

    >>> import tempfile
    >>> error = np.full((8, 8), 0.2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     error_maps_figure(
    ...         f"{folder}/errors.png", {"vgg16": [error]}, "Errors",
    ...         [np.zeros((16, 16, 3), "uint8")],
    ...     )

    Args:
        path: PNG file to write.
        maps: From a network's name to its error maps `(height, width)`, one a
            picture, in units of targets in [0, 1].
        title: The line above.
        pictures: `(height, width, 3)` each, RGB in [0, 255] as uint8; without
            them only the maps are drawn.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [] if pictures is None else list(pictures)
    first = 1 if shown else 0
    rows = len(next(iter(maps.values())))
    columns = first + len(maps)
    figure = Figure(
        figsize=(
            max(_CELL_INCHES * columns + _BAR_INCHES, 5),
            _CELL_INCHES * rows + 1.2,
        ),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.ravel():
        axis.set_xticks([])
        axis.set_yticks([])
    if shown:
        axes[0, 0].set_title("picture", fontsize=9)
        for axis, picture in zip(axes[:, 0], shown, strict=True):
            axis.imshow(picture)
    room = (figure.get_figwidth() - _BAR_INCHES) / columns
    higher = 0.0
    for column, (name, many) in enumerate(maps.items(), start=first):
        words = axes[0, column].set_title(name, fontsize=9)
        higher = max(higher, fit_text(words, room))
        for axis, error in zip(axes[:, column], many, strict=True):
            drawn = axis.imshow(error, vmin=0, vmax=_MOST, cmap="inferno")
    figure.set_figheight(figure.get_figheight() + higher)
    figure.colorbar(drawn, ax=axes, extend="max", shrink=0.8, label="error")
    figure_title(figure, title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=120)


_CELL_INCHES_MODES = 1.45
# Of the modes' names.
_NAME_INCHES = 1.2
# Of the largest value.
_LEAST = 1e-4


def pattern_modes_figure(
    path: str | os.PathLike,
    maps: Mapping[tuple[str, str], np.ndarray],
    modes: Sequence[str],
    layers: Sequence[str],
    title: str,
) -> None:
    """Draw patterns in a grid: a row for each mode, a column for each layer.

    A layer has one colour scale, logarithmic over four powers of ten up to
    the largest value of its patterns; what lies below is black.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pattern_modes_figure(
    ...         f"{folder}/modes.png", {("zeros", "conv"): np.eye(4)},
    ...         ["zeros"], ["conv"], "Patterns",
    ...     )

    Args:
        path: PNG file to write.
        maps: From mode and layer to the pattern, `(height, width)`.
        modes: The rows.
        layers: The columns.
        title: The lines above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(
            max(_CELL_INCHES_MODES * len(layers) + _NAME_INCHES, 5.5),
            _CELL_INCHES_MODES * len(modes) + 1.2,
        ),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(modes), len(layers), squeeze=False)
    room = (figure.get_figwidth() - _NAME_INCHES) / len(layers)
    higher = 0.0
    for column, layer in enumerate(layers):
        top = max(_largest(maps[mode, layer]) for mode in modes)
        if top * _LEAST <= np.finfo("float32").tiny:
            top = 1.0  # nothing to scale by
        norm = LogNorm(top * _LEAST, top)
        for row, mode in enumerate(modes):
            axis = axes[row, column]
            # What is not finite is drawn as the largest.
            shown = np.nan_to_num(maps[mode, layer], nan=top, posinf=top)
            shown = np.maximum(shown, top * _LEAST)
            image = axis.imshow(shown, norm=norm, cmap="inferno")
            axis.set_xticks([])
            axis.set_yticks([])
            if row == 0:
                words = axis.set_title(layer, fontsize=8)
                higher = max(higher, fit_text(words, room))
            if column == 0:
                axis.set_ylabel(mode, rotation=0, ha="right", va="center")
        bar = figure.colorbar(
            image, ax=axes[:, column], location="bottom", aspect=12, pad=0.01
        )
        bar.ax.tick_params(labelsize=6)
    figure.set_figheight(figure.get_figheight() + higher)
    figure_title(figure, title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=110)


def _largest(pattern):
    finite = pattern[np.isfinite(pattern)]
    return float(finite.max()) if finite.size else 0.0


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


_CELL_INCHES_PREDICTED = 1.5
# Of a network's name, in characters.
_WIDTH = 34
# A title does not make a figure wider.
_MOST_INCHES = 8


def predicted_maps_figure(
    path: str | os.PathLike,
    maps: Mapping[str, Sequence[np.ndarray]],
    columns: Sequence[str],
    captions: Mapping[str, Sequence[str]],
    title: str,
) -> None:
    """Draw maps in a grid: a row for each network, a column for each target.

    Example:

    >>> import tempfile
    >>> ramp = np.tile(np.linspace(0, 1, 8), (8, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     predicted_maps_figure(
    ...         f"{folder}/maps.png", {"target": [ramp]}, ["horizontal"],
    ...         {"target": [""]}, "Maps",
    ...     )

    Args:
        path: PNG file to write.
        maps: From a row's name to its maps `(height, width)`, one a column;
            the first row holds the targets, whose range is the colour scale.
        columns: Names of the columns.
        captions: From a row's name to the words under each of its maps.
        title: The line above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    words = {name: wrapped_words(name, _WIDTH) for name in maps}
    figure = Figure(
        figsize=(
            max(
                _CELL_INCHES_PREDICTED * len(columns)
                + _text_inches("\n".join(words.values())),
                min(_text_inches(title), _MOST_INCHES),
            ),
            (_CELL_INCHES_PREDICTED + 0.25) * len(maps) + 0.8,
        ),
        # Maps stay squares: others leave names no room where there is some.
        layout="compressed",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(maps), len(columns), squeeze=False)
    ranges = [(m.min(), m.max()) for m in next(iter(maps.values()))]
    for axis, column in zip(axes[0], columns, strict=True):
        axis.set_title(column.replace("_", " "), fontsize=9)
    for row, (name, pictures) in zip(axes, maps.items(), strict=True):
        for column, (axis, picture) in enumerate(
            zip(row, pictures, strict=True)
        ):
            low, high = ranges[column]
            axis.imshow(picture, vmin=low, vmax=high, cmap="viridis")
            axis.set_xticks([])
            axis.set_yticks([])
            axis.set_xlabel(captions[name][column], fontsize=8)
        row[0].set_ylabel(
            words[name], rotation=0, ha="right", va="center", fontsize=9
        )
    figure_title(figure, title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=120)


def _text_inches(text: str) -> float:
    """About as wide as the longest line is in print, and a little more."""
    return 0.5 + 0.085 * max(map(len, text.splitlines()))
