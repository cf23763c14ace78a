"""Which of several fits of one read-out to show."""

from collections.abc import Mapping
from typing import Any


def fit_preference(row: Mapping[str, Any]) -> tuple:
    """Sort key of rows that were fitted in several ways, the best first.

    Example:

    >>> rows = [
    ...     {"solver": "sgd"},
    ...     {"solver": "exact", "positions_per_image": 9},
    ...     {"solver": "exact", "positions_per_image": 784},
    ... ]
    >>> min(rows, key=fit_preference)["positions_per_image"]
    784

    Args:
        row: A row of `position_probe`.

    Returns:
        A key: the exact fit comes first, then the one that saw most
        positions of each picture.
    """
    return (
        row.get("solver", "exact") != "exact",
        -(row.get("positions_per_image") or 0),
    )
