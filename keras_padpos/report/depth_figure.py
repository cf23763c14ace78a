"""Figures of patterns as lines: against layers, training and the border."""

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.figure import figure_legend
from keras_padpos.report.figure import mode_lines
from keras_padpos.report.figure import open_figure
from keras_padpos.report.figure import panel_titles

_PANEL_INCHES = 2.9
_PROFILE_INCHES = 2.6
# What stands beside a panel.
_NUMBERS_INCHES = 0.6

_RELATIVE = "|E[D]| / std(O)"
_SNR_OF_MEANS = "mean of E[D]² / mean of Var(O)"


def formation_steps_figure(
    path: str | os.PathLike,
    rows: Sequence[Mapping[str, Any]],
    modes: Sequence[str],
    layers: Sequence[str],
    title: str,
) -> None:
    """Plot size and signal-to-noise ratio of patterns against steps.

    A column a layer, a line a mode: geometric means over seeds, bands from the
    least to the largest seed. A pattern of 0 has no place on these scales and
    is left out.
    """
    size = max(_PANEL_INCHES * len(layers) + 1.6, 6), 6.2
    with open_figure(path, title, size) as figure:
        axes = figure.subplots(2, len(layers), squeeze=False)
        steps = sorted({row["step"] for row in rows})
        for line, field, label in (
            (axes[0], "relative", _RELATIVE),
            (axes[1], "snr_of_means", _SNR_OF_MEANS),
        ):
            for axis, layer in zip(line, layers, strict=True):
                for mode, style in mode_lines(modes).items():
                    _band(axis, rows, (mode, layer), steps, field, style)
                # Step 0 has its place left of the logarithmic part.
                axis.set_xscale("symlog", linthresh=10)
                axis.set_xticks(steps, [str(step) for step in steps])
                axis.minorticks_off()
                if axis.lines:
                    axis.set_yscale("log")
                axis.tick_params(which="both", labelsize=7)
                axis.tick_params(axis="x", rotation=45)
            line[0].set_ylabel(label, fontsize=9)
        for axis, layer in zip(axes[0], layers, strict=True):
            axis.set_title(layer, fontsize=9)
        for axis in axes[-1]:
            axis.set_xlabel("training steps", fontsize=8)
        figure_legend(figure, axes.ravel(), "outside right center", fontsize=8)


def _band(axis, rows, key, steps, field, style):
    points = []
    for step in steps:
        values = [
            row[field]
            for row in rows
            if (row["padding_mode"], row["layer"], row["step"]) == (*key, step)
        ]
        if values and all(value and value > 0 for value in values):
            mean = np.exp(np.mean(np.log(values)))
            points.append((step, mean, min(values), max(values)))
    if points:
        steps, means, lows, highs = zip(*points, strict=True)
        axis.plot(steps, means, marker="o", markersize=2.5, **style)
        axis.fill_between(
            steps, lows, highs, color=style["color"], alpha=0.15, linewidth=0
        )


def pattern_depth_figure(
    path: str | os.PathLike,
    rows: Mapping[tuple[str, str], Mapping[str, Any]],
    modes: Sequence[str],
    layers: Sequence[str],
    title: str,
) -> None:
    """Plot the size of patterns and their signal-to-noise ratio by layer.

    `rows` go from mode and layer to the row: `relative`, `snr_of_means` and
    `snr`, with their 95 % intervals as bars. A pattern of 0 has no place on
    these scales and is left out.
    """
    with open_figure(path, title, (13, 4.6)) as figure:
        axes = figure.subplots(1, 3)
        for axis, field, label in zip(
            axes,
            ("relative", "snr_of_means", "snr"),
            (_RELATIVE, f"{_SNR_OF_MEANS}, dB", "mean of E[D]² / Var(O), dB"),
            strict=True,
        ):
            in_db = field != "relative"
            for number, (mode, style) in enumerate(mode_lines(modes).items()):
                # Side by side, so that bars do not hide each other.
                shift = 0.03 * (number - (len(modes) - 1) / 2)
                own = [rows[mode, layer] for layer in layers]
                _error_bars(axis, own, field, in_db, shift, style)
            if not in_db and axis.lines:
                axis.set_yscale("log")
            axis.set_xticks(range(len(layers)), layers, rotation=30, ha="right")
            # Of few layers, too, the points stand above their names.
            axis.set_xlim(-0.5, len(layers) - 0.5)
            axis.tick_params(labelsize=7, which="both")
            axis.set_ylabel(label, fontsize=9)
        figure_legend(figure, axes, "outside right center", fontsize=8)


def _error_bars(axis, rows, field, in_db, shift, style):
    bars = []
    for number, row in enumerate(rows):
        value = row[field]
        if not value:
            continue
        low, high = row[f"{field}_ci95"] or (value, value)
        if in_db:
            value, low, high = (10 * np.log10(v) for v in (value, low, high))
        bars.append((number + shift, value, value - low, high - value))
    if bars:
        x, values, below, above = zip(*bars, strict=True)
        axis.errorbar(
            x, values, [below, above], marker="o", markersize=3, **style
        )


def pattern_profile_figure(
    path: str | os.PathLike,
    profiles: Mapping[tuple[str, str], np.ndarray],
    modes: Sequence[str],
    layers: Sequence[str],
    title: str,
) -> None:
    """Plot patterns against the distance to the border, a panel a layer.

    `profiles` go from mode and layer to `(distances,)`. The scale is
    logarithmic, so distances at which a pattern is 0 are left out.
    """
    size = max(_PROFILE_INCHES * len(layers), 5.5), _PROFILE_INCHES + 1.5
    with open_figure(path, title, size) as figure:
        (axes,) = figure.subplots(1, len(layers), squeeze=False)
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
            axis.set_xlabel("positions from the border", fontsize=8)
            axis.tick_params(labelsize=7, which="both")
        panel_titles(
            figure, axes, layers, size[0] / len(layers) - _NUMBERS_INCHES
        )
        axes[0].set_ylabel("channel mean of |E[D]|", fontsize=8)
        figure_legend(
            figure,
            axes,
            "outside lower center",
            # Of one layer or two, five of the longest names are too wide.
            ncols=5 if len(layers) > 2 else 4,
            fontsize=8,
        )
