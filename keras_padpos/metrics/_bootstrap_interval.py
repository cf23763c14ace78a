"""How far a mean over pictures can be trusted."""

from collections.abc import Sequence

import numpy as np
from scipy import stats


def bootstrap_interval(
    scores: Sequence[float] | np.ndarray, *, level: float = 0.95, seed: int = 0
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of the mean, pictures resampled.

    It tells how the mean would vary with other pictures of the same kind. It
    does not cover another training set, or another initialisation.

    Example:

    >>> low, high = bootstrap_interval(np.arange(100.0))
    >>> bool(43 < low < 49.5 < high < 56)
    True

    Args:
        scores: `(pictures,)`, one score a picture.
        level: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the resampling.

    Returns:
        `(low, high)`, or `None` for fewer than two pictures.
    """
    scores = np.asarray(scores, "float64")
    if len(scores) < 2:
        return None
    if np.ptp(scores) == 0:
        return float(scores[0]), float(scores[0])
    interval = stats.bootstrap(
        (scores,),
        np.mean,
        n_resamples=2000,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)
