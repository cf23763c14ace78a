"""Numbers of a run's rows, as points of curves."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.scalar_points import is_number

# Where a row's arrays are, and when it was measured, name nothing.
_NO_NAMES = ("arrays", "reference", "step")


def result_points(
    rows: Sequence[Mapping[str, Any]],
) -> list[tuple[int, dict[str, float]]]:
    """Say where the numbers of rows belong.

    What is measured are a row's fractions; its words and whole numbers say
    what it was measured on. As many of these as tell the rows apart are in the
    curve's name, words first.

    Example:
        >>> rows = [{"net": "vgg5", "seed": seed, "mode": mode, "mae": 0.5}
        ...         for mode in ("zeros", "none") for seed in (0, 1)]
        >>> result_points(rows)[0]
        (0, {'results/mae/mode=zeros,seed=0': 0.5})

    Args:
        rows: Rows of results.json.

    Returns:
        For each row its `step`, 0 if it has none, and from each curve's name,
        `results/NAME/ROW`, to its value.
    """
    names = _names(rows)
    points = []
    for row, name in zip(rows, names, strict=True):
        step = row.get("step")
        values = {
            "/".join(filter(None, ["results", key, name])): value
            for key, value in row.items()
            if isinstance(value, float)
        }
        points.append((step if isinstance(step, int) else 0, values))
    return points


def _names(rows):
    """What each row is, in no more words than it takes."""
    fields = list(dict.fromkeys(key for row in rows for key in row))
    fields = [
        *(key for key in fields if _is_named_by(str, rows, key)),
        *(key for key in fields if _is_named_by(int, rows, key)),
    ]
    steps = [row.get("step") for row in rows]
    names = [()] * len(rows)
    wanted = len(rows)
    for field in fields:
        apart = len(set(zip(names, steps, strict=True)))
        if apart == wanted:
            break
        longer = [
            (*name, f"{field}={row.get(field)}")
            for name, row in zip(names, rows, strict=True)
        ]
        if len(set(zip(longer, steps, strict=True))) > apart:
            names = longer
    if len(set(zip(names, steps, strict=True))) < wanted:
        names = [
            (*name, f"row={number}") for number, name in enumerate(names, 1)
        ]
    return [",".join(name) for name in names]


def _is_named_by(kind, rows, key):
    values = [row[key] for row in rows if row.get(key) is not None]
    if key in _NO_NAMES or not values:
        return False
    if kind is int:
        return all(is_number(each) and isinstance(each, int) for each in values)
    return all(isinstance(each, str) for each in values)
