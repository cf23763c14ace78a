"""How much more or less networks tell than the first of a run."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from keras_padpos.runs.closest_pair import closest_pair
from keras_padpos.runs.network_identity import network_identity
from keras_padpos.runs.position_rows import HEAD


def network_differences(
    rows: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Pair each network's SPC with the first network's, picture by picture.

    Example:

    >>> import numpy as np
    >>> row = {"weights": "none", "padding_mode": "none", "stages": "all",
    ...        "kernel_size": 1, "head_layers": 1, "head_padding": 0,
    ...        "target": "gaussian", "test_set": "photographs"}
    >>> (found,) = network_differences([
    ...     {**row, "backbone": "vgg16", "scores": np.array([0.8, 0.6])},
    ...     {**row, "backbone": "rgb", "scores": np.array([0.3, 0.1])},
    ... ])
    >>> found["backbone"], round(found["difference"], 3)
    ('rgb', -0.5)

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

    if not rows:
        return []
    first = network_identity(rows[0])
    reference: dict[tuple, list[Mapping[str, Any]]] = {}
    others = []
    for row in rows:
        if network_identity(row) == first:
            reference.setdefault(_place(row), []).append(row)
        else:
            others.append(row)
    found = []
    for row in others:
        pair = closest_pair([row], reference.get(_place(row), []))
        if pair:
            difference, interval = paired_difference(
                row["scores"], pair[1]["scores"]
            )
            found.append(
                {
                    **row,
                    "difference": difference,
                    "difference_ci95": interval,
                }
            )
    return found


def _place(row):
    return tuple(row[name] for name in (*HEAD, "target", "test_set"))
