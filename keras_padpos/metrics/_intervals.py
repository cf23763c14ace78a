"""How far a mean over pictures can be trusted."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from keras_padpos.errors import InputError


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


def jackknife_interval(
    estimate: float, replicates: np.ndarray, *, level: float = 0.95
) -> tuple[float, float] | None:
    """Delete-a-group jackknife interval of a positive figure.

    The figure is computed again without each group of pictures; how much it
    varies tells its standard error. The interval is taken on the logarithm,
    so it stays positive, with Student's t of one degree of freedom less than
    there are groups.

    Example:

    >>> low, high = jackknife_interval(2.0, np.array([1.9, 2.0, 2.1, 2.0]))
    >>> print(f"{low:.2f} to {high:.2f}")
    1.65 to 2.43

    Args:
        estimate: The figure of all pictures, at least 0.
        replicates: `(groups,)`, the figure without each of the groups, all of
            about the same size. They may come from a part of what the estimate
            comes from: only their spread beside their mean counts.
        level: Share of such intervals that hold the true figure, in (0, 1).

    Returns:
        `(low, high)`; `(0, 0)` for a figure of 0; `None` with fewer than two
        groups, or where a replicate is not positive.

    Source:
        Efron, *The jackknife, the bootstrap and other resampling plans*
        (1982), chapter 3.
    """
    replicates = np.asarray(replicates, "float64")
    groups = len(replicates)
    if estimate == 0 and not replicates.any():
        return 0.0, 0.0
    if groups < 2 or estimate <= 0 or not (replicates > 0).all():
        return None
    logs = np.log(replicates)
    error = np.sqrt((groups - 1) / groups * np.square(logs - logs.mean()).sum())
    reach = stats.t.ppf((1 + level) / 2, groups - 1) * error
    return float(estimate * np.exp(-reach)), float(estimate * np.exp(reach))


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
