"""What runs of `position_probe` measured, picture by picture."""

import hashlib
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.runs.work_directory import WorkDirectory

_ARRAYS = "arrays.npz"

NETWORK = ("backbone", "weights", "padding_mode", "calibration_images")
"""The fields that name a network; random weights have a `seed` beside."""

HEAD = ("stages", "kernel_size", "head_layers", "head_padding")
"""The fields that name a read-out."""

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
"""The fields that tell how a read-out was fitted.

Not the `ridge` itself: one that is chosen may be another for each seed.
"""

PICTURES = ("test_set", "images", "pictures")
"""The fields that tell on which pictures it was scored.

`pictures` is a digest of the first four alone, all that a run keeps: sets of
one name and length that begin alike count as the same.
"""


def position_rows(works: Sequence[WorkDirectory]) -> list[dict[str, Any]]:
    """The rows of finished runs, each with the scores of its pictures.

    Args:
        works: Directories of finished runs of `position_probe`.

    Returns:
        The rows as in results.json, in order, each with more fields:
        `scores`, the SPC of each picture, an array `(images,)`; `pictures`,
        a digest of the first four, which tells apart test sets of one name
        and other pictures (crops with another seed, say), `None` in runs that
        kept none; `cells`, how many
        cells the predicted map has, `None` if not known; and what the run was
        asked for: `train_set`, `target_range`, `ridge_asked` (`"auto"` or a
        number, as a string; `None` if the solver has none), and the `epochs`
        and `learning_rate` of solvers that have them.

    Raises:
        InputError: If a run is not finished, or its arrays are missing.
    """
    return [row for work in works for row in _rows(work)]


def _rows(work: WorkDirectory) -> list[dict[str, Any]]:
    results = work.load_results()
    file = work.path / _ARRAYS
    rows = []
    try:
        with np.load(file, allow_pickle=False) as arrays:
            digests = {}
            for row in results["rows"]:
                test_set = row["test_set"]
                if test_set not in digests:
                    digests[test_set] = _digest(arrays, f"pictures/{test_set}")
                target = f"{row['arrays']}/target"
                rows.append(
                    {
                        "calibration_images": 0,
                        **row,
                        # The bare picture is one stage, however it is asked.
                        "stages": "all"
                        if row["backbone"] == "rgb"
                        else row["stages"],
                        "scores": arrays[f"{row['arrays']}/spearman"],
                        "pictures": digests[test_set],
                        "cells": arrays[target].size
                        if target in arrays
                        else None,
                        **_asked(row, results["config"]),
                    }
                )
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise InputError(
            f"Cannot read the pictures' scores from {str(file)!r}: {reason}. "
            "Run it again with another --workdir."
        ) from error
    return rows


def _asked(row, config):
    """What a run was asked for, as far as it matters to this row."""
    exact = row["solver"] == "exact"
    return {
        "train_set": ",".join(_sets(config.get("train_images"))),
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


def _sets(value):
    """Sets of pictures; runs of earlier versions knew a single one."""
    return [value] if isinstance(value, str) else value or []
