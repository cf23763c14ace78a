"""Rows of position probes: read, taken together over seeds, compared."""

import hashlib
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
from keras_padpos.report.cells import format_mean
from keras_padpos.report.cells import is_number
from keras_padpos.report.names import network_identity
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import open_run
from keras_padpos.report.run_files import ARRAYS_FILE
from keras_padpos.report.table import Row
from keras_padpos.report.table import Rows
from keras_padpos.report.table import grouped

HEAD = ("stages", "kernel_size", "head_layers", "head_padding")
"""The fields that identify the head of a probe."""

RECIPE = (
    "solver",
    "head_output",
    "head_width",
    "ridge_asked",
    "epochs",
    "learning_rate",
    "positions_per_image",
    "train_set",
    "train_images",
    "target_range",
    "size",
    "resize",
)
"""The fields that say how a probe was fitted.

Not the `ridge` itself: one that is chosen may be another for each seed.
"""

PICTURES = ("test_set", "images", "pictures")
"""The fields that say on which pictures it was scored.

`pictures` is a digest of the first four alone, all that a run keeps: sets of
one name and length that begin alike count as the same.
"""


# What any row has, and tables use.
_NEEDED = {
    **dict.fromkeys(
        "backbone weights padding_mode target test_set stages solver "
        "head_output arrays".split(),
        str,
    ),
    **dict.fromkeys(
        "seed kernel_size head_layers head_padding images train_images".split(),
        int,
    ),
    **dict.fromkeys(["spearman", "mae"], (int, float)),
}

# What a row or its run may have.
_FURTHER = {
    **dict.fromkeys(RECIPE, (str, int, float, type(None))),
    **dict.fromkeys(
        ["calibration_images", "positions_per_image"], (int, type(None))
    ),
}


def position_rows(
    runs: Iterable[RunRecord | str | os.PathLike],
) -> list[dict[str, Any]]:
    """The rows of finished runs, each with the scores of its pictures.

    Args:
        runs: Finished runs of `position_probe`, or their work directories.

    Returns:
        The rows as in results.json, in order, each with more fields:
        `scores`, the SPC of each picture, an array `(images,)`;
        `photograph_numbers`, which photograph each is of, `None` in runs that
        kept none, where each is taken for one of its own; `pictures`,
        a digest of the first four, `None` in runs that kept none; `cells`, how
        many cells the predicted map has, `None` if not known; and the run's
        flags: `train_set`, `target_range`, `size`, `resize`, `ridge_asked`
        (`"auto"` or a number, as a string; `None` if the solver has none), and
        the `epochs` and `learning_rate` of solvers that have them.

    Raises:
        InputError: If a run is not finished, or its arrays are missing.
    """
    rows = []
    for run in runs:
        if not isinstance(run, RunRecord):
            run = open_run(run, "position_probe")
        try:
            with run.open_arrays() as arrays:
                rows += _rows(run, arrays)
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise InputError(
                "Cannot read the pictures' scores from "
                f"{str(run.path / ARRAYS_FILE)!r}: {error_text(error)}. "
                "Run it again with another --workdir."
            ) from error
    return rows


def _rows(run, arrays):
    flag = run.config.get
    sets = flag("train_images") or []
    digests = {
        test_set: hashlib.sha256(arrays[name].tobytes()).hexdigest()
        for test_set in {row["test_set"] for row in run.rows}
        if (name := f"pictures/{test_set}") in arrays
    }
    for number, row in enumerate(run.rows):
        _check(number, row, _NEEDED)
        exact = row["solver"] == "exact"
        target = f"{row['arrays']}/target"
        photographs = f"{row['arrays']}/photographs"
        whole = {
            "calibration_images": 0,
            "spearman_ci95": None,
            **row,
            # The bare picture is one stage, whatever is asked.
            "stages": "all" if row["backbone"] == "rgb" else row["stages"],
            "scores": _scores(arrays, row),
            "photograph_numbers": arrays[photographs]
            if photographs in arrays
            else None,
            "pictures": digests.get(row["test_set"]),
            "cells": arrays[target].size if target in arrays else None,
            # Runs of earlier versions had a single set.
            "train_set": sets if isinstance(sets, str) else ",".join(sets),
            "target_range": flag("target_range"),
            # Earlier versions had no choice.
            "size": flag("size", 224),
            "resize": flag("resize", "bilinear"),
            "ridge_asked": str(flag("ridge", row.get("ridge")))
            if exact
            else None,
            "epochs": None if exact else flag("epochs"),
            "learning_rate": None if exact else flag("learning_rate"),
        }
        _check(number, whole, _FURTHER)
        yield whole


def _check(number, row, fields):
    """Refuse what no run of this package has written."""
    for name, kinds in fields.items():
        value = row.get(name)
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise InputError(f"`{name}` of row {number} is {value!r}")
    ends = row.get("spearman_ci95")
    if ends is not None and not (
        isinstance(ends, list) and len(ends) == 2 and all(map(is_number, ends))
    ):
        raise InputError(f"`spearman_ci95` of row {number} is {ends!r}")


def _scores(arrays, row):
    scores = arrays[f"{row['arrays']}/spearman"]
    if scores.shape != (row["images"],) or scores.dtype.kind != "f":
        raise InputError(
            f"the scores of {row['arrays']!r} are no number for each of its "
            f"{row['images']} pictures"
        )
    return scores


def merge_seeds(
    rows: Rows, *, same_pictures: bool = True
) -> list[dict[str, Any]]:
    """Make one row of those that differ in their seed alone."""
    groups: dict[tuple, dict[Any, Row]] = {}
    for row in rows:
        # Whether another seed would make another network or probe.
        seeded = row["weights"] == "random" or row["solver"] != "exact"
        fields = [*HEAD, *RECIPE, "target", "test_set"]
        if same_pictures or not seeded:
            fields += PICTURES
        key = (*network_identity(row), *(row.get(name) for name in fields))
        group = groups.setdefault(key, {})
        group.setdefault(row["seed"] if seeded else None, row)
    return [_merged(list(group.values())) for group in groups.values()]


def _merged(rows):
    seeds = [row["seed"] for row in rows]
    if len(rows) == 1:
        return {**rows[0], "seeds": seeds}
    from keras_padpos.metrics import bootstrap_interval

    scores = interval = None
    if len(grouped(rows, PICTURES)) == 1:
        scores = np.mean([row["scores"] for row in rows], axis=0)
        interval = bootstrap_interval(
            scores, photographs=rows[0].get("photograph_numbers")
        )
    merged = {
        **rows[0],
        "seed": None,
        "seeds": seeds,
        "scores": scores,
        "spearman_ci95": interval,
    }
    for metric in ("spearman", "mae"):
        values = [row[metric] for row in rows]
        merged[metric] = float(np.mean(values))
        merged[f"{metric}_seed_sd"] = float(np.std(values, ddof=1))
    return merged


def score_text(row: Row, metric: str) -> str:
    """`"spearman"` or `"mae"` of a row of `merge_seeds`, or a published one."""
    if row[metric] is None:
        return ""
    return format_mean(row[metric], row.get(f"{metric}_seed_sd"), ".3f")


def scores_text(row: Row) -> str:
    """SPC / MAE."""
    return f"{score_text(row, 'spearman')} / {score_text(row, 'mae')}"


def score_cell(row: Row, metric: str, suffix: str = "") -> float | str:
    """A number as it is, so that it stands on the right; seeds as text."""
    if len(row["seeds"]) == 1:
        return row[metric]
    return score_text(row, metric) + suffix


def fit_preference(row: Row) -> tuple:
    """Sort key: the exact fit first, then what saw most positions."""
    return row["solver"] != "exact", -(row.get("positions_per_image") or 0)


def closest_pair(ones: Rows, others: Rows) -> tuple[Row, Row, list[str]] | None:
    """The two rows that were fitted most alike and score the same pictures."""

    def differences(one, other, names):
        return [
            f"{name.replace('_', ' ')} {one.get(name)}, {other.get(name)}"
            for name in names
            if one.get(name) != other.get(name)
        ]

    pairs = [
        (one, other, differences(one, other, RECIPE))
        for one in ones
        for other in others
        if not differences(one, other, PICTURES)
    ]
    return min(
        pairs,
        key=lambda pair: (
            pair[0]["solver"] != pair[1]["solver"],
            len(pair[2]),
            *map(fit_preference, pair[:2]),
        ),
        default=None,
    )


def network_differences(rows: Rows) -> list[dict[str, Any]]:
    """Pair each network's SPC with the first network's, picture by picture."""
    first = rows and network_identity(rows[0])
    return _differences(rows, lambda row: first)


def zeros_differences(rows: Rows) -> list[dict[str, Any]]:
    """Pair the SPC of each padding mode with that of zeros, weights the same.

    Networks with random weights are paired where their seeds are the same.
    """

    def zeros(row):
        return network_identity({**row, "padding_mode": "zeros"})

    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row["seeds"]), []).append(row)
    return [d for own in groups.values() for d in _differences(own, zeros)]


def _differences(rows, reference):
    """Pair the SPC of each row with that of the network `reference(row)`."""
    from keras_padpos.metrics import paired_difference

    place = (*HEAD, "target", "test_set")
    references: dict[tuple, list[Row]] = {}
    for row in rows:
        key = network_identity(row), *(row[name] for name in place)
        references.setdefault(key, []).append(row)
    differences = []
    for row in rows:
        other = reference(row)
        key = other, *(row[name] for name in place)
        if network_identity(row) != other and (
            pair := closest_pair([row], references.get(key, []))
        ):
            difference, interval = paired_difference(
                row["scores"],
                pair[1]["scores"],
                photographs=row.get("photograph_numbers"),
            )
            differences.append(
                {**row, "difference": difference, "difference_ci95": interval}
            )
    return differences


INTERVAL_NOTE = (
    "Intervals resample photographs, crops of one together; crops of fewer "
    "than 8 photographs have none. With random weights they cover photographs, "
    "not seeds. They are not corrected for the number of comparisons."
)
"""How far the intervals of scores and differences can be trusted."""
