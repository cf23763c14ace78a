"""Rows of any experiment that differ in their seed alone, taken together."""

import json
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_padpos.runs.table_cells import cell_words

# Where a row comes from, not what it is.
_ORIGIN = "run"


def merge_row_seeds(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make one row of those whose strings and whole numbers are the same.

    Nothing is known of the experiment: decimal fractions, and lists of
    numbers, count as measured, all else as what was measured on. Where that
    leaves several rows to a seed, those that have the same values for every
    seed count as settings, one field after the other until each row has its
    own: sizes of an attack, say. If that does not help, the rows differ in
    something that is not seen, and stay as they are.

    Example:

    >>> rows = [{"model": "vgg5", "seed": seed, "accuracy": 0.5 + seed / 10}
    ...         for seed in (0, 1)]
    >>> (merged,) = merge_row_seeds(rows)
    >>> merged["seed"], merged["accuracy"]
    ('0, 1', '0.550 ± 0.071')
    >>> rows = [{"seed": seed, "size": size, "accuracy": seed / size}
    ...         for seed in (0, 1) for size in (2.5, 5.0)]
    >>> for row in merge_row_seeds(rows):
    ...     print(row["size"], row["accuracy"])
    2.5 0.200 ± 0.283
    5.0 0.100 ± 0.141

    Args:
        rows: Flat mappings with a `seed`, or without; `run`, if it is there,
            says where they come from.

    Returns:
        The rows in order of first appearance, each with `seeds`, how many
        there are. Where these are several, `seed` and `run` name them all;
        numbers are, in words, mean ± standard deviation (n - 1); lists of
        numbers of one shape are their mean; intervals, fields that end in
        `_ci95`, are left out: those of several seeds have no mean.
    """
    # Whatever is given twice has two places.
    rows = [dict(row) for row in rows]
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for number, row in enumerate(rows):
        # A row without a seed is a group of its own.
        key = _key(row) if row.get("seed") is not None else str(number)
        groups.setdefault(key, []).append(row)
    places = {id(row): place for place, row in enumerate(rows)}
    merged: dict[int, dict[str, Any]] = {}
    for group in groups.values():
        for part in _by_setting(group):
            if len(part) > 1 and _are_seeds(part):
                seeds = [row["seed"] for row in part]
                merged[places[id(part[0])]] = _merged(part, seeds)
            else:
                merged |= {places[id(row)]: {**row, "seeds": 1} for row in part}
    return [merged[place] for place in sorted(merged)]


def _by_setting(group):
    """Split rows until there is one of each seed; all if that never is."""
    if _are_seeds(group):
        return [group]
    found = [group]
    # Settings stand before what was measured with them.
    for name, value in group[0].items():
        if _is_measured(value) and _is_setting(group, name):
            found = [part for each in found for part in _split(each, name)]
            if all(map(_are_seeds, found)):
                return found
    return [group]


def _are_seeds(rows):
    return len({str(row.get("seed")) for row in rows}) == len(rows)


def _is_setting(rows, name):
    """Whether each seed has the same values, in whatever order."""
    values: dict[str, list[str]] = {}
    for row in rows:
        mine = values.setdefault(str(row.get("seed")), [])
        mine.append(json.dumps(row[name]))
    first, *others = map(sorted, values.values())
    return bool(others) and all(other == first for other in others)


def _split(rows, name):
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(json.dumps(row[name]), []).append(row)
    return parts.values()


def _key(row):
    return json.dumps(
        [
            (name, None if _is_measured(value) else value)
            for name, value in row.items()
            if name not in ("seed", _ORIGIN)
        ],
        sort_keys=True,
    )


def _is_measured(value):
    """Numbers with a fraction; lists of names and of sizes are settings."""
    if isinstance(value, list):
        return any(map(_is_measured, value))
    return isinstance(value, float)


def _merged(group, seeds):
    merged = dict(group[0])
    for name in merged:
        values = [row.get(name) for row in group]
        if name == _ORIGIN:
            merged[name] = ", ".join(dict.fromkeys(map(str, values)))
        elif name.endswith("_ci95"):
            merged[name] = None
        elif _is_measured(merged[name]) and any(
            value != values[0] for value in values
        ):
            merged[name] = _mean(values)
    return {
        **merged,
        "seed": ", ".join(map(str, seeds)),
        "seeds": len(seeds),
    }


def _mean(values):
    try:
        arrays = np.array(values, dtype="float64")
    except (TypeError, ValueError):
        return None
    # What one seed has no number for has no mean.
    if not np.isfinite(arrays).all():
        return None
    mean = arrays.mean(axis=0)
    if mean.ndim:
        return mean.tolist()
    deviation = arrays.std(ddof=1)
    return f"{cell_words(float(mean))} ± {cell_words(float(deviation))}"
