"""A picture of what read-outs predict."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.figure_title import figure_title
from keras_padpos.runs.wrapped_words import wrapped_words

_CELL_INCHES = 1.5
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
                _CELL_INCHES * len(columns)
                + _text_inches("\n".join(words.values())),
                min(_text_inches(title), _MOST_INCHES),
            ),
            (_CELL_INCHES + 0.25) * len(maps) + 0.8,
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
