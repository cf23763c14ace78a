"""What a run of `robustness` prints."""

import itertools
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.table import print_table
from keras_padpos.runs.work_directory import WorkDirectory

ROBUSTNESS_KEYS = ("model", "padding_mode", "cutout")
"""What rows of one network have in common, but for its seed."""

_CELLS = ("attack", "fill", "region", "share", "epsilon")


def print_robustness_report(work: WorkDirectory) -> None:
    """Print the results of a finished run.

    Args:
        work: The run's directory.
    """
    for table in robustness_tables(work.load_results()["rows"]):
        print_table(**table)


def robustness_tables(
    rows: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Lay out accuracies with squares cut out, and under attack.

    Args:
        rows: Rows of `robustness`, of one or more runs.

    Returns:
        Arguments of `print_table`, for each table that has a number.
    """
    tables = []
    if any(row["attack"] == "cutout" for row in rows):
        tables.append(cutout_table(rows))
    if any(row["region"] for row in rows):
        tables.append(attack_table(rows))
    return tables


def cutout_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay out accuracies with squares cut out of test pictures.

    Example:

    >>> row = {"model": "vgg5", "padding_mode": "zeros", "cutout": "off",
    ...        "attack": "none", "fill": None, "region": None, "share": None,
    ...        "epsilon": None, "accuracy": 0.5, "train_images": 9,
    ...        "test_images": 4, "epochs": 1}
    >>> cut = {**row, "attack": "cutout", "fill": "mean", "accuracy": 0.25}
    >>> (line,) = cutout_table([row, cut])["rows"]
    >>> line["clean"], line["mean"]
    ('50.0', '25.0')

    Args:
        rows: Rows of `robustness`.

    Returns:
        Arguments of `print_table`.
    """
    fills = dict.fromkeys(row["fill"] for row in rows if row["fill"])
    lines = []
    for key, group in _networks(rows).items():
        cells = robustness_cells(group)
        lines.append(
            {
                **dict(zip(ROBUSTNESS_KEYS, key, strict=True)),
                "clean": _mean(cells["none", None, None, None, None]),
                **{
                    fill: _mean(cells["cutout", fill, None, None, None])
                    for fill in fills
                },
                **_ends(group),
            }
        )
    return {
        "title": "Accuracy in percent, clean and with squares cut out of test "
        "pictures",
        "columns": [
            "model",
            ("padding_mode", "padding"),
            ("cutout", "trained with"),
            "clean",
            *fills,
            *_END_COLUMNS,
        ],
        "rows": lines,
        "notes": _NOTES,
    }


def attack_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay out accuracies under attack, of the border and of the interior.

    Example:

    >>> row = {"model": "vgg5", "padding_mode": "zeros", "cutout": "off",
    ...        "attack": "pgd", "fill": None, "region": "whole",
    ...        "share": None, "epsilon": 2.0, "fraction": 1.0,
    ...        "accuracy": 0.5, "train_images": 9, "test_images": 4,
    ...        "epochs": 1}
    >>> border = {**row, "region": "border", "share": 0.1, "fraction": 0.4,
    ...           "accuracy": 0.75}
    >>> (line,) = attack_table([row, border])["rows"]
    >>> line["pixels"], line["pgd border"], line["pgd interior"]
    ('40.0', '75.0', '')

    Args:
        rows: Rows of `robustness`.

    Returns:
        Arguments of `print_table`: a line for each size of the attacks and
        each width of the border.
    """
    attacks = dict.fromkeys(row["attack"] for row in rows if row["region"])
    columns = [
        f"{attack} {region}"
        for attack in attacks
        for region in ("whole", "border", "interior")
    ]
    lines = []
    for key, group in _networks(rows).items():
        cells = robustness_cells(group)
        sizes = dict.fromkeys(row["epsilon"] for row in group if row["region"])
        shares = dict.fromkeys(row["share"] for row in group if row["share"])
        for size, share in itertools.product(sizes, shares or [None]):
            fractions = [
                row["fraction"]
                for row in group
                if row["region"] and row["share"] == share
            ]
            lines.append(
                {
                    **dict(zip(ROBUSTNESS_KEYS, key, strict=True)),
                    "epsilon": f"{size:g}",
                    "pixels": f"{100 * fractions[0]:.1f}",
                    **dict.fromkeys(columns, ""),
                    **{
                        f"{attack} {region}": _mean(scores)
                        for (
                            attack,
                            _,
                            region,
                            width,
                            epsilon,
                        ), scores in cells.items()
                        if epsilon == size and width in (None, share)
                    },
                    **_ends(group),
                }
            )
    return {
        "title": "Accuracy in percent under attack",
        "columns": [
            "model",
            ("padding_mode", "padding"),
            ("cutout", "trained with"),
            "epsilon",
            ("pixels", "border, % of pixels"),
            *columns,
            *_END_COLUMNS,
        ],
        "rows": lines,
        "notes": (
            "Border and interior have as many pixels. noise: random signs of "
            "the same size, which is what an attack has to beat.",
            *_NOTES,
        ),
    }


_END_COLUMNS = (
    "seeds",
    ("train_images", "trained on"),
    ("test_images", "tested on"),
    "epochs",
)
_NOTES = (
    "Mean ± standard deviation over seeds.",
    "No number of the paper's could be read: there is none beside.",
)


def robustness_cells(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple, list[float]]:
    """Accuracies of one network, those of its seeds together.

    Args:
        rows: Rows of `robustness`.

    Returns:
        From attack, fill, region, share and epsilon to accuracies.
    """
    cells: dict[tuple, list[float]] = {}
    for row in rows:
        key = tuple(row[name] for name in _CELLS)
        cells.setdefault(key, []).append(row["accuracy"])
    return cells


def _networks(rows):
    groups: dict[tuple, list] = {}
    for row in rows:
        key = tuple(row[name] for name in ROBUSTNESS_KEYS)
        groups.setdefault(key, []).append(row)
    return groups


def _ends(group):
    return {
        "seeds": len({row.get("seed") for row in group}),
        **{
            name: group[0][name]
            for name in ("train_images", "test_images", "epochs")
        },
    }


def _mean(values):
    words = f"{100 * np.mean(values):.1f}"
    if len(values) > 1:
        words += f" ± {100 * np.std(values, ddof=1):.1f}"
    return words
