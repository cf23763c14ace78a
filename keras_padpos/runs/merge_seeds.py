"""Runs that differ in their seed alone, taken together."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.network_identity import network_identity
from keras_padpos.runs.position_rows import HEAD
from keras_padpos.runs.position_rows import PICTURES
from keras_padpos.runs.position_rows import RECIPE


def merge_seeds(
    rows: Sequence[Mapping[str, Any]], *, same_pictures: bool = True
) -> list[dict[str, Any]]:
    """Make one row of those that differ in their seed alone.

    Rows that a seed makes what they are: of random weights, or of a read-out
    that was trained. An exact read-out of trained weights is the same whatever
    the seed; of several that score the same pictures the first is taken, and
    others, whose crops differ because the seed does, stay apart.

    The interval of such a row is that of its pictures, each of which scores
    its mean over seeds. It tells how the mean would vary with other pictures;
    with other seeds, the standard deviation over seeds does.

    Example:

    >>> row = {"backbone": "vgg16", "weights": "random", "target": "gaussian",
    ...        "test_set": "photographs", "mae": 0.1, "images": 3}
    >>> rows = [
    ...     {**row, "seed": seed, "spearman": np.mean(scores),
    ...      "scores": np.array(scores)}
    ...     for seed, scores in enumerate([[0.5, 0.6, 0.7], [0.7, 0.8, 0.9]])
    ... ]
    >>> (merged,) = merge_seeds(rows)
    >>> merged["seeds"], round(merged["spearman"], 3), merged["scores"]
    ([0, 1], 0.7, array([0.6, 0.7, 0.8]))
    >>> round(merged["spearman_seed_sd"], 3)
    0.141

    Args:
        rows: As `position_rows` returns them.
        same_pictures: Whether only rows that score the same pictures go
            together. With `False` seeds go together whatever their crops, and
            have no interval where these differ.

    Returns:
        The rows, in order of first appearance, each with `seeds`. Where these
        are several, `seed` is `None`; `spearman`, `mae` and `scores` are means
        over seeds; `spearman_seed_sd` and `mae_seed_sd` are standard
        deviations of the means over pictures (n - 1), in the scores' unit;
        `spearman_ci95` is the 95 % interval (`None`, as `scores`, if pictures
        differ); all else is as in the first row. Of rows of the same seed the
        first is taken.
    """
    groups: dict[tuple, dict[Any, Mapping[str, Any]]] = {}
    for row in rows:
        seeded = _is_seeded(row)
        fields = (*HEAD, *RECIPE, "target", "test_set")
        if same_pictures or not seeded:
            fields = (*fields, *PICTURES)
        key = (*network_identity(row), *(row.get(name) for name in fields))
        group = groups.setdefault(key, {})
        group.setdefault(row["seed"] if seeded else None, row)
    return [_merged(group) for group in groups.values()]


def _is_seeded(row):
    """Whether another seed would make another network or read-out."""
    return row["weights"] == "random" or row.get("solver", "exact") != "exact"


def _merged(group):
    rows = list(group.values())
    if len(rows) == 1:
        return {**rows[0], "seeds": [rows[0]["seed"]]}
    from keras_padpos.metrics import bootstrap_interval

    scores = interval = None
    if len({tuple(row.get(name) for name in PICTURES) for row in rows}) == 1:
        scores = np.mean([row["scores"] for row in rows], axis=0)
        interval = bootstrap_interval(scores)
    merged = {
        **rows[0],
        "seed": None,
        "seeds": list(group),
        "scores": scores,
        "spearman_ci95": interval,
    }
    for metric in ("spearman", "mae"):
        values = [row[metric] for row in rows]
        merged[metric] = float(np.mean(values))
        merged[f"{metric}_seed_sd"] = float(np.std(values, ddof=1))
    return merged
