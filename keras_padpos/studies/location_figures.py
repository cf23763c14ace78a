"""The figures of a run of `location_task`."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.figure import draw_seeds
from keras_padpos.report.figure import figure_panels
from keras_padpos.report.figure import learning_figure
from keras_padpos.report.figure import lines_figure
from keras_padpos.report.figure import mode_lines
from keras_padpos.runs.work_directory import WorkDirectory
from keras_padpos.studies.location_report import LOCATION_KEYS
from keras_padpos.studies.location_report import UNITS
from keras_padpos.studies.location_report import location_groups

_SIZE = (1.9, 1.9)
_COLUMNS = 6
_PADDING = LOCATION_KEYS.index("padding_mode")


def draw_location_figures(
    work: WorkDirectory,
    rows: Sequence[Mapping[str, Any]],
    curves: Mapping[str, np.ndarray],
) -> None:
    """Draw scores: of each cell, by distance to the border, while training.

    For each model, task, head, canvas, grid and order of channels:
    `figures/cells_....png`, a map for each padding mode on one scale, mean
    over seeds; `figures/distance_....png` and `figures/learning_....png`, a
    line for each.

    Args:
        work: The run's directory.
        rows: Rows of the run.
        curves: Arrays of the run, under the rows' `arrays` and names of
            metrics.
    """
    figures: dict[tuple, dict[str, list]] = {}
    for key, group in location_groups(rows).items():
        group = [row for row in group if "reason" not in row]
        if not group or group[0]["head"] == UNITS:
            continue
        rest = key[:_PADDING] + key[_PADDING + 1 :]
        figures.setdefault(rest, {})[key[_PADDING]] = group
    for rest, modes in figures.items():
        name = "_".join(map(str, rest))
        title = (
            "{model}, {task} ({head}), {canvas} canvas, {grid} x {grid} cells, "
            "{channels} channels"
        ).format(**next(iter(modes.values()))[0])
        _draw_cells(work.figure_path(f"cells_{name}"), title, modes)
        _draw_distances(work.figure_path(f"distance_{name}"), title, modes)
        _draw_learning(
            work.figure_path(f"learning_{name}"), title, modes, curves
        )


def _draw_cells(path, title, modes):
    maps = {
        mode: np.mean([row["per_cell"] for row in group], axis=0)
        for mode, group in modes.items()
    }
    columns = min(len(maps), _COLUMNS)
    low = min(each.min() for each in maps.values())
    high = max(each.max() for each in maps.values())
    with figure_panels(
        path, title, -(-len(maps) // columns), columns, size=_SIZE
    ) as panels:
        for axis in panels.ravel()[len(maps) :]:
            axis.set_axis_off()
        for axis, (mode, values) in zip(
            panels.ravel(), maps.items(), strict=False
        ):
            image = axis.imshow(values, vmin=low, vmax=max(high, low + 1e-6))
            axis.set_title(mode, fontsize="small")
            axis.set_xticks([])
            axis.set_yticks([])
        axis.figure.colorbar(image, ax=panels.ravel().tolist(), shrink=0.8)


def _draw_distances(path, title, modes):
    with lines_figure(path, title) as axis:
        for mode, style in mode_lines(list(modes)).items():
            group = modes[mode]
            scores = np.array([row["by_border_distance"] for row in group])
            draw_seeds(axis, scores, marker="o", **style)
        chance = np.mean([row["chance"] for row in group])
        axis.axhline(chance, color="grey", linestyle=":", label="chance")
        axis.set_xticks(range(scores.shape[1]))
        axis.set_xlabel("cells between picture and border")
        axis.set_ylabel("score")


def _draw_learning(path, title, modes, curves):
    first = next(iter(modes.values()))[0]
    # Keras names the head where there are several.
    metric = f"{first['head']}_accuracy"
    if f"{first['arrays']}/{metric}" not in curves:
        metric = "accuracy"
    learning_figure(
        path,
        title,
        {mode: [row["arrays"] for row in rows] for mode, rows in modes.items()},
        curves,
        metric=metric,
        words="pixel accuracy while training"
        if first["head"] == "pixels"
        else "accuracy while training",
    )
