"""What a run of `texture` prints."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.report.cells import percent_interval
from keras_padpos.report.cells import percent_words
from keras_padpos.report.seeds import is_scored
from keras_padpos.report.seeds import scored_seeds
from keras_padpos.report.seeds import unscored_notes
from keras_padpos.runs._print_run import print_run
from keras_padpos.runs.work_directory import WorkDirectory

TEXTURE_KEYS = ("backbone", "weights", "train", "padding_mode", "test_set")
"""What rows have in common that differ in their seed alone."""


def print_texture_report(work: WorkDirectory) -> None:
    """Print the results of a finished run.

    Args:
        work: The run's directory.
    """
    print_run(work, texture_tables)


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
    ...        "test_images": 1880, "steps": 1170}
    >>> (line,) = texture_table([row])["rows"]
    >>> line["accuracy"], line["interval"]
    ('50.0', '45.0 to 55.0')

    Args:
        rows: Rows of `texture`.

    Returns:
        Arguments of `print_table`.
    """
    lines = []
    for key, group in texture_groups(rows).items():
        scored = list(filter(is_scored, group))
        first = (scored or group)[0]
        classes = first.get("classes")
        lines.append(
            {
                **dict(zip(TEXTURE_KEYS, key, strict=True)),
                "seeds": scored_seeds(group),
                "accuracy": percent_words(row["accuracy"] for row in scored),
                "interval": percent_interval(scored),
                "class_accuracy": percent_words(
                    row["class_accuracy"] for row in scored
                ),
                "chance": percent_words([1 / classes] if classes else []),
                **{
                    name: first.get(name)
                    for name in ("train_images", "test_images", "steps")
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
            "steps",
        ],
        "rows": lines,
        "notes": (
            "Mean ± standard deviation over seeds; of one seed the bootstrap "
            "interval over test pictures. chance: one of as many classes.",
            *unscored_notes(rows, TEXTURE_KEYS),
            "No number of the paper's could be read: there is none beside.",
        ),
    }


def texture_groups(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple, list[Mapping[str, Any]]]:
    """Rows that differ in their seed alone, together.

    Args:
        rows: Rows of `texture`.

    Returns:
        From values of `TEXTURE_KEYS` to rows, in their order.
    """
    groups: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in TEXTURE_KEYS)
        groups.setdefault(key, []).append(row)
    return groups
