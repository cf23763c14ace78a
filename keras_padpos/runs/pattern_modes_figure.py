"""A picture of what each padding mode leaves at each layer."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.figure_title import figure_title
from keras_padpos.runs.fit_text import fit_text

_CELL_INCHES = 1.45
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
            max(_CELL_INCHES * len(layers) + _NAME_INCHES, 5.5),
            _CELL_INCHES * len(modes) + 1.2,
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
