"""Scores as they stand in tables."""

from collections.abc import Mapping
from typing import Any


def score_words(
    row: Mapping[str, Any], metric: str, *, count: bool = True
) -> str:
    """A score, over several seeds its mean and standard deviation.

    Example:

    >>> score_words({"mae": 0.1234}, "mae")
    '0.123'
    >>> score_words(
    ...     {"spearman": 0.9456, "spearman_seed_sd": 0.0021, "seeds": [0, 1]},
    ...     "spearman",
    ... )
    '0.946 ± 0.002 (2 seeds)'

    Args:
        row: As `merge_seeds` makes it.
        metric: `"spearman"` or `"mae"`.
        count: Whether to say how many seeds.

    Returns:
        A few characters, three decimals.
    """
    words = f"{row[metric]:.3f}"
    deviation = row.get(f"{metric}_seed_sd")
    if deviation is not None:
        words += f" ± {deviation:.3f}"
        if count:
            words += f" ({len(row['seeds'])} seeds)"
    return words
