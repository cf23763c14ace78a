"""The figures of a run of `position_probe`."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_padpos.published import CONTROLS
from keras_padpos.report import table
from keras_padpos.report.figure import fit_text
from keras_padpos.report.figure import hide_ticks
from keras_padpos.report.figure import open_figure
from keras_padpos.report.figure import panel_titles
from keras_padpos.report.figure import show_map
from keras_padpos.report.figure import wrap_text
from keras_padpos.report.names import head_label
from keras_padpos.report.names import network_identity
from keras_padpos.report.names import network_labels
from keras_padpos.report.style import line_styles

_CASE_STUDY = ("horizontal", "vertical", "gaussian")

_STAGE_INCHES = 2.9

# The largest error that the scale shows, and the width of its bar.
_MOST_ERROR = 0.5
_BAR_INCHES = 1
_ERROR_INCHES = 1.7

_MAP_INCHES = 1.5
# Of a network's name, in characters.
_NAME_WIDTH = 34
# A title does not make a figure wider.
_MOST_INCHES = 8


def draw_position_figures(
    work: Any, rows: table.Rows, arrays: Mapping[str, np.ndarray]
) -> None:
    """Plot all figures that the rows of a run allow.

    * `figures/predicted_maps.png`: the median predicted maps of the first test
      set and the first head. A network that lacks a target of the first one is
      left out.
    * `figures/spc_per_stage.png`: SPC against the stage, of the first head
      that reads a single stage, on the first set of photographs. Networks of
      several seeds are drawn at their mean.
    * `figures/error_maps.png`: where probes err on the first pictures, of
      the first head that predicts the horizontal, the vertical and the
      Gaussian map, on the first set of photographs: per cell the mean of the
      three maps' absolute errors (Islam et al., ICLR 2020, Sec. 4.1).

    Args:
        work: The run's directory.
        rows: Rows of the run; maps are of each network's first seed.
        arrays: Its arrays.npz. Pictures are not drawn if missing.
    """
    # Of all rows, so that a network has the same name in every figure.
    labels = network_labels(rows)
    photographed = [row for row in rows if row["test_set"] not in CONTROLS]
    _predicted_maps(work, rows, arrays, labels)
    _stages(work, photographed, rows)
    _error_maps(work, photographed, arrays, labels)


def _predicted_maps(work, rows, arrays, labels):
    """A row for each network, a column for each target of the first."""
    from keras_padpos import probes

    first = rows[0]
    networks = _networks([row for row in rows if _is_like(row, first)], labels)
    own = list(next(iter(networks.values())).values())
    columns = [row["target"] for row in own]
    targets = [arrays[f"{row['arrays']}/target"] for row in own]
    lines = {"target": [(target, None) for target in targets]}
    for network, by_target in networks.items():
        if set(columns) <= set(by_target):
            lines[wrap_text(network, _NAME_WIDTH)] = [
                (arrays[f"{own['arrays']}/median_map"], own["spearman"])
                for own in map(by_target.get, columns)
            ]
    count = f"{first['images']}"
    if first["images"] > probes.MEDIAN_MAPS:
        count = f"the first {probes.MEDIAN_MAPS} of {count}"
    title = (
        "Position predicted from features\n"
        f"median over {count} pictures of {_recipe(first)}"
    )
    limits = [(target.min(), target.max()) for target in targets]
    width = _MAP_INCHES * len(columns) + _text_inches("\n".join(lines))
    width += _BAR_INCHES
    width = max(width, min(_text_inches(title), _MOST_INCHES))
    size = width, (_MAP_INCHES + 0.25) * len(lines) + 0.8
    path = work.figure_path("predicted_maps")
    # Maps stay squares: others leave names no room where there is some.
    with open_figure(path, title, size, layout="compressed", dpi=120) as figure:
        axes = figure.subplots(len(lines), len(columns), squeeze=False)
        for axis, column in zip(axes[0], columns, strict=True):
            axis.set_title(column.replace("_", " "), fontsize=9)
        for row, (name, maps) in zip(axes, lines.items(), strict=True):
            cells = zip(row, maps, limits, strict=True)
            for axis, (values, score), (low, high) in cells:
                image = show_map(axis, values, low, high)
                if score is not None:
                    axis.set_xlabel(f"SPC {score:.3f}", fontsize=8)
            row[0].set_ylabel(
                name, rotation=0, ha="right", va="center", fontsize=9
            )
        if len(set(limits)) == 1:
            options = {"aspect": 30, "shrink": 0.5, "label": "position"}
            figure.colorbar(image, ax=axes, **options)
        else:  # Stripes may have another scale than ramps.
            for column in axes.T:
                figure.colorbar(
                    column[0].images[0],
                    ax=column,
                    location="bottom",
                    aspect=12,
                    pad=0.02,
                )


def _text_inches(text: str) -> float:
    """About as wide as the longest line is in print, and a little more."""
    return 0.5 + 0.085 * max(map(len, text.splitlines()))


def _stages(work, photographed, rows):
    """A panel a target, a line a network; `"all"` stands apart."""
    single = [
        row
        for row in photographed
        # The bare picture has no stages.
        if row["stages"].isdecimal() and row["backbone"] != "rgb"
    ]
    if not single:
        return
    first = single[0]
    labels = network_labels({**row, "seed": None} for row in rows)
    staged = {network_identity(row) for row in single}
    shown = [
        {**row, "label": labels[network_identity(row)]}
        for row in photographed
        if (row["stages"].isdecimal() or row["stages"] == "all")
        and network_identity(row) in staged
        and _is_like({**row, "stages": first["stages"]}, first)
    ]
    stages = table.values_of(shown, "stages")
    stages.sort(key=lambda stage: (stage == "all", len(stage), stage))
    styles = line_styles({row["label"]: row["padding_mode"] for row in shown})
    targets = table.grouped(shown, ["target"])
    width = max(_STAGE_INCHES * len(targets), 5)
    height = _STAGE_INCHES + 0.9 + 0.2 * len(styles)
    title = (
        "Position predicted from single stages and from all\n"
        f"{first['images']} pictures of {_recipe({**first, 'stages': 'all'})}"
    )
    path = work.figure_path("spc_per_stage")
    with open_figure(path, title, (width, height), dpi=120) as figure:
        (axes,) = figure.subplots(1, len(targets), squeeze=False, sharey=True)
        handles = {}
        for axis, ((target,), own) in zip(axes, targets.items(), strict=True):
            axis.axhline(0, color="0.8", linewidth=1)
            for (name,), line in table.grouped(own, ["label"]).items():
                scores = {
                    stage: np.mean([row["spearman"] for row in at])
                    for (stage,), at in table.grouped(line, ["stages"]).items()
                }
                style = styles[name] | {"label": name}
                single = [s for s in stages if s in scores and s != "all"]
                (handles[name],) = axis.plot(
                    [stages.index(stage) for stage in single],
                    [scores[stage] for stage in single],
                    **style,
                )
                if "all" in scores:
                    last = stages.index("all")
                    axis.plot(last, scores["all"], **style)
            axis.set_xticks(range(len(stages)), stages)
            axis.set_xlim(-0.4, len(stages) - 0.6)
            axis.set_title(target.replace("_", " "), fontsize=10)
            axis.set_xlabel("stage", fontsize=9)
        axes[0].set_ylabel("SPC", fontsize=9)
        legend = figure.legend(
            handles.values(),
            handles,
            loc="outside lower center",
            fontsize=9,
            frameon=False,
        )
        # A line stands before each name.
        higher = sum(fit_text(text, width - 0.6) for text in legend.get_texts())
        figure.set_figheight(figure.get_figheight() + higher)


def _error_maps(work, photographed, arrays, labels):
    """A row for each picture: itself, then each network's error map."""
    for first in photographed:
        own = [row for row in photographed if _is_like(row, first)]
        maps = {
            network: _errors(by_target, arrays)
            for network, by_target in _networks(own, labels).items()
            if set(_CASE_STUDY) <= set(by_target)
        }
        if maps:
            break
    else:
        return
    rows = len(next(iter(maps.values())))
    pictures = arrays.get(f"pictures/{first['test_set']}", ())[:rows]
    beside = 1 if len(pictures) else 0
    columns = beside + len(maps)
    width = max(_ERROR_INCHES * columns + _BAR_INCHES, 5)
    size = width, _ERROR_INCHES * rows + 1.2
    title = (
        "Mean absolute error of horizontal, vertical and Gaussian map\n"
        f"first pictures of {_recipe(first)}"
    )
    path = work.figure_path("error_maps")
    with open_figure(path, title, size, dpi=120) as figure:
        axes = figure.subplots(rows, columns, squeeze=False)
        for axis in axes.ravel():
            hide_ticks(axis)
        if beside:
            axes[0, 0].set_title("picture", fontsize=9)
            for axis, picture in zip(axes[:, 0], pictures, strict=True):
                axis.imshow(picture)
        for column, errors in zip(axes.T[beside:], maps.values(), strict=True):
            for axis, error in zip(column, errors, strict=True):
                image = show_map(axis, error, 0, _MOST_ERROR, cmap="inferno")
        panel_titles(
            figure, axes[0, beside:], maps, (width - _BAR_INCHES) / columns
        )
        figure.colorbar(image, ax=axes, extend="max", shrink=0.8, label="error")


def _errors(by_target, arrays):
    """The error map of each picture, `(pictures, height, width)`."""
    names = [by_target[target]["arrays"] for target in _CASE_STUDY]
    errors = [arrays[f"{n}/examples"] - arrays[f"{n}/target"] for n in names]
    return np.mean(np.abs(errors), axis=0)


def _networks(rows, labels) -> dict[str, dict[str, table.Row]]:
    """From each network's label to its rows by target; its first seed."""
    networks: dict[str, dict[str, table.Row]] = {}
    for row in rows:
        name = "\n".join(labels[network_identity(row)].rsplit(", ", 1))
        networks.setdefault(name, {}).setdefault(row["target"], row)
    return networks


def _is_like(row, other):
    """Whether two rows are of the same test set, head and recipe."""
    return head_label(row) == head_label(other) and all(
        row.get(name) == other.get(name)
        for name in ("test_set", "solver", "head_width", "head_output")
    )


def _recipe(row):
    name = PurePath(row["test_set"]).name
    return f"{name}, {head_label(row)} head, {row['solver']} solver"
