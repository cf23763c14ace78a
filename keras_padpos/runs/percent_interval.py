"""An interval of a share in percent."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any


def percent_interval(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """Say the interval over pictures of an accuracy, if it is of one seed.

    Example:

    >>> percent_interval([{"accuracy": 0.5, "accuracy_ci95": [0.45, 0.55]}])
    '45.0 to 55.0'

    Args:
        rows: Of all seeds, with `accuracy_ci95` in [0, 1], or without.

    Returns:
        `None` for several seeds: their mean has no interval over pictures.
    """
    interval = rows[0].get("accuracy_ci95") if len(rows) == 1 else None
    return interval and " to ".join(f"{100 * end:.1f}" for end in interval)
