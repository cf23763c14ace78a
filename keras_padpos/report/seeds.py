"""Rows that differ in their seed alone, taken together; rows compared."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report._position_rows import HEAD
from keras_padpos.report._position_rows import PICTURES
from keras_padpos.report._position_rows import RECIPE
from keras_padpos.report.names import network_identity
from keras_padpos.report.table import is_scored

_Row = Mapping[str, Any]

_CROPS = "samples:"


def merge_seeds(
    rows: Sequence[_Row], *, same_pictures: bool = True
) -> list[dict[str, Any]]:
    """Make one row of those that differ in their seed alone.

    Rows that a seed makes what they are: of random weights, or of a probe
    that was trained. An exact probe of trained weights is the same whatever
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
    groups: dict[tuple, dict[Any, _Row]] = {}
    for row in rows:
        # Whether another seed would make another network or probe.
        seeded = (
            row["weights"] == "random" or row.get("solver", "exact") != "exact"
        )
        fields = [*HEAD, *RECIPE, "target", "test_set"]
        if same_pictures or not seeded:
            fields += PICTURES
        key = (*network_identity(row), *(row.get(name) for name in fields))
        group = groups.setdefault(key, {})
        group.setdefault(row["seed"] if seeded else None, row)
    return [_merged(group) for group in groups.values()]


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


def fit_preference(row: _Row) -> tuple:
    """Sort key of rows that were fitted in several ways, the best first.

    The exact fit comes first, then the one that saw most positions of each
    picture.
    """
    return (
        row.get("solver", "exact") != "exact",
        -(row.get("positions_per_image") or 0),
    )


def closest_pair(
    ones: Sequence[_Row], others: Sequence[_Row]
) -> tuple[_Row, _Row, list[str]] | None:
    """The two rows that were fitted most alike and score the same pictures.

    One row of each and how their recipes differ, a text a field: of the same
    solver if there are such, then of those that differ in the fewest fields,
    then as `fit_preference` has it. `None` if no two score the same pictures.
    """
    pairs = [
        (one, other, _recipe_differences(one, other))
        for one in ones
        for other in others
        if all(one.get(name) == other.get(name) for name in PICTURES)
    ]
    return min(
        pairs,
        key=lambda pair: (
            pair[0].get("solver") != pair[1].get("solver"),
            len(pair[2]),
            *map(fit_preference, pair[:2]),
        ),
        default=None,
    )


def _recipe_differences(one, other):
    return [
        f"{name.replace('_', ' ')} {one.get(name)}, {other.get(name)}"
        for name in RECIPE
        if one.get(name) != other.get(name)
    ]


def network_differences(rows: Sequence[_Row]) -> list[dict[str, Any]]:
    """Pair each network's SPC with the first network's, picture by picture.

    Args:
        rows: As `merge_seeds` returns them; the first row's network is the
            one that all others are set against, each on the same target, with
            the same head and on the same pictures. Seeds are averaged before.

    Returns:
        The rows of all other networks whose partner was measured, each with
        `difference`, its mean SPC less the first network's, and
        `difference_ci95`, the bootstrap interval of it over pictures (`None`
        for a single picture).
    """
    from keras_padpos.metrics import paired_difference

    first = rows and network_identity(rows[0])
    references: dict[tuple, list[_Row]] = {}
    others = []
    for row in rows:
        key = tuple(row[name] for name in (*HEAD, "target", "test_set"))
        if network_identity(row) == first:
            references.setdefault(key, []).append(row)
        else:
            others.append((row, key))
    differences = []
    for row, key in others:
        if pair := closest_pair([row], references.get(key, [])):
            difference, interval = paired_difference(
                row["scores"], pair[1]["scores"]
            )
            differences.append(
                {**row, "difference": difference, "difference_ci95": interval}
            )
    return differences


def interval_note(test_sets: Iterable[str]) -> str:
    """Say how far the intervals of scores and differences can be trusted."""
    note = (
        "Intervals resample pictures: with random weights they cover "
        "pictures, not seeds. No correction is made for the number of "
        "comparisons."
    )
    if any(test_set.startswith(_CROPS) for test_set in test_sets):
        note += (
            f" Pictures of {_CROPS}* that are crops of one photograph are not "
            "independent: their intervals are too narrow."
        )
    return note


def scored_seeds(rows: Sequence[_Row]) -> int | str:
    """How many seeds there are; or, such as `1 of 2`, how many have scores."""
    seeds = {row.get("seed") for row in rows}
    scored = {row.get("seed") for row in rows if is_scored(row)}
    if len(scored) == len(seeds):
        return len(seeds)
    return f"{len(scored)} of {len(seeds)}"


def unscored_notes(rows: Sequence[_Row], names: Sequence[str]) -> list[str]:
    """Which networks, by the fields `names`, have no scores, and why."""
    return list(
        dict.fromkeys(
            ", ".join(
                [
                    *(str(row[name]) for name in names),
                    f"seed {row.get('seed')}: {row['reason']}",
                ]
            )
            for row in rows
            if not is_scored(row)
        )
    )
