"""What a run of `location_task` prints."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.table import print_table
from keras_padpos.runs.work_directory import WorkDirectory

LOCATION_KEYS = (
    "model",
    "task",
    "head",
    "canvas",
    "grid",
    "padding_mode",
)
"""What rows have in common that differ in their seed alone."""


def print_location_report(work: WorkDirectory) -> None:
    """Print the results of a finished run.

    Args:
        work: The run's directory.
    """
    print_table(**location_table(work.load_results()["rows"]))


def location_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay results out, seeds together.

    Example:

    >>> row = {"model": "vgg5", "task": "location", "head": "cell",
    ...        "canvas": "black", "grid": 3, "padding_mode": "zeros",
    ...        "train_images": 9, "test_images": 2, "epochs": 1,
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
        scores = [100 * location_score(row) for row in group]
        distances = np.mean(
            [row["by_border_distance"] for row in group], axis=0
        )
        words = f"{np.mean(scores):.1f}"
        if len(scores) > 1:
            words += f" ± {np.std(scores, ddof=1):.1f}"
        first = group[0]
        lines.append(
            {
                **dict(zip(LOCATION_KEYS, key, strict=True)),
                "seeds": len(group),
                "score": words,
                "border": f"{100 * distances[0]:.1f}",
                "centre": f"{100 * distances[-1]:.1f}",
                **{
                    name: first[name]
                    for name in ("train_images", "test_images", "epochs")
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
            ("padding_mode", "padding"),
            "seeds",
            "score",
            "border",
            "centre",
            ("train_images", "trained on"),
            ("test_images", "tested on"),
            "epochs",
        ],
        "rows": lines,
        "notes": (
            "Every test picture in every cell. score: mean ± standard "
            "deviation over seeds; border, centre: cells next to the border, "
            "and those farthest from it.",
            "No number of the paper's could be read: there is none beside.",
        ),
    }


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
