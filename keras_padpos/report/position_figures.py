"""The figures of a run of `position_probe`."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_padpos.published import CONTROLS
from keras_padpos.report.depth_figure import stage_figure
from keras_padpos.report.identity import network_identity
from keras_padpos.report.maps_figure import error_maps_figure
from keras_padpos.report.maps_figure import predicted_maps_figure
from keras_padpos.report.names import head_words
from keras_padpos.report.names import unique_network_words
from keras_padpos.runs.work_directory import WorkDirectory

_Rows = Sequence[Mapping[str, Any]]
_Arrays = Mapping[str, np.ndarray]

_CASE_STUDY = ("horizontal", "vertical", "gaussian")


def draw_position_figures(
    work: WorkDirectory, rows: _Rows, arrays: _Arrays
) -> None:
    """Draw all figures that the rows of a run allow.

    * `figures/predicted_maps.png`: the median predicted maps of the first test
      set and the first head. A network that lacks a target of the first one is
      left out.
    * `figures/spc_per_stage.png`: SPC against the stage, of the first head
      that reads a single stage, on the first set of photographs. Networks of
      several seeds are drawn at their mean.
    * `figures/error_maps.png`: where read-outs err on the first pictures, of
      the first head that predicts the horizontal, the vertical and the
      Gaussian map, on the first set of photographs: per cell the mean of the
      three maps' absolute errors (Islam et al., ICLR 2020, Sec. 4.1).

    The maps are of each network's first seed. A figure for which there are no
    rows is not drawn.

    Example:

    >>> import tempfile
    >>> row = {"backbone": "rgb", "weights": "none", "padding_mode": "none",
    ...        "seed": 0, "target": "horizontal", "stages": "all",
    ...        "kernel_size": 1, "head_layers": 1, "head_padding": 0,
    ...        "solver": "exact", "test_set": "black", "images": 1,
    ...        "spearman": 0.0, "arrays": "rgb"}
    >>> ramp = np.tile(np.linspace(0, 1, 8), (8, 1))
    >>> arrays = {"rgb/target": ramp, "rgb/median_map": ramp}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     work = WorkDirectory(f"{folder}/run", "position_probe", {})
    ...     draw_position_figures(work, [row], arrays)
    ...     [file.name for file in (work.path / "figures").iterdir()]
    ['predicted_maps.png']

    Args:
        work: The run's directory.
        rows: Rows of the run.
        arrays: As `position_probe` leaves them in arrays.npz: under each row's
            `arrays` name `.../target`, `.../median_map` and `.../examples`;
            and `pictures/TEST_SET`, the pictures themselves, which are not
            drawn if missing.
    """
    # Of all rows, so that a network has the same name in every figure.
    words = unique_network_words(rows)
    _draw_maps(work, rows, arrays, words)
    _draw_stages(work, rows)
    _draw_errors(work, rows, arrays, words)


def _draw_maps(work, rows, arrays, words):
    first = rows[0]
    drawn = [
        row
        for row in rows
        if row["test_set"] == first["test_set"] and _reads_as(row, first)
    ]
    networks = _networks(drawn, words)
    columns = list(next(iter(networks.values())))
    maps, captions = {}, {}
    for network, by_target in networks.items():
        if not maps:
            maps["target"] = [
                arrays[f"{row['arrays']}/target"] for row in by_target.values()
            ]
            captions["target"] = [""] * len(columns)
        if not set(columns) <= set(by_target):
            continue
        found = [by_target[target] for target in columns]
        maps[network] = [arrays[f"{row['arrays']}/median_map"] for row in found]
        captions[network] = [f"SPC {row['spearman']:.3f}" for row in found]
    predicted_maps_figure(
        work.figure_path("predicted_maps"),
        maps,
        columns,
        captions,
        f"Position read out of features\nmedian over {_median_words(first)} "
        f"pictures of {PurePath(first['test_set']).name}, "
        f"{head_words(first)} head, {first['solver']} solver",
    )


def _median_words(row):
    from keras_padpos import probes

    if row["images"] <= probes.MEDIAN_MAPS:
        return f"{row['images']}"
    return f"the first {probes.MEDIAN_MAPS} of {row['images']}"


def _draw_stages(work, rows):
    single = [
        row
        for row in rows
        if row["stages"].isdigit()
        # The bare picture has no stages.
        and row["backbone"] != "rgb"
        and row["test_set"] not in CONTROLS
    ]
    if not single:
        return
    first = single[0]
    words = unique_network_words({**row, "seed": None} for row in rows)
    scores: dict[str, dict[str, dict[str, list[float]]]] = {}
    staged = {network_identity(row) for row in single}
    for row in rows:
        identity = network_identity(row)
        if (
            (row["stages"].isdigit() or row["stages"] == "all")
            and identity in staged
            and row["test_set"] == first["test_set"]
            and _reads_as({**row, "stages": first["stages"]}, first)
        ):
            lines = scores.setdefault(row["target"], {})
            line = lines.setdefault(words[identity], {})
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
        f"pictures of {PurePath(first['test_set']).name}, "
        f"{head_words({**first, 'stages': 'all'})} head, "
        f"{first['solver']} solver",
    )


def _draw_errors(work, rows, arrays, words):
    photographed = [row for row in rows if row["test_set"] not in CONTROLS]
    for first in photographed:
        mine = [
            row
            for row in photographed
            if row["test_set"] == first["test_set"] and _reads_as(row, first)
        ]
        maps = {
            network: _errors(by_target, arrays)
            for network, by_target in _networks(mine, words).items()
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
        f"first pictures of {PurePath(first['test_set']).name}, "
        f"{head_words(first)} head, {first['solver']} solver",
        None if pictures is None else pictures[:count],
    )


def _errors(by_target, arrays):
    """The error map of each picture, `(pictures, height, width)`."""
    return np.mean(
        [
            np.abs(
                arrays[f"{by_target[target]['arrays']}/examples"]
                - arrays[f"{by_target[target]['arrays']}/target"]
            )
            for target in _CASE_STUDY
        ],
        axis=0,
    )


def _networks(rows, words) -> dict[str, dict[str, Mapping[str, Any]]]:
    """From each network in words to its rows by target; its first seed."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        name = "\n".join(words[network_identity(row)].rsplit(", ", 1))
        found.setdefault(name, {}).setdefault(row["target"], row)
    return found


def _reads_as(row, other):
    """Whether two rows are of the same head and recipe."""
    return head_words(row) == head_words(other) and all(
        row.get(name) == other.get(name)
        for name in ("solver", "head_width", "head_output")
    )
