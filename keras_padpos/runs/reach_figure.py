"""A picture of how far padding reaches."""

import math
import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file

_COLUMNS = 5
_PANEL_INCHES = 2.1
_CLEAR = "#dce3ea"
_REACHED = "#d9603b"


def reach_figure(
    path: str | os.PathLike,
    rows: Sequence[Mapping[str, Any]],
    picture: Sequence[int],
    title: str,
) -> None:
    """Draw the map of each layer, the positions that padding reaches coloured.

    Example:

    >>> import tempfile
    >>> row = {"layer": "conv", "stride": [2, 2], "positions": [8, 8],
    ...        "clear": [[1, 7], [1, 7]]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     reach_figure(f"{folder}/reach.png", [row], (16, 16), "One layer")

    Args:
        path: PNG file to write.
        rows: A panel each: `layer`, and of its `ReceptiveField` the pairs
            `stride`, `positions` and `clear`.
        picture: Height and width of the picture, in cells.
        title: The line above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    columns = min(_COLUMNS, len(rows))
    lines = math.ceil(len(rows) / columns)
    figure = Figure(
        figsize=(
            max(_PANEL_INCHES * columns, 5),
            (_PANEL_INCHES + 0.5) * lines + 1,
        ),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis in axes[len(rows) :]:
        axis.set_axis_off()
    height, width = picture
    for axis, row in zip(axes, rows, strict=False):
        reached = reached_positions(row)
        axis.imshow(
            reached,
            cmap=ListedColormap([_CLEAR, _REACHED]),
            vmin=0,
            vmax=1,
            # Every map over the whole picture, so that all panels are alike.
            extent=(0, width, height, 0),
            interpolation="nearest",
        )
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_title(_wrapped(row["layer"]), fontsize=9)
        high, wide = reached.shape
        axis.set_xlabel(
            f"stride {_by(row['stride'])}, {high}x{wide}: "
            f"{100 * reached.mean():.0f} %",
            fontsize=9,
        )
    figure.legend(
        handles=[
            Patch(color=_REACHED, label="padding reaches it"),
            Patch(color=_CLEAR, label="sees the picture only"),
        ],
        loc="outside lower center",
        ncols=2,
        fontsize=9,
        frameon=False,
    )
    figure.suptitle(title, fontsize=11)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=120)


def reached_positions(row: Mapping[str, Any]) -> np.ndarray:
    """Which positions of a map padding reaches.

    Example:

    >>> reached_positions(
    ...     {"positions": [4, 3], "clear": [[1, 2], [1, 2]]}
    ... ).astype(int)
    array([[1, 1, 1],
           [1, 0, 0],
           [1, 0, 0],
           [1, 1, 1]])

    Args:
        row: As for `reach_figure`.

    Returns:
        An array of bool of shape `row["positions"]`.
    """
    inside = [
        (np.arange(count) >= first) & (np.arange(count) <= last)
        for count, (first, last) in zip(
            row["positions"], row["clear"], strict=True
        )
    ]
    return ~(inside[0][:, None] & inside[1][None, :])


def _wrapped(name):
    """A long name on two lines, broken where a person would."""
    if len(name) <= 24:
        return name
    places = [place for place, letter in enumerate(name) if letter in "/_"]
    if not places:
        return name
    middle = min(places, key=lambda place: abs(place - len(name) / 2)) + 1
    return f"{name[:middle]}\n{name[middle:]}"


def _by(pair):
    return str(pair[0]) if len(set(pair)) == 1 else "x".join(map(str, pair))
