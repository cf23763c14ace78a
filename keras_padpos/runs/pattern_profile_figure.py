"""A picture of how far into a map a pattern reaches."""

import os
from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.figure_title import figure_title
from keras_padpos.runs.fit_text import fit_text
from keras_padpos.runs.pattern_lines import mode_lines

_PANEL_INCHES = 2.6
# What stands beside a panel.
_NUMBERS_INCHES = 0.6


def pattern_profile_figure(
    path: str | os.PathLike,
    profiles: Mapping[tuple[str, str], np.ndarray],
    modes: Sequence[str],
    layers: Sequence[str],
    title: str,
) -> None:
    """Draw patterns against the distance to the border, a panel a layer.

    The scale is logarithmic, so distances at which a pattern is 0 are left
    out.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pattern_profile_figure(
    ...         f"{folder}/profile.png", {("zeros", "conv"): np.arange(3.0)},
    ...         ["zeros"], ["conv"], "Profiles",
    ...     )

    Args:
        path: PNG file to write.
        profiles: From mode and layer to `(distances,)`.
        modes: A line each.
        layers: A panel each.
        title: The lines above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(max(_PANEL_INCHES * len(layers), 5.5), _PANEL_INCHES + 1.5),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    (axes,) = figure.subplots(1, len(layers), squeeze=False)
    room = figure.get_figwidth() / len(layers) - _NUMBERS_INCHES
    higher = 0.0
    for axis, layer in zip(axes, layers, strict=True):
        for mode, style in mode_lines(modes).items():
            profile = np.asarray(profiles[mode, layer])
            shown = profile > 0
            axis.plot(
                np.flatnonzero(shown),
                profile[shown],
                marker="o",
                markersize=2.5,
                **style,
            )
        if any((profiles[mode, layer] > 0).any() for mode in modes):
            axis.set_yscale("log")
        axis.xaxis.get_major_locator().set_params(integer=True)
        words = axis.set_title(layer, fontsize=9)
        higher = max(higher, fit_text(words, room))
        axis.set_xlabel("positions from the border", fontsize=8)
        axis.tick_params(labelsize=7, which="both")
    figure.set_figheight(figure.get_figheight() + higher)
    axes[0].set_ylabel("channel mean of |E[D]|", fontsize=8)
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        # Of one layer or two, five of the longest names are too wide.
        ncols=5 if len(layers) > 2 else 4,
        fontsize=8,
        frameon=False,
    )
    figure_title(figure, title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=110)
