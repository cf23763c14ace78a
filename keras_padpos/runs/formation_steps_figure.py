"""A picture of patterns against training steps."""

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.pattern_lines import mode_lines

_PANEL_INCHES = 2.9
_FIGURES = {
    "relative": "|E[D]| / std(O)",
    "snr_of_means": "mean of E[D]² / mean of Var(O)",
}


def formation_steps_figure(
    path: str | os.PathLike,
    rows: Sequence[Mapping[str, Any]],
    modes: Sequence[str],
    layers: Sequence[str],
    title: str,
) -> None:
    """Draw two figures of the pattern against steps, a column a layer.

    Lines are geometric means over seeds, bands reach from the least to the
    largest seed. A pattern of 0 has no place on these scales and is left out.

    Example:

    >>> import tempfile
    >>> rows = [{"padding_mode": "zeros", "seed": 0, "step": step,
    ...          "layer": "conv", "relative": 0.5, "snr_of_means": 0.1}
    ...         for step in (0, 10)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     formation_steps_figure(
    ...         f"{folder}/steps.png", rows, ["zeros"], ["conv"], "Formation"
    ...     )

    Args:
        path: PNG file to write.
        rows: Of a run of `pattern_formation`.
        modes: A line each.
        layers: A column each.
        title: The lines above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(max(_PANEL_INCHES * len(layers) + 1.6, 6), 6.2),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(_FIGURES), len(layers), squeeze=False)
    steps = sorted({row["step"] for row in rows})
    lines = mode_lines(modes)
    for line, (name, words) in zip(axes, _FIGURES.items(), strict=True):
        for axis, layer in zip(line, layers, strict=True):
            for mode, style in lines.items():
                _band(axis, rows, (mode, layer), steps, name, style)
            # Step 0 has its place left of the logarithmic part.
            axis.set_xscale("symlog", linthresh=10)
            axis.set_xticks(steps, [str(step) for step in steps])
            axis.minorticks_off()
            if axis.lines:
                axis.set_yscale("log")
            axis.tick_params(which="both", labelsize=7)
            axis.tick_params(axis="x", rotation=45)
        line[0].set_ylabel(words, fontsize=9)
    for axis, layer in zip(axes[0], layers, strict=True):
        axis.set_title(layer, fontsize=9)
    for axis in axes[-1]:
        axis.set_xlabel("training steps", fontsize=8)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside right center",
        fontsize=8,
        frameon=False,
    )
    figure.suptitle(title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=110)


def _band(axis, rows, key, steps, name, style):
    places, means, lows, highs = [], [], [], []
    for step in steps:
        values = [
            row[name]
            for row in rows
            if (row["padding_mode"], row["layer"], row["step"]) == (*key, step)
        ]
        if not values or not all(value and value > 0 for value in values):
            continue
        places.append(step)
        means.append(np.exp(np.mean(np.log(values))))
        lows.append(min(values))
        highs.append(max(values))
    if places:
        axis.plot(places, means, marker="o", markersize=2.5, **style)
        axis.fill_between(
            places, lows, highs, color=style["color"], alpha=0.15, linewidth=0
        )
