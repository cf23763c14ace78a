"""Figures of measurements, for notebooks."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.figure import empty_figure
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.figure import show_map
from keras_padpos.report.style import figure_style
from keras_padpos.report.style import mode_label
from keras_padpos.report.style import mode_lines
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of

Rows = Sequence[Mapping[str, Any]]


@figure_style()
def plot_stages(rows: Rows, arrays: Mapping[str, np.ndarray]) -> Any:
    """SPC against the stages: a panel a target, a line a kind of border."""
    del arrays
    targets = values_of(rows, "target")
    figure, panels = _panels(len(targets))
    _draw_scores(panels, rows, mode_lines(values_of(rows, "padding_mode")))
    panels[-1].legend()
    return figure


@figure_style()
def plot_comparison(position: Rows, pattern: Rows, modes: Rows) -> Any:
    """SPC and pattern against the stages; bars of the agreement.

    What was not measured has no panel.
    """
    targets = values_of(position, "target")
    agreements = {
        row["padding_mode"]: row["top1_agreement"]
        for row in modes
        if row.get("top1_agreement") is not None
    }
    styles = mode_lines(values_of(position, "padding_mode"))
    figure, panels = _panels(len(targets) + bool(pattern) + bool(agreements))
    scores, others = panels[: len(targets)], panels[len(targets) :]
    _draw_scores(scores, position, styles)
    if pattern:
        _draw_lines(others[0], pattern, ("layer", "relative"), styles)
        others[0].set_title("pattern")
        others[0].set_ylabel("|E[D]| / std(O)")
    if agreements:
        others[-1].bar(
            [styles[mode]["label"] for mode in agreements],
            list(agreements.values()),
            color=[styles[mode]["color"] for mode in agreements],
        )
        others[-1].set(title="same class", ylabel="share of test pictures")
        others[-1].tick_params("x", rotation=60, labelsize="small")
    scores[-1].legend()
    return figure


@figure_style()
def plot_maps(rows: Rows, arrays: Mapping[str, np.ndarray]) -> Any:
    """Median predicted maps at the last stage: a line a kind of border."""
    last = [row for row in rows if row["stages"] == rows[-1]["stages"]]
    targets = values_of(last, "target")
    modes = values_of(last, "padding_mode")
    figure = empty_figure((2.1 * len(targets) + 0.8, 2.2 * (len(modes) + 1)))
    panels = figure.subplots(len(modes) + 1, len(targets), squeeze=False)
    for column, target in zip(panels.T, targets, strict=True):
        own = {
            row["padding_mode"]: row for row in last if row["target"] == target
        }
        maps = {"target": arrays[f"{own[modes[0]]['arrays']}/target"]}
        for mode, row in own.items():
            maps[mode] = arrays[f"{row['arrays']}/median_map"]
        for axis, (mode, values) in zip(column, maps.items(), strict=True):
            image = show_map(axis, values, 0, 1)
            if axis in panels[:, 0]:
                axis.set_ylabel(mode_label(mode))
        column[0].set_title(target.replace("_", " "))
    options = {"aspect": 30, "shrink": 0.5, "label": "position"}
    figure.colorbar(image, ax=panels, **options)
    return figure


@figure_style()
def plot_patterns(rows: Rows, arrays: Mapping[str, np.ndarray]) -> Any:
    """Relative pattern against the stages, and the last stage's maps."""
    modes = values_of(rows, "padding_mode")
    figure, panels = _panels(1 + len(modes))
    styles = mode_lines(modes)
    _draw_lines(panels[0], rows, ("layer", "relative"), styles)
    for mode, axis in zip(modes, panels[1:], strict=True):
        own = [row for row in rows if row["padding_mode"] == mode]
        image = axis.imshow(
            arrays[f"{own[-1]['arrays']}/pattern"], vmin=0, cmap="inferno"
        )
        axis.set_title(f"|E[D]|, {styles[mode]['label']}")
        hide_ticks(axis)
        figure.colorbar(image, ax=axis, shrink=0.7)
    panels[0].set_ylabel("|E[D]| / std(O)")
    panels[0].legend()
    return figure


def _draw_scores(panels, rows, styles):
    """SPC against the stages, a panel a target, on one scale."""
    for axis, target in zip(panels, values_of(rows, "target"), strict=True):
        own = [row for row in rows if row["target"] == target]
        _draw_lines(axis, own, ("stages", "spearman"), styles)
        axis.set_title(target.replace("_", " "))
        axis.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        if axis is not panels[0]:
            axis.sharey(panels[0])
            axis.tick_params("y", labelleft=False)
    panels[0].set_ylabel("SPC")


def _draw_lines(axis, rows, fields, styles):
    """One number against another, a line a kind of border."""
    for (mode,), line in grouped(rows, ["padding_mode"]).items():
        x, y = ([row[field] for row in line] for field in fields)
        axis.plot(x, [each or 0 for each in y], **styles[mode])
    axis.tick_params("x", rotation=60, labelsize="small")


def _panels(number):
    figure = empty_figure((3.0 * number, 3.4))
    return figure, figure.subplots(1, number, squeeze=False)[0]
