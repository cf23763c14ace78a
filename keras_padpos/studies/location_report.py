"""What a run of `location_task` prints."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report.cells import mean_sd
from keras_padpos.runs._print_run import print_run
from keras_padpos.runs.work_directory import WorkDirectory

LOCATION_KEYS = (
    "model",
    "task",
    "head",
    "canvas",
    "grid",
    "channels",
    "padding_mode",
)
"""What rows have in common that differ in their seed alone."""

UNITS = "latent"
"""In the column `head` of rows about a network's units."""


def print_location_report(work: WorkDirectory) -> None:
    """Print the results of a finished run.

    Args:
        work: The run's directory.
    """
    print_run(work, location_tables)


def location_tables(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay out scores, and what units say.

    Args:
        rows: Rows of `location_task`, of one or more runs.

    Returns:
        Arguments of `print_table`, for each table.
    """
    return [location_table(rows), unit_table(rows)]


def location_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay scores out, seeds together.

    Example:

    >>> row = {"model": "vgg5", "task": "location", "head": "cell",
    ...        "canvas": "black", "grid": 3, "channels": "ordered",
    ...        "padding_mode": "zeros",
    ...        "train_images": 9, "test_images": 2, "steps": 1, "chance": 0.1,
    ...        "by_border_distance": [0.5, 0.7], "accuracy": 0.6}
    >>> table = location_table([{**row, "seed": 0}, {**row, "seed": 1}])
    >>> (line,) = table["rows"]
    >>> line["seeds"], line["score"], line["border"], line["centre"]
    (2, '60.0 ± 0.0', '50.0', '70.0')

    Args:
        rows: Rows of `location_task`.

    Returns:
        Arguments of `print_table`.
    """
    lines = []
    for key, group in location_groups(rows).items():
        first = group[0]
        if first["head"] == UNITS:
            continue
        scored = [row for row in group if "reason" not in row]
        distances = np.mean(
            [row["by_border_distance"] for row in scored] or [[np.nan]], axis=0
        )
        lines.append(
            {
                **dict(zip(LOCATION_KEYS, key, strict=True)),
                "seeds": len(scored),
                "score": _mean(100 * location_score(row) for row in scored),
                "border": _percent(distances[0]),
                "centre": _percent(distances[-1]),
                "chance": _percent(
                    np.mean([row["chance"] for row in scored] or np.nan)
                ),
                **{
                    name: first[name]
                    for name in ("train_images", "test_images", "steps")
                },
            }
        )
    return {
        "title": "Location-dependent tasks: accuracy, of pixels mean IoU, in "
        "percent",
        "columns": [
            "model",
            "task",
            "head",
            "canvas",
            "grid",
            "channels",
            ("padding_mode", "padding"),
            "seeds",
            "score",
            "border",
            "centre",
            "chance",
            ("train_images", "trained on"),
            ("test_images", "tested on"),
            "steps",
        ],
        "rows": lines,
        "notes": (
            "Every test picture in every cell. score: mean ± standard "
            "deviation over seeds; border, centre: cells next to the border, "
            "and those farthest from it; chance: the commonest class, one of "
            "the cells, an empty canvas.",
            *_diverged(rows),
            "No number of the paper's could be read: there is none beside.",
        ),
    }


def unit_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay out what units say of place and class, seeds together.

    Example:

    >>> row = {"model": "vgg5", "task": "both", "head": "latent",
    ...        "canvas": "black", "grid": 3, "channels": "ordered",
    ...        "padding_mode": "zeros", "test_images": 300,
    ...        "units": 256, "neurons_location": 90,
    ...        "neurons_class": 60, "neurons_residual": 106,
    ...        "score_location": 0.5, "score_class": 0.1, "position_units": {
    ...            "out": {"units": 32, "aware": 8, "by_side": {}}}}
    >>> (line,) = unit_table([row])["rows"]
    >>> line["neurons_location"], line["aware"]
    ('90.0', '25.0')

    Args:
        rows: Rows of `location_task`.

    Returns:
        Arguments of `print_table`.
    """
    numbers = {
        "neurons_location": 1,
        "neurons_class": 1,
        "neurons_residual": 1,
        "score_location": 3,
        "score_class": 3,
    }
    lines = [
        {
            **dict(zip(LOCATION_KEYS, key, strict=True)),
            "seeds": len(group),
            "units": group[0]["units"],
            "canvases": group[0]["test_images"],
            **{
                name: _mean((row[name] for row in group), digits)
                for name, digits in numbers.items()
            },
            "aware": _mean(100 * _aware_share(row) for row in group),
        }
        for key, group in location_groups(rows).items()
        if group[0]["head"] == UNITS
    ]
    return {
        "title": "What units say of place and class",
        "columns": [
            "model",
            "task",
            "canvas",
            "grid",
            "channels",
            ("padding_mode", "padding"),
            "seeds",
            "canvases",
            "units",
            ("neurons_location", "for place"),
            ("neurons_class", "for class"),
            ("neurons_residual", "residual"),
            ("score_location", "score of place"),
            ("score_class", "score of class"),
            ("aware", "position-aware, %"),
        ],
        "rows": lines,
        "notes": (
            "Units of the last map, pooled: how many are for place, for class "
            "and for neither, by dimensionality estimation; mean ± standard "
            "deviation over seeds.",
            "position-aware: channels of all layers that differ between a "
            "border and the interior by a standard deviation or more.",
        ),
    }


def _aware_share(row):
    """Of the layers whose maps have an interior."""
    layers = [
        layer
        for layer in row["position_units"].values()
        if layer["aware"] is not None
    ]
    units = sum(layer["units"] for layer in layers)
    return sum(layer["aware"] for layer in layers) / max(units, 1)


def _diverged(rows):
    for row in rows:
        if "reason" in row:
            yield f"{row['arrays']} ({row['head']}): {row['reason']}"


def _percent(share):
    return "-" if np.isnan(share) else f"{100 * share:.1f}"


def _mean(values, digits=1):
    return mean_sd(values, f".{digits}f") or "-"


def location_groups(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple, list[Mapping[str, Any]]]:
    """Rows that differ in their seed alone, together.

    Args:
        rows: Rows of `location_task`.

    Returns:
        From values of `LOCATION_KEYS` to rows, in their order.
    """
    groups: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in LOCATION_KEYS)
        groups.setdefault(key, []).append(row)
    return groups


def location_score(row: Mapping[str, Any]) -> float:
    """Accuracy, or mean IoU of pixels, in [0, 1].

    Args:
        row: A row of `location_task`.
    """
    return row["mean_iou" if row["head"] == "pixels" else "accuracy"]
