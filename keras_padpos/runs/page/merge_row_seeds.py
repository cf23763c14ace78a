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
    numbers, count as measured, all else as what was measured on. Rows of
    which two have the same seed differ in something that is not seen, and
    stay as they are.

    Example:

    >>> rows = [{"model": "vgg5", "seed": seed, "accuracy": 0.5 + seed / 10}
    ...         for seed in (0, 1)]
    >>> (merged,) = merge_row_seeds(rows)
    >>> merged["seed"], merged["accuracy"]
    ('0, 1', '0.550 ± 0.071')

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
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for number, row in enumerate(rows):
        # A row without a seed is a group of its own.
        key = _key(row) if row.get("seed") is not None else str(number)
        groups.setdefault(key, []).append(row)
    merged = []
    for group in groups.values():
        seeds = [row.get("seed") for row in group]
        if 1 < len(seeds) == len(set(map(str, seeds))):
            merged.append(_merged(group, seeds))
        else:
            merged += [{**row, "seeds": 1} for row in group]
    return merged


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
