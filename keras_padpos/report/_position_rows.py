"""What runs of `position_probe` measured, picture by picture."""

import hashlib
import os
import zipfile
from collections.abc import Iterable
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.report.read_runs import RunRecord
from keras_padpos.report.read_runs import open_run
from keras_padpos.report.run_files import ARRAYS_FILE

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
)
"""The fields that say how a probe was fitted.

Not the `ridge` itself: one that is chosen may be another for each seed.
"""

PICTURES = ("test_set", "images", "pictures")
"""The fields that say on which pictures it was scored.

`pictures` is a digest of the first four alone, all that a run keeps: sets of
one name and length that begin alike count as the same.
"""


def position_rows(
    runs: Iterable[RunRecord | str | os.PathLike],
) -> list[dict[str, Any]]:
    """The rows of finished runs, each with the scores of its pictures.

    Args:
        runs: Finished runs of `position_probe`, or their work directories.

    Returns:
        The rows as in results.json, in order, each with more fields:
        `scores`, the SPC of each picture, an array `(images,)`; `pictures`,
        a digest of the first four, which tells apart test sets of one name
        and other pictures (crops with another seed, say), `None` in runs that
        kept none; `cells`, how many
        cells the predicted map has, `None` if not known; and the run's flags:
        `train_set`, `target_range`, `ridge_asked` (`"auto"` or a
        number, as a string; `None` if the solver has none), and the `epochs`
        and `learning_rate` of solvers that have them.

    Raises:
        InputError: If a run is not finished, or its arrays are missing.
    """
    return [
        row
        for run in runs
        for row in _rows(
            run if isinstance(run, RunRecord) else open_run(run, _EXPERIMENT)
        )
    ]


_EXPERIMENT = "position_probe"


def _rows(run: RunRecord) -> list[dict[str, Any]]:
    rows = []
    try:
        with run.open_arrays() as arrays:
            digests = {}
            for row in run.rows:
                test_set = row["test_set"]
                if test_set not in digests:
                    digests[test_set] = _digest(arrays, f"pictures/{test_set}")
                target = f"{row['arrays']}/target"
                rows.append(
                    {
                        "calibration_images": 0,
                        **row,
                        # The bare picture is one stage, whatever is asked.
                        "stages": "all"
                        if row["backbone"] == "rgb"
                        else row["stages"],
                        "scores": arrays[f"{row['arrays']}/spearman"],
                        "pictures": digests[test_set],
                        "cells": arrays[target].size
                        if target in arrays
                        else None,
                        **_flags(row, run.config),
                    }
                )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise InputError(
            "Cannot read the pictures' scores from "
            f"{str(run.path / ARRAYS_FILE)!r}: {reason}. "
            "Run it again with another --workdir."
        ) from error
    return rows


def _flags(row, config):
    """The flags of a run that matter to this row."""
    exact = row["solver"] == "exact"
    sets = config.get("train_images")
    return {
        # Runs of earlier versions had a single set.
        "train_set": sets if isinstance(sets, str) else ",".join(sets or []),
        "target_range": config.get("target_range"),
        "ridge_asked": str(config.get("ridge", row.get("ridge")))
        if exact
        else None,
        "epochs": None if exact else config.get("epochs"),
        "learning_rate": None if exact else config.get("learning_rate"),
    }


def _digest(arrays, name):
    if name not in arrays:
        return None
    return hashlib.sha256(arrays[name].tobytes()).hexdigest()
