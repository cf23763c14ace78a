"""The figures of a run of `position_probe`."""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_padpos.runs.error_maps_figure import error_maps_figure
from keras_padpos.runs.position_rows import NETWORK
from keras_padpos.runs.position_words import CONTROLS
from keras_padpos.runs.position_words import head_words
from keras_padpos.runs.position_words import network_words
from keras_padpos.runs.predicted_maps_figure import predicted_maps_figure
from keras_padpos.runs.stage_figure import stage_figure
from keras_padpos.runs.work_directory import WorkDirectory

_Rows = Sequence[Mapping[str, Any]]
_Arrays = Mapping[str, np.ndarray]

_CASE_STUDY = ("horizontal", "vertical", "gaussian")


def draw_position_figures(
    work: WorkDirectory, rows: _Rows, arrays: _Arrays
) -> None:
    """Draw all figures that the rows of a run allow.

    `figures/predicted_maps.png` always; `figures/spc_per_stage.png` if heads
    read single stages; `figures/error_maps.png` if the horizontal, the
    vertical and the Gaussian map were predicted by the same heads.

    Args:
        work: The run's directory.
        rows: Rows of the run. Each names its arrays in `arrays`.
        arrays: As `position_probe` leaves them in arrays.npz.
    """
    draw_position_maps(work, rows, arrays)
    draw_stages(work, rows)
    draw_error_maps(work, rows, arrays)


def draw_position_maps(
    work: WorkDirectory, rows: _Rows, arrays: _Arrays
) -> None:
    """Draw the median predicted maps into `figures/predicted_maps.png`.

    Args:
        work: The run's directory.
        rows: Rows of the run; those of the first test set and the first head
            are drawn, of each network its first seed. A network that lacks a
            target of the first one is left out.
        arrays: Under each row's `arrays` name: `.../median_map` and
            `.../target`.
    """
    first = rows[0]
    drawn = [
        row
        for row in rows
        if row["test_set"] == first["test_set"] and _reads_as(row, first)
    ]
    networks = list(_networks(drawn))
    by_target = networks[0][1]
    columns = list(by_target)
    maps = {
        "target": [arrays[f"{r['arrays']}/target"] for r in by_target.values()]
    }
    captions = {"target": [""] * len(columns)}
    for network, by_target in networks:
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
        f"Position read out of features\nmedian over {first['images']} "
        f"pictures of {PurePath(first['test_set']).name}, "
        f"{head_words(first)} head, {first['solver']} solver",
    )


def draw_stages(work: WorkDirectory, rows: _Rows) -> None:
    """Draw SPC against the stage into `figures/spc_per_stage.png`.

    Networks of several seeds are drawn at their mean.

    Args:
        work: The run's directory.
        rows: Rows of the run. Those of the first head that reads a single
            stage of a network, on the first set of photographs, are drawn;
            nothing is if there is none.
    """
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
    scores: dict[str, dict[str, dict[str, list[float]]]] = {}
    staged = {_identity(row) for row in single}
    for row in rows:
        if (
            (row["stages"].isdigit() or row["stages"] == "all")
            and _identity(row) in staged
            and row["test_set"] == first["test_set"]
            and _reads_as({**row, "stages": first["stages"]}, first)
        ):
            scores.setdefault(row["target"], {}).setdefault(
                network_words({**row, "seed": None}), {}
            ).setdefault(row["stages"], []).append(row["spearman"])
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


def draw_error_maps(work: WorkDirectory, rows: _Rows, arrays: _Arrays) -> None:
    """Draw where read-outs err into `figures/error_maps.png`.

    Per cell the mean of the absolute errors of the horizontal, the vertical
    and the Gaussian map, for the first pictures (Islam et al., ICLR 2020,
    Sec. 4.1).

    Args:
        work: The run's directory.
        rows: Rows of the run. Those of the first head that predicts all three
            maps, on the first set of photographs, are drawn, of each network
            its first seed; nothing is if there is none.
        arrays: Under each row's `arrays` name: `.../examples` and
            `.../target`; and `pictures/TEST_SET`, the pictures themselves,
            which are not drawn if missing.
    """
    photographed = [row for row in rows if row["test_set"] not in CONTROLS]
    for first in photographed:
        mine = [
            row
            for row in photographed
            if row["test_set"] == first["test_set"] and _reads_as(row, first)
        ]
        maps = {
            network: _errors(by_target, arrays)
            for network, by_target in _networks(mine)
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


def _networks(
    rows: _Rows,
) -> Iterator[tuple[str, dict[str, Mapping[str, Any]]]]:
    """Each network in words, and its rows by target; its first seed."""
    found: dict[tuple, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(_identity(row), {}).setdefault(row["target"], row)
    for by_target in found.values():
        words = network_words(next(iter(by_target.values())))
        yield "\n".join(words.rsplit(", ", 1)), by_target


def _identity(row):
    return tuple(row.get(name) for name in NETWORK)


def _reads_as(row, other):
    """Whether two rows are of the same head and recipe."""
    return head_words(row) == head_words(other) and all(
        row.get(name) == other.get(name)
        for name in ("solver", "head_width", "head_output")
    )
