"""What a run of `texture` prints."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.table import print_table
from keras_padpos.runs.work_directory import WorkDirectory

TEXTURE_KEYS = ("backbone", "weights", "train", "padding_mode", "test_set")
"""What rows have in common that differ in their seed alone."""


def print_texture_report(work: WorkDirectory) -> None:
    """Print the results of a finished run.

    Args:
        work: The run's directory.
    """
    for table in texture_tables(work.load_results()["rows"]):
        print_table(**table)


def texture_tables(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay accuracies out, as those of all experiments are.

    Args:
        rows: Rows of `texture`, of one or more runs.

    Returns:
        Arguments of `print_table`, for each table.
    """
    return [texture_table(rows)]


def texture_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay accuracies out, seeds together.

    Example:

    >>> row = {"backbone": "vgg16", "weights": "bundled", "train": "frozen",
    ...        "padding_mode": "zeros", "test_set": "tfds:dtd:test",
    ...        "classes": 47, "accuracy": 0.5, "accuracy_ci95": [0.45, 0.55],
    ...        "class_accuracy": 0.5, "train_images": 1880,
    ...        "test_images": 1880, "epochs": 10}
    >>> (line,) = texture_table([row])["rows"]
    >>> line["accuracy"], line["interval"]
    ('50.0', '45.0 to 55.0')

    Args:
        rows: Rows of `texture`.

    Returns:
        Arguments of `print_table`.
    """
    groups: dict[tuple, list] = {}
    for row in rows:
        key = tuple(row[name] for name in TEXTURE_KEYS)
        groups.setdefault(key, []).append(row)
    lines = []
    for key, group in groups.items():
        first = group[0]
        interval = first["accuracy_ci95"] if len(group) == 1 else None
        lines.append(
            {
                **dict(zip(TEXTURE_KEYS, key, strict=True)),
                "seeds": len(group),
                "accuracy": _mean(row["accuracy"] for row in group),
                "interval": interval
                and " to ".join(f"{100 * end:.1f}" for end in interval),
                "class_accuracy": _mean(row["class_accuracy"] for row in group),
                "chance": f"{100 / first['classes']:.1f}",
                **{
                    name: first[name]
                    for name in ("train_images", "test_images", "epochs")
                },
            }
        )
    return {
        "title": "Texture recognition: accuracy in percent",
        "columns": [
            "backbone",
            "weights",
            "train",
            ("padding_mode", "padding"),
            ("test_set", "test set"),
            "seeds",
            "accuracy",
            ("interval", "95 %"),
            ("class_accuracy", "mean over classes"),
            "chance",
            ("train_images", "trained on"),
            ("test_images", "tested on"),
            "epochs",
        ],
        "rows": lines,
        "notes": (
            "Mean ± standard deviation over seeds; of one seed the bootstrap "
            "interval over test pictures. chance: one of as many classes.",
            "No number of the paper's could be read: there is none beside.",
        ),
    }


def _mean(values):
    values = list(values)
    words = f"{100 * np.mean(values):.1f}"
    if len(values) > 1:
        words += f" ± {100 * np.std(values, ddof=1):.1f}"
    return words
