"""What a run of `semantic_head` prints."""

import os
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.table import print_table
from keras_padpos.runs.work_directory import WorkDirectory

SEMANTIC_KEYS = ("task", "backbone", "weights", "head", "enlarge")
"""What rows of one figure have in common; then come padding and seed."""

_SCORES = {
    "segmentation": {
        "mean_iou": "mIoU",
        "pixel_accuracy": "pixel accuracy",
    },
    "saliency": {
        "max_f": "max F",
        "mean_f": "mean F",
        "mae": "MAE",
        "s_measure": "S",
        "mean_e": "mean E",
    },
}
_INVARIANCE = {"mean_entropy": "meanE, bits", "disagreement": "disR"}
_TITLES = {
    "segmentation": "Semantic segmentation",
    "saliency": "Salient objects",
}
_NETWORK = [
    "backbone",
    "weights",
    "head",
    "enlarge",
    ("padding_mode", "padding"),
    "seeds",
]


def print_semantic_report(work: WorkDirectory) -> None:
    """Print the results of a finished run.

    Args:
        work: The run's directory.
    """
    for table in semantic_tables(work.load_results()["rows"]):
        print_table(**table)


def semantic_tables(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lay out scores of all pixels, and by distance to the border.

    Args:
        rows: Rows of `semantic_head`, of one or more runs.

    Returns:
        Arguments of `print_table`, for each table.
    """
    return [semantic_table(rows), band_table(rows)]


def semantic_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay overall scores out, seeds together.

    Example:

    >>> row = {"task": "segmentation", "backbone": "vgg16", "weights": "random",
    ...        "head": "fcn", "enlarge": "places", "padding_mode": "zeros",
    ...        "band": "overall", "mean_iou": 0.231, "pixel_accuracy": 0.7,
    ...        "train_images": 9, "test_images": 2, "steps": 5}
    >>> table = semantic_table([{**row, "seed": 0}, {**row, "seed": 1}])
    >>> (line,) = table["rows"]
    >>> line["seeds"], line["mean_iou"]
    (2, '23.1 ± 0.0')

    Args:
        rows: Rows of `semantic_head`.

    Returns:
        Arguments of `print_table`.
    """
    scores = _SCORES[rows[0]["task"]]
    # A network that diverged has none, whatever the others have.
    patches = {each.get("invariance_images") for each in rows} - {None}
    lines = []
    for group in semantic_groups(rows).values():
        found = [row for row in group if row["band"] == "overall"]
        lines.append(
            {
                **_network(found),
                **{
                    name: _percent(row.get(name) for row in found)
                    for name in (*scores, "disagreement")
                },
                "mean_entropy": _spread(
                    [row.get("mean_entropy") for row in found], 3
                ),
                **{
                    name: found[0][name]
                    for name in ("train_images", "test_images", "steps")
                },
            }
        )
    notes = [
        "Percent; mean ± standard deviation over seeds. majority, prior: what "
        "knowing the training masks alone scores, the most frequent class "
        "everywhere and that of each place.",
    ]
    reasons = dict.fromkeys(row["reason"] for row in rows if row.get("reason"))
    notes += [
        f"- in a network's row, or left out of a mean: {each}."
        for each in reasons
    ]
    if "mae" in scores:
        notes.append(
            "Means over pictures, by pysodmetrics. prior: the share of "
            "training masks that are salient at each place."
        )
    if patches:
        notes.append(
            "meanE, disR: entropy of the answers that one pixel gets in "
            "overlapping patches of an enlarged picture, and the share of "
            f"pixels that get more than one; {max(patches)} pictures."
        )
    return {
        "title": f"{_TITLES[rows[0]['task']]}: all pixels",
        "columns": [
            *_NETWORK,
            *scores.items(),
            *(_INVARIANCE.items() if patches else ()),
            ("train_images", "trained on"),
            ("test_images", "tested on"),
            "steps",
        ],
        "rows": lines,
        "notes": notes,
    }


def band_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay scores out by distance to the border, seeds together.

    Example:

    >>> row = {"task": "saliency", "backbone": "vgg16", "weights": "random",
    ...        "head": "fcn", "enlarge": "places", "padding_mode": "zeros",
    ...        "seed": 0}
    >>> table = band_table(
    ...     [{**row, "band": "overall", "max_f": 0.5},
    ...      {**row, "band": "pooled", "max_f": 0.6},
    ...      {**row, "band": "0-5 %", "max_f": None},
    ...      {**row, "band": "interior", "max_f": 0.7}]
    ... )
    >>> (line,) = table["rows"]
    >>> line["pooled"], line["0-5 %"], line["interior"]
    ('60.0', None, '70.0')

    Args:
        rows: Rows of `semantic_head`.

    Returns:
        Arguments of `print_table`.
    """
    score, words = band_score(rows[0]["task"])
    bands = semantic_bands(rows)
    whole = "pooled" if rows[0]["task"] == "saliency" else "overall"
    lines = []
    for group in semantic_groups(rows).values():
        line = _network([row for row in group if row["band"] == "overall"])
        for band in (whole, *bands):
            line[band] = _percent(
                row.get(score) for row in group if row["band"] == band
            )
        lines.append(line)
    return {
        "title": f"{_TITLES[rows[0]['task']]}: {words} by distance to the "
        "border, as a share of the smaller side",
        "columns": [*_NETWORK, (whole, "all pixels"), *bands],
        "rows": lines,
        "notes": (
            "Percent. Pixels of all pictures together; a band's score is that "
            "of its own pixels, and its classes or thresholds are its own.",
        ),
    }


def band_score(task: str) -> tuple[str, str]:
    """The score that bands are compared by: its column and its name.

    Example:

    >>> band_score("segmentation")
    ('mean_iou', 'mIoU')

    Args:
        task: `"segmentation"` or `"saliency"`.
    """
    return next(iter(_SCORES[task].items()))


def semantic_bands(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The bands of a run, from the border inwards.

    Args:
        rows: Rows of `semantic_head`.
    """
    found = dict.fromkeys(row["band"] for row in rows)
    return [band for band in found if band not in ("overall", "pooled")]


def semantic_groups(
    rows: Sequence[Mapping[str, Any]],
) -> dict[tuple, list[Mapping[str, Any]]]:
    """Rows that differ in their seed and band alone, together.

    Args:
        rows: Rows of `semantic_head`.

    Returns:
        From values of `SEMANTIC_KEYS` and the padding mode to rows, in their
        order.
    """
    groups: dict[tuple, list[Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in (*SEMANTIC_KEYS, "padding_mode"))
        groups.setdefault(key, []).append(row)
    return groups


def _network(rows):
    first = rows[0]
    names = ("backbone", "weights", "head", "enlarge", "padding_mode")
    words = {
        name: first[name] and os.path.basename(first[name]) for name in names
    }
    trained = first["seed"] is not None
    return {**words, "seeds": len(rows) if trained else None}


def _percent(values):
    return _spread([each and 100 * each for each in values], 1)


def _spread(values, digits):
    values = [each for each in values if each is not None]
    if not values:
        return None
    words = f"{np.mean(values):.{digits}f}"
    if len(values) > 1:
        words += f" ± {np.std(values, ddof=1):.{digits}f}"
    return words
