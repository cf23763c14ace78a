"""The figures of a run of `location_task`."""

import contextlib
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.atomic_file import atomic_file
from keras_padpos.runs.location_report import LOCATION_KEYS
from keras_padpos.runs.location_report import UNITS
from keras_padpos.runs.location_report import location_groups
from keras_padpos.runs.work_directory import WorkDirectory

_INCHES = 1.9
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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    maps = {
        mode: np.mean([row["per_cell"] for row in group], axis=0)
        for mode, group in modes.items()
    }
    columns = min(len(maps), _COLUMNS)
    lines = -(-len(maps) // columns)
    figure = Figure(
        figsize=(_INCHES * columns + 1, _INCHES * lines + 0.7),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    low = min(each.min() for each in maps.values())
    high = max(each.max() for each in maps.values())
    for axis, (mode, values) in zip(axes, maps.items(), strict=False):
        image = axis.imshow(values, vmin=low, vmax=max(high, low + 1e-6))
        axis.set_title(mode, fontsize="small")
        axis.set_xticks([])
        axis.set_yticks([])
    for axis in axes[len(maps) :]:
        axis.set_axis_off()
    figure.colorbar(image, ax=axes.tolist(), shrink=0.8)
    figure.suptitle(title, fontsize="small")
    with atomic_file(path) as stream:
        figure.savefig(stream, format="png", dpi=120)


def _draw_distances(path, title, modes):
    with _lines_figure(path, title) as axis:
        for mode, group in modes.items():
            scores = np.array([row["by_border_distance"] for row in group])
            place = np.arange(scores.shape[1])
            _draw_band(axis, place, scores, mode, marker="o")
        chance = np.mean([row["chance"] for row in group])
        axis.axhline(chance, color="grey", linestyle=":", label="chance")
        axis.set_xticks(place)
        axis.set_xlabel("cells between picture and border")
        axis.set_ylabel("score")


def _draw_learning(path, title, modes, curves):
    with _lines_figure(path, title) as axis:
        for mode, group in modes.items():
            steps = curves[f"{group[0]['arrays']}/step"]
            scores = np.array([_curve(row, curves) for row in group])
            _draw_band(axis, steps, scores, mode, marker=".")
        axis.set_xlabel("training steps")
        axis.set_ylabel(
            "pixel accuracy while training"
            if group[0]["head"] == "pixels"
            else "accuracy while training"
        )


def _curve(row, curves):
    # Keras names the head where there are several.
    for name in (f"{row['head']}_accuracy", "accuracy"):
        found = curves.get(f"{row['arrays']}/{name}")
        if found is not None:
            return found
    raise KeyError(row["arrays"])


@contextlib.contextmanager
def _lines_figure(path, title):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    yield axis
    axis.set_title(title, fontsize="small")
    axis.legend(fontsize="small")
    with atomic_file(path) as stream:
        figure.savefig(stream, format="png", dpi=120)


def _draw_band(axis, place, scores, label, **style):
    mean = scores.mean(axis=0)
    axis.plot(place, mean, label=label, **style)
    if len(scores) > 1:
        spread = scores.std(axis=0, ddof=1)
        axis.fill_between(place, mean - spread, mean + spread, alpha=0.15)
