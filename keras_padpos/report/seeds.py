"""Rows that differ in their seed alone, taken together; rows compared."""

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.report._position_rows import HEAD
from keras_padpos.report._position_rows import PICTURES
from keras_padpos.report._position_rows import RECIPE
from keras_padpos.report.cells import format_mean
from keras_padpos.report.names import network_identity
from keras_padpos.report.table import grouped

_Row = Mapping[str, Any]

_CROPS = "samples:"


def merge_seeds(
    rows: Sequence[_Row], *, same_pictures: bool = True
) -> list[dict[str, Any]]:
    """Make one row of those that differ in their seed alone."""
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
    return [_merged(list(group.values())) for group in groups.values()]


def _merged(rows):
    seeds = [row["seed"] for row in rows]
    if len(rows) == 1:
        return {**rows[0], "seeds": seeds}
    from keras_padpos.metrics import bootstrap_interval

    scores = interval = None
    if len(grouped(rows, PICTURES)) == 1:
        scores = np.mean([row["scores"] for row in rows], axis=0)
        interval = bootstrap_interval(scores)
    merged = {
        **rows[0],
        "seed": None,
        "seeds": seeds,
        "scores": scores,
        "spearman_ci95": interval,
    }
    for metric in ("spearman", "mae"):
        values = [row[metric] for row in rows]
        merged[metric] = float(np.mean(values))
        merged[f"{metric}_seed_sd"] = float(np.std(values, ddof=1))
    return merged


def score_text(row: _Row, metric: str) -> str:
    """`"spearman"` or `"mae"` of a row of `merge_seeds`, or a published one."""
    return format_mean(row[metric], row.get(f"{metric}_seed_sd"), ".3f") or ""


def scores_text(row: _Row) -> str:
    """SPC / MAE."""
    return f"{score_text(row, 'spearman')} / {score_text(row, 'mae')}"


def score_cell(row: _Row, metric: str, suffix: str = "") -> float | str:
    """A number as it is, so that it stands on the right; seeds as text."""
    if len(row["seeds"]) == 1:
        return row[metric]
    return score_text(row, metric) + suffix


def fit_preference(row: _Row) -> tuple:
    """Sort key: the exact fit first, then what saw most positions."""
    return (
        row.get("solver", "exact") != "exact",
        -(row.get("positions_per_image") or 0),
    )


def closest_pair(
    ones: Sequence[_Row], others: Sequence[_Row]
) -> tuple[_Row, _Row, list[str]] | None:
    """The two rows that were fitted most alike and score the same pictures."""
    pairs = [
        (
            one,
            other,
            [
                f"{name.replace('_', ' ')} {one.get(name)}, {other.get(name)}"
                for name in RECIPE
                if one.get(name) != other.get(name)
            ],
        )
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


def network_differences(rows: Sequence[_Row]) -> list[dict[str, Any]]:
    """Pair each network's SPC with the first network's, picture by picture."""
    from keras_padpos.metrics import paired_difference

    first = rows and network_identity(rows[0])
    place = (*HEAD, "target", "test_set")
    references = grouped(
        [row for row in rows if network_identity(row) == first], place
    )
    differences = []
    for row in rows:
        key = tuple(row[name] for name in place)
        if network_identity(row) != first and (
            pair := closest_pair([row], references.get(key, []))
        ):
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
