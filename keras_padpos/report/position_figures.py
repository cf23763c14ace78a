"""The figures of a run of `position_probe`."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_padpos.published import CONTROLS
from keras_padpos.report.depth_figure import stage_figure
from keras_padpos.report.figure import FigureFolder
from keras_padpos.report.maps_figure import error_maps_figure
from keras_padpos.report.maps_figure import predicted_maps_figure
from keras_padpos.report.names import head_label
from keras_padpos.report.names import network_identity
from keras_padpos.report.names import network_labels

_Rows = Sequence[Mapping[str, Any]]
_Arrays = Mapping[str, np.ndarray]

_CASE_STUDY = ("horizontal", "vertical", "gaussian")


def draw_position_figures(
    work: FigureFolder, rows: _Rows, arrays: _Arrays
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
    _draw_maps(work, rows, arrays, labels)
    _draw_stages(work, photographed, rows)
    _draw_errors(work, photographed, arrays, labels)


def _draw_maps(work, rows, arrays, labels):
    from keras_padpos import probes

    first = rows[0]
    networks = _networks([row for row in rows if _is_like(row, first)], labels)
    own = next(iter(networks.values()))
    maps = {
        "target": [arrays[f"{row['arrays']}/target"] for row in own.values()]
    }
    captions = {"target": [""] * len(own)}
    for network, by_target in networks.items():
        if set(own) <= set(by_target):
            maps[network] = [
                arrays[f"{by_target[target]['arrays']}/median_map"]
                for target in own
            ]
            captions[network] = [
                f"SPC {by_target[target]['spearman']:.3f}" for target in own
            ]
    count = f"{first['images']}"
    if first["images"] > probes.MEDIAN_MAPS:
        count = f"the first {probes.MEDIAN_MAPS} of {count}"
    predicted_maps_figure(
        work.figure_path("predicted_maps"),
        maps,
        list(own),
        captions,
        "Position read out of features\n"
        f"median over {count} pictures of {_recipe(first)}",
    )


def _draw_stages(work, photographed, rows):
    single = [
        row
        for row in photographed
        # The bare picture has no stages.
        if row["stages"].isdigit() and row["backbone"] != "rgb"
    ]
    if not single:
        return
    first = single[0]
    labels = network_labels({**row, "seed": None} for row in rows)
    staged = {network_identity(row) for row in single}
    scores: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in photographed:
        identity = network_identity(row)
        if (
            (row["stages"].isdigit() or row["stages"] == "all")
            and identity in staged
            and _is_like({**row, "stages": first["stages"]}, first)
        ):
            lines = scores.setdefault(row["target"], {})
            line = lines.setdefault(labels[identity], {})
            line.setdefault(row["stages"], []).append(row["spearman"])
    curves = {
        target: {
            network: {
                stage: float(np.mean(values)) for stage, values in line.items()
            }
            for network, line in lines.items()
        }
        for target, lines in scores.items()
    }
    stage_figure(
        work.figure_path("spc_per_stage"),
        curves,
        f"Position read out of single stages and of all\n{first['images']} "
        f"pictures of {_recipe({**first, 'stages': 'all'})}",
    )


def _draw_errors(work, photographed, arrays, labels):
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
    pictures = arrays.get(f"pictures/{first['test_set']}")
    count = len(next(iter(maps.values())))
    error_maps_figure(
        work.figure_path("error_maps"),
        maps,
        "Mean absolute error of horizontal, vertical and Gaussian map\n"
        f"first pictures of {_recipe(first)}",
        None if pictures is None else pictures[:count],
    )


def _errors(by_target, arrays):
    """The error map of each picture, `(pictures, height, width)`."""
    names = [by_target[target]["arrays"] for target in _CASE_STUDY]
    return np.mean(
        [
            np.abs(arrays[f"{name}/examples"] - arrays[f"{name}/target"])
            for name in names
        ],
        axis=0,
    )


def _networks(rows, labels) -> dict[str, dict[str, Mapping[str, Any]]]:
    """From each network's label to its rows by target; its first seed."""
    networks: dict[str, dict[str, Mapping[str, Any]]] = {}
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
    return (
        f"{PurePath(row['test_set']).name}, {head_label(row)} head, "
        f"{row['solver']} solver"
    )
