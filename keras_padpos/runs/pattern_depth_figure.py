"""A picture of patterns against depth."""

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.figure_title import figure_title
from keras_padpos.runs.pattern_lines import mode_lines


def pattern_depth_figure(
    path: str | os.PathLike,
    rows: Mapping[tuple[str, str], Mapping[str, Any]],
    modes: Sequence[str],
    layers: Sequence[str],
    title: str,
) -> None:
    """Draw the size of patterns and their signal-to-noise ratio by layer.

    Bars are 95 % intervals. A pattern of 0 has no place on these scales and
    is left out.

    Example:

    >>> import tempfile
    >>> row = {"relative": 0.5, "relative_ci95": [0.4, 0.6], "snr": 0.5,
    ...        "snr_ci95": [0.3, 0.7], "snr_of_means": 0.5,
    ...        "snr_of_means_ci95": None}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pattern_depth_figure(
    ...         f"{folder}/depth.png", {("zeros", "conv"): row}, ["zeros"],
    ...         ["conv"], "Depth",
    ...     )

    Args:
        path: PNG file to write.
        rows: From mode and layer to the row: `relative`, `snr_of_means` and
            `snr` with their intervals.
        modes: A line each.
        layers: From first to last.
        title: The lines above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 3)
    for axis, (figure_of, words, in_db) in zip(
        axes,
        (
            ("relative", "|E[D]| / std(O)", False),
            ("snr_of_means", "mean of E[D]² / mean of Var(O), dB", True),
            ("snr", "mean of E[D]² / Var(O), dB", True),
        ),
        strict=True,
    ):
        for number, (mode, style) in enumerate(mode_lines(modes).items()):
            # Side by side, so that bars do not hide each other.
            shift = 0.03 * (number - (len(modes) - 1) / 2)
            _line(axis, rows, mode, layers, figure_of, in_db, shift, style)
        if not in_db and axis.lines:
            axis.set_yscale("log")
        axis.set_xticks(range(len(layers)), layers, rotation=30, ha="right")
        # Of few layers, too, the points stand above their names.
        axis.set_xlim(-0.5, len(layers) - 0.5)
        axis.tick_params(labelsize=7, which="both")
        axis.set_ylabel(words, fontsize=9)
    handles = {
        label: handle
        for axis in axes
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside right center",
        fontsize=8,
        frameon=False,
    )
    figure_title(figure, title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=110)


def _line(axis, rows, mode, layers, name, in_db, shift, style):
    places, values, below, above = [], [], [], []
    for place, layer in enumerate(layers):
        row = rows[mode, layer]
        value = row[name]
        if not value:
            continue
        low, high = row[f"{name}_ci95"] or (value, value)
        if in_db:
            value, low, high = (10 * np.log10(v) for v in (value, low, high))
        places.append(place + shift)
        values.append(value)
        below.append(value - low)
        above.append(high - value)
    if places:
        axis.errorbar(
            places, values, [below, above], marker="o", markersize=3, **style
        )
