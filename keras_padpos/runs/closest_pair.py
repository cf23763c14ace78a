"""Which two measurements to compare."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.fit_preference import fit_preference
from keras_padpos.runs.position_rows import PICTURES
from keras_padpos.runs.position_rows import RECIPE


def closest_pair(
    ones: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], Mapping[str, Any], list[str]] | None:
    """The two rows that were fitted most alike and score the same pictures.

    Example:

    >>> rows = [
    ...     {"test_set": "photographs", "images": 8, "solver": solver}
    ...     for solver in ("exact", "sgd")
    ... ]
    >>> closest_pair(rows, rows[1:])[2]
    []
    >>> closest_pair(rows[:1], rows[1:])[2]
    ['solver exact, sgd']

    Args:
        ones: Rows as `merge_seeds` returns them.
        others: Rows to pair one of them with.

    Returns:
        One row of each and, in words, how their recipes differ: of the same
        solver if there are such, then of those that differ in the fewest
        fields, then as `fit_preference` has it. `None` if no two rows score
        the same pictures.
    """
    pairs = [
        (one, other, _differences(one, other))
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


def _differences(one, other):
    return [
        f"{name.replace('_', ' ')} {one.get(name)}, {other.get(name)}"
        for name in RECIPE
        if one.get(name) != other.get(name)
    ]
