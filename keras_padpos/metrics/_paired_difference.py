"""How much better one probe is than another, on the same pictures."""

import numpy as np

from keras_padpos.errors import InputError
from keras_padpos.metrics._bootstrap_interval import bootstrap_interval


def paired_difference(
    one: np.ndarray,
    other: np.ndarray,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, tuple[float, float] | None]:
    """Mean difference of paired scores, and its bootstrap interval.

    Pictures that are hard for one probe are mostly hard for the other. The
    pair cancels that, so this interval is narrower than the intervals of the
    two means suggest. Like `bootstrap_interval` it covers other pictures only.

    Example:

    >>> hardness = np.random.default_rng(0).normal(size=50)
    >>> mean, (low, high) = paired_difference(hardness + 0.1, hardness)
    >>> print(f"{mean:.3f} [{low:.3f}, {high:.3f}]")
    0.100 [0.100, 0.100]

    Args:
        one: `(pictures,)`, one score a picture.
        other: `(pictures,)`, scores of the same pictures in the same order.
        level: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the resampling.

    Returns:
        The mean of `one - other`, in the scores' unit, and its `(low, high)`;
        `None` in place of the latter for a single picture.

    Raises:
        ValueError: If the scores do not pair, there are none, or one is not
            finite.
    """
    one, other = np.asarray(one, "float64"), np.asarray(other, "float64")
    if one.ndim != 1 or one.shape != other.shape or not one.size:
        raise InputError(
            "`one` and `other` must be of one shape (pictures,), at least one. "
            f"Received: shapes {one.shape} and {other.shape}"
        )
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise InputError(
            "`one` and `other` must be finite. Received: NaN or infinite values"
        )
    differences = one - other
    # Equal differences would otherwise differ in their last bit and have the
    # bootstrap warn.
    if np.ptp(differences) <= 1e-12 * max(1.0, np.abs(differences).max()):
        differences = np.full_like(differences, differences[0])
    return (
        float(differences.mean()),
        bootstrap_interval(differences, level=level, seed=seed),
    )
