"""Figures of measurements, for notebooks."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.figure import empty_figure
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.table import grouped
from keras_padpos.report.table import values_of

Rows = Sequence[Mapping[str, Any]]

_MARKERS = "os^Dvphx*"


def plot_stages(rows: Rows, arrays: Mapping[str, np.ndarray]) -> Any:
    """SPC against the stages: a panel a target, a line a kind of border."""
    del arrays
    targets = values_of(rows, "target")
    figure, panels = _panels(len(targets), sharey=True)
    for axis, target in zip(panels, targets, strict=True):
        own = [row for row in rows if row["target"] == target]
        for number, ((mode,), line) in enumerate(
            grouped(own, ["padding_mode"]).items()
        ):
            axis.plot(
                [row["stages"] for row in line],
                [row["spearman"] for row in line],
                marker=_MARKERS[number % len(_MARKERS)],
                linestyle="--" if mode == "reference" else "-",
                color="0.4" if mode == "reference" else f"C{number}",
                label="real neighbours" if mode == "reference" else mode,
            )
        axis.set_title(target.replace("_", " "), fontsize="medium")
        axis.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        axis.tick_params("x", rotation=60, labelsize="small")
    panels[0].set_ylabel("SPC")
    panels[-1].legend(fontsize="small", frameon=False)
    return figure


def plot_maps(rows: Rows, arrays: Mapping[str, np.ndarray]) -> Any:
    """Median predicted maps at the last stage: a line a kind of border."""
    last = [row for row in rows if row["stages"] == rows[-1]["stages"]]
    targets = values_of(last, "target")
    modes = values_of(last, "padding_mode")
    figure = empty_figure((2.1 * (len(targets)), 2.2 * (len(modes) + 1)))
    panels = figure.subplots(len(modes) + 1, len(targets), squeeze=False)
    for column, target in zip(panels.T, targets, strict=True):
        own = {
            row["padding_mode"]: row for row in last if row["target"] == target
        }
        maps = {"target": arrays[f"{own[modes[0]]['arrays']}/target"]}
        for mode, row in own.items():
            maps[mode] = arrays[f"{row['arrays']}/median_map"]
        for axis, (mode, values) in zip(column, maps.items(), strict=True):
            axis.imshow(values, vmin=0, vmax=1, cmap="viridis")
            hide_ticks(axis)
            if axis in panels[:, 0]:
                axis.set_ylabel(mode, fontsize="small")
        column[0].set_title(target.replace("_", " "), fontsize="medium")
    return figure


def plot_patterns(rows: Rows, arrays: Mapping[str, np.ndarray]) -> Any:
    """Relative pattern against the stages, and the last stage's maps."""
    modes = values_of(rows, "padding_mode")
    figure, panels = _panels(1 + len(modes))
    for number, (mode, axis) in enumerate(zip(modes, panels[1:], strict=True)):
        own = [row for row in rows if row["padding_mode"] == mode]
        panels[0].plot(
            [row["layer"] for row in own],
            [row["relative"] or 0 for row in own],
            marker=_MARKERS[number % len(_MARKERS)],
            color=f"C{number}",
            label=mode,
        )
        axis.imshow(arrays[f"{own[-1]['arrays']}/pattern"], cmap="viridis")
        axis.set_title(f"|E[D]|, {mode}", fontsize="medium")
        hide_ticks(axis)
    panels[0].set_ylabel("|E[D]| / std(O)")
    panels[0].tick_params("x", rotation=60, labelsize="small")
    panels[0].legend(fontsize="small", frameon=False)
    return figure


def _panels(number, **options):
    figure = empty_figure((3.0 * number, 3.4))
    return figure, figure.subplots(1, number, squeeze=False, **options)[0]
