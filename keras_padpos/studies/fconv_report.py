"""What a run of `fconv_tests` prints."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_padpos.report._paper_differences import FCONV_KEYS
from keras_padpos.report._paper_differences import fconv_counterpart
from keras_padpos.report.cells import format_mean
from keras_padpos.runs._print_run import print_run
from keras_padpos.runs.work_directory import WorkDirectory

# Points within which a number counts as the paper's.
_MARGIN = 3

_TESTS = (
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
            "difference: the largest between the features of a picture in its "
            "two corners, in standard deviations of the features.",
        ),
    ),
)


def print_fconv_report(work: WorkDirectory) -> None:
    """Print the results of a finished run beside the paper's numbers.

    Args:
        work: The run's directory.
    """
    print_run(work, fconv_tables)


def fconv_tables(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay out results beside the paper's numbers.

    Args:
        rows: Rows of `fconv_tests`, of one or more runs that differ in what
            rows tell alone.

    Returns:
        Arguments of `print_table`, a table for each test.
    """
    tables = []
    for test, title, columns, notes in _TESTS:
        found = fconv_rows(rows, test)
        if not found:
            continue
        tables.append(
            {
                "title": title,
                "columns": [
                    *columns,
                    "seeds",
                    "accuracy",
                    *(
                        [("accuracy_ci95", "95 %")]
                        if any(row["accuracy_ci95"] for row in found)
                        else []
                    ),
                    "paper",
                    ("less_paper", "ours − paper"),
                    ("fits", f"within {_MARGIN} points"),
                ],
                "rows": found,
                "notes": [
                    "Accuracy: mean ± standard deviation (n - 1; the paper's: "
                    "n) over seeds, 95 %: of the mean, by Student's t over "
                    "seeds. Paper: Kayhan and van Gemert (CVPR 2020), whose "
                    "test pictures are among those of the training (released).",
                    *notes,
                ],
            }
        )
    return tables


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
        One row for all seeds of the same, in order of first appearance, of
        rows of one seed the first:
        `seeds`, their number; `mean` and `sd`, in percent; `accuracy`, both in
        words; `accuracy_ci95`, the 95 % interval of the mean over several
        seeds, in words; `paper`, what is published of it in words;
        `less_paper`, ours less theirs in points, in words; and `fits`, whether
        the two are at most 3 points apart. The last three are `None` where
        nothing is published, as are intervals of one seed.
    """
    keys = FCONV_KEYS[test]
    groups: dict[tuple, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        if row["test"] == test:
            key = tuple(row[name] for name in keys)
            groups.setdefault(key, {}).setdefault(row["seed"], row)
    merged = []
    for seeds in groups.values():
        group = list(seeds.values())
        values = [100 * row["accuracy"] for row in group]
        mean = float(np.mean(values))
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        theirs = fconv_counterpart(group[0])
        shown = {
            "seeds": len(group),
            "mean": mean,
            "sd": sd or 0.0,
            "accuracy": format_mean(mean, sd),
            "accuracy_ci95": _interval(values),
            "paper": None,
            "less_paper": None,
            "fits": None,
        }
        if theirs:
            expected = theirs["accuracy_percent"]
            shown["paper"] = format_mean(expected, theirs.get("accuracy_sd"))
            # Rounded as printed, so that a reader finds the same.
            shown["less_paper"] = f"{round(mean - expected, 1) + 0:+.1f}"
            shown["fits"] = abs(round(mean - expected, 1)) <= _MARGIN
        if "difference" in group[0]:
            shown["difference"] = max(row["difference"] for row in group)
        weights = group[0].get("weights")
        if weights:
            shown["weights"] = PurePath(weights).name
        merged.append({**group[0], **shown})
    return merged


def _interval(values):
    """Of the mean, over seeds; accuracies end at 0 and 100."""
    if len(values) < 2:
        return None
    from scipy import stats

    freedom = len(values) - 1
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = error * float(stats.t.ppf(0.975, freedom))
    mean = float(np.mean(values))
    return f"[{max(0, mean - reach):.1f}, {min(100, mean + reach):.1f}]"
