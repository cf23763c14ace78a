"""A picture of where in pictures read-outs err."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.figure_title import figure_title
from keras_padpos.runs.fit_text import fit_text

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
