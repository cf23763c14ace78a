"""A picture of what each stage of a network tells."""

import math
import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.files.disk import atomic_file
from keras_padpos.report.figure import figure_title
from keras_padpos.report.figure import fit_text
from keras_padpos.report.figure import mode_lines

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


_PANEL_INCHES_PROFILE = 2.6
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
        figsize=(
            max(_PANEL_INCHES_PROFILE * len(layers), 5.5),
            _PANEL_INCHES_PROFILE + 1.5,
        ),
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


_COLUMNS = 5
_PANEL_INCHES_REACH = 2.1
_CLEAR = "#dce3ea"
_REACHED = "#d9603b"


def reach_figure(
    path: str | os.PathLike,
    rows: Sequence[Mapping[str, Any]],
    picture: Sequence[int],
    title: str,
) -> None:
    """Draw the map of each layer, the positions that padding reaches coloured.

    Example:

    >>> import tempfile
    >>> row = {"layer": "conv", "stride": [2, 2], "positions": [8, 8],
    ...        "clear": [[1, 7], [1, 7]]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     reach_figure(f"{folder}/reach.png", [row], (16, 16), "One layer")

    Args:
        path: PNG file to write.
        rows: A panel each: `layer`, and of its `ReceptiveField` the pairs
            `stride`, `positions` and `clear`.
        picture: Height and width of the picture, in cells.
        title: The line above.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    columns = min(_COLUMNS, len(rows))
    lines = math.ceil(len(rows) / columns)
    figure = Figure(
        figsize=(
            max(_PANEL_INCHES_REACH * columns, 5),
            (_PANEL_INCHES_REACH + 0.5) * lines + 1,
        ),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis in axes[len(rows) :]:
        axis.set_axis_off()
    height, width = picture
    for axis, row in zip(axes, rows, strict=False):
        reached = reached_positions(row)
        axis.imshow(
            reached,
            cmap=ListedColormap([_CLEAR, _REACHED]),
            vmin=0,
            vmax=1,
            # Every map over the whole picture, so that all panels are alike.
            extent=(0, width, height, 0),
            interpolation="nearest",
        )
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_title(_wrapped(row["layer"]), fontsize=9)
        high, wide = reached.shape
        axis.set_xlabel(
            f"stride {_by(row['stride'])}, {high}x{wide}: "
            f"{100 * reached.mean():.0f} %",
            fontsize=9,
        )
    figure.legend(
        handles=[
            Patch(color=_REACHED, label="padding reaches it"),
            Patch(color=_CLEAR, label="sees the picture only"),
        ],
        loc="outside lower center",
        ncols=2,
        fontsize=9,
        frameon=False,
    )
    figure.suptitle(title, fontsize=11)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=120)


def reached_positions(row: Mapping[str, Any]) -> np.ndarray:
    """Which positions of a map padding reaches.

    Example:

    >>> reached_positions(
    ...     {"positions": [4, 3], "clear": [[1, 2], [1, 2]]}
    ... ).astype(int)
    array([[1, 1, 1],
           [1, 0, 0],
           [1, 0, 0],
           [1, 1, 1]])

    Args:
        row: As for `reach_figure`.

    Returns:
        An array of bool of shape `row["positions"]`.
    """
    inside = [
        (np.arange(count) >= first) & (np.arange(count) <= last)
        for count, (first, last) in zip(
            row["positions"], row["clear"], strict=True
        )
    ]
    return ~(inside[0][:, None] & inside[1][None, :])


def _wrapped(name):
    """A long name on two lines, broken where a person would."""
    if len(name) <= 24:
        return name
    places = [place for place, letter in enumerate(name) if letter in "/_"]
    if not places:
        return name
    middle = min(places, key=lambda place: abs(place - len(name) / 2)) + 1
    return f"{name[:middle]}\n{name[middle:]}"


def _by(pair):
    return str(pair[0]) if len(set(pair)) == 1 else "x".join(map(str, pair))


ALL = "all"
"""The name of all stages together."""


def stage_figure(
    path: str | os.PathLike,
    curves: Mapping[str, Mapping[str, Mapping[str, float]]],
    title: str,
) -> None:
    """Draw SPC against the stage: a panel a target, a line a network.

    Stages stand from first to last, `all` after them and apart: no line leads
    there.

    Example:

    >>> import tempfile
    >>> curves = {"horizontal": {"vgg16": {"1": 0.1, "2": 0.3, "all": 0.7}}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stage_figure(f"{folder}/stages.png", curves, "SPC of stages")

    Args:
        path: PNG file to write.
        curves: From a target to its lines, from a network's name to its
            scores, from a stage (a number from 1, as a string, or `"all"`) to
            SPC in [-1, 1].
        title: The line above.

    Raises:
        ValueError: If there is nothing to draw.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    stages = stage_order(curves)
    networks = list(
        dict.fromkeys(n for lines in curves.values() for n in lines)
    )
    figure = Figure(
        figsize=(
            max(_PANEL_INCHES * len(curves), 5),
            _PANEL_INCHES + 0.9 + 0.2 * len(networks),
        ),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    (axes,) = figure.subplots(1, len(curves), squeeze=False, sharey=True)
    handles = {}
    for axis, (target, lines) in zip(axes, curves.items(), strict=True):
        axis.axhline(0, color="0.8", linewidth=1)
        for name, scores in lines.items():
            single = [stage for stage in stages if stage in scores]
            if ALL in single:
                single.remove(ALL)
            (line,) = axis.plot(
                [stages.index(stage) for stage in single],
                [scores[stage] for stage in single],
                marker="o",
                # A network keeps its colour in all panels.
                color=f"C{networks.index(name) % 10}",
            )
            if ALL in scores:
                axis.plot(
                    stages.index(ALL),
                    scores[ALL],
                    marker="s",
                    color=line.get_color(),
                )
            handles[name] = line
        axis.set_xticks(range(len(stages)), stages)
        axis.set_xlim(-0.4, len(stages) - 0.6)
        axis.set_title(target.replace("_", " "), fontsize=10)
        axis.set_xlabel("stage", fontsize=9)
    axes[0].set_ylabel("SPC", fontsize=9)
    legend = figure.legend(
        handles=list(handles.values()),
        labels=list(handles),
        loc="outside lower center",
        fontsize=9,
        frameon=False,
    )
    # A line stands before each name.
    room = figure.get_figwidth() - 0.6
    higher = sum(fit_text(name, room) for name in legend.get_texts())
    figure.set_figheight(figure.get_figheight() + higher)
    figure_title(figure, title, fontsize=10)
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=120)


def stage_order(
    curves: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> Sequence[str]:
    """The stages of all curves, in order.

    Example:

    >>> stage_order({"gaussian": {"a": {"all": 1, "10": 1}, "b": {"2": 1}}})
    ['2', '10', 'all']

    Args:
        curves: As for `stage_figure`.

    Returns:
        Numbers of stages, then `"all"` if it is there.

    Raises:
        ValueError: If there are none.
    """
    found = {
        stage
        for lines in curves.values()
        for scores in lines.values()
        for stage in scores
    }
    if not found:
        raise InputError(
            "`curves` must hold at least one score. Received: "
            f"curves={dict(curves)}"
        )
    numbers = sorted(found - {ALL}, key=int)
    return [*numbers, ALL] if ALL in found else numbers
