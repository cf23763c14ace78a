"""What a run of `fconv_tests` prints."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_padpos.runs.table import print_table
from keras_padpos.runs.work_directory import WorkDirectory

# Points within which a number counts as the paper's.
_MARGIN = 3

_RED_GREEN = ("splits", "convolution", "padding_mode", "test_set")
_QUADRANTS = (
    "backbone",
    "weights",
    "train",
    "padding_mode",
    "splits",
    "border",
)


def print_fconv_report(work: WorkDirectory) -> None:
    """Print the results of a finished run beside the paper's numbers.

    Args:
        work: The run's directory.
    """
    rows = work.load_results()["rows"]
    for test, title, columns, notes in (
        (
            "red_green",
            "Red-green test: accuracy in percent",
            (
                "splits",
                "convolution",
                ("padding_mode", "padding"),
                ("test_set", "test set"),
            ),
            (),
        ),
        (
            "four_quadrants",
            "Four quadrants: accuracy in percent",
            (
                ("backbone", "network"),
                "weights",
                "train",
                ("padding_mode", "padding"),
                "splits",
                "border",
                ("test_images", "pictures"),
                "difference",
            ),
            (
                "difference: the largest between the features of a picture in "
                "its two corners, in standard deviations of the features.",
            ),
        ),
    ):
        found = fconv_rows(rows, test)
        if not found:
            continue
        print_table(
            title,
            [
                *columns,
                "seeds",
                "accuracy",
                "paper",
                ("fits", f"within {_MARGIN} points"),
            ],
            found,
            [
                "Accuracy: mean ± standard deviation (n) over seeds. Paper: "
                "Kayhan and van Gemert (CVPR 2020), whose test pictures are "
                "among those of the training (released).",
                *notes,
            ],
        )


def fconv_rows(
    rows: Sequence[Mapping[str, Any]], test: str
) -> list[dict[str, Any]]:
    """Results of one test, seeds taken together, with the paper's.

    Example:

    >>> row = {"test": "red_green", "splits": "released", "seed": 0,
    ...        "convolution": "full", "padding_mode": "zeros",
    ...        "test_set": "similar", "accuracy": 0.9}
    >>> (found,) = fconv_rows([row], "red_green")
    >>> found["accuracy"], found["paper"], found["fits"]
    ('90.0', '89.7 ± 0.5', True)

    Args:
        rows: Of results.json.
        test: `"red_green"` or `"four_quadrants"`.

    Returns:
        One row for all seeds of the same, in order of first appearance:
        `seeds`, their number; `mean` and `sd`, in percent; `accuracy`, both in
        words; `paper`, what is published of it in words, and `fits`, whether
        the two are at most 3 points apart; both `None` where nothing is
        published.
    """
    from keras_padpos import published

    keys = _RED_GREEN if test == "red_green" else _QUADRANTS
    groups: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["test"] == test:
            key = tuple(row[name] for name in keys)
            groups.setdefault(key, []).append(row)
    table = published.load_table(f"fconv2020_{test}").rows
    merged = []
    for group in groups.values():
        values = [100 * row["accuracy"] for row in group]
        mean, sd = float(np.mean(values)), float(np.std(values))
        theirs = _published(group[0], table, keys)
        shown = {
            "seeds": len(group),
            "mean": mean,
            "sd": sd,
            "accuracy": _words(mean, sd if len(group) > 1 else None),
            "paper": None,
            "fits": None,
        }
        if theirs:
            expected = theirs["accuracy_percent"]
            shown["paper"] = _words(expected, theirs.get("accuracy_sd"))
            # Rounded as printed, so that a reader finds the same.
            shown["fits"] = abs(round(mean - expected, 1)) <= _MARGIN
        if "difference" in group[0]:
            shown["difference"] = max(row["difference"] for row in group)
        weights = group[0].get("weights")
        if weights:
            shown["weights"] = PurePath(weights).name
        merged.append({**group[0], **shown})
    return merged


def _published(row, table, keys):
    for theirs in table:
        if all(
            # What Keras' networks have of their own is zeros.
            (theirs[key] == row[key])
            or (key, row[key], theirs[key]) == ("padding_mode", "own", "zeros")
            for key in keys
        ):
            return theirs
    return None


def _words(mean, sd):
    return f"{mean:.1f}" + ("" if sd is None else f" ± {sd:.1f}")
