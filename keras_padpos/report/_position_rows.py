"""What runs of `position_probe` measured, picture by picture."""

import hashlib
import os
import zipfile
from collections.abc import Iterable
from typing import Any

from keras_padpos.errors import InputError
from keras_padpos.errors import error_text
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
        a digest of the first four, `None` in runs that kept none; `cells`, how
        many cells the predicted map has, `None` if not known; and the run's
        flags: `train_set`, `target_range`, `ridge_asked` (`"auto"` or a
        number, as a string; `None` if the solver has none), and the `epochs`
        and `learning_rate` of solvers that have them.

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
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise InputError(
                "Cannot read the pictures' scores from "
                f"{str(run.path / ARRAYS_FILE)!r}: {error_text(error)}. "
                "Run it again with another --workdir."
            ) from error
    return rows


def _rows(run, arrays):
    sets = run.config.get("train_images")
    digests = {
        test_set: hashlib.sha256(arrays[name].tobytes()).hexdigest()
        for test_set in dict.fromkeys(row["test_set"] for row in run.rows)
        if (name := f"pictures/{test_set}") in arrays
    }
    for row in run.rows:
        exact = row["solver"] == "exact"
        target = f"{row['arrays']}/target"
        yield {
            "calibration_images": 0,
            **row,
            # The bare picture is one stage, whatever is asked.
            "stages": "all" if row["backbone"] == "rgb" else row["stages"],
            "scores": arrays[f"{row['arrays']}/spearman"],
            "pictures": digests.get(row["test_set"]),
            "cells": arrays[target].size if target in arrays else None,
            # Runs of earlier versions had a single set.
            "train_set": sets
            if isinstance(sets, str)
            else ",".join(sets or []),
            "target_range": run.config.get("target_range"),
            "ridge_asked": str(run.config.get("ridge", row.get("ridge")))
            if exact
            else None,
            "epochs": None if exact else run.config.get("epochs"),
            "learning_rate": None if exact else run.config.get("learning_rate"),
        }
