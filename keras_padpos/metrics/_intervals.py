"""How far a mean over pictures can be trusted."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from keras_padpos.checks import as_floats
from keras_padpos.checks import check_ints
from keras_padpos.checks import check_level
from keras_padpos.errors import InputError

LEAST_PHOTOGRAPHS = 8
"""Crops of fewer photographs have no bootstrap interval.

Of four photographs an interval of nominally 95 % covers about 80 %, of eight
about 90 %.
"""


def bootstrap_interval(
    scores: Sequence[float] | np.ndarray,
    *,
    photographs: Sequence[int] | np.ndarray | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Percentile bootstrap interval of the mean, photographs resampled.

    It tells how the mean would vary with other pictures of the same kind. It
    does not cover another training set, or another initialisation.
    Crops of one photograph resemble each other: they are resampled together.

    Example:

    >>> low, high = bootstrap_interval(np.arange(100.0))
    >>> bool(43 < low < 49.5 < high < 56)
    True

    Args:
        scores: `(pictures,)`, one score a picture.
        photographs: `(pictures,)`, the number of the photograph that each
            picture is a crop of. `None`: each is one of its own.
        level: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the resampling.

    Returns:
        `(low, high)`, or `None` for one picture, or crops of fewer than 8
        photographs.

    Raises:
        ValueError: If there are no scores, one is not finite, or
            `photographs` are not as many whole numbers.
    """
    scores = as_floats("scores", scores, "(pictures,)")
    check_level(level)
    check_ints(0, seed=seed)
    sums, counts = _by_photograph(scores, photographs)
    if len(sums) < (2 if photographs is None else LEAST_PHOTOGRAPHS):
        return None
    if np.ptp(scores) == 0:
        return float(scores[0]), float(scores[0])
    interval = stats.bootstrap(
        (sums, counts),
        lambda sums, counts, axis: sums.sum(axis) / counts.sum(axis),
        paired=True,
        n_resamples=2000,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def _by_photograph(scores, photographs):
    """Sum of each photograph's scores, and how many they are."""
    if photographs is None:
        return scores, np.ones_like(scores)
    if np.shape(photographs) != scores.shape:
        raise InputError(
            "`photographs` must be one number for each score. Received: shapes "
            f"{np.shape(photographs)} and {scores.shape}"
        )
    as_floats("photographs", photographs, "(pictures,)")
    _, place = np.unique(photographs, return_inverse=True)
    return np.bincount(place, scores), np.bincount(place).astype("float64")


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
        groups, or where a replicate is not positive and finite.

    Raises:
        ValueError: If `replicates` are no numbers of groups.

    Source:
        Efron, *The jackknife, the bootstrap and other resampling plans*
        (1982), chapter 3.
    """
    replicates = as_floats(
        "replicates", replicates, "(groups,)", empty=True, finite=False
    )
    check_level(level)
    groups = len(replicates)
    if estimate == 0 and not replicates.any():
        return 0.0, 0.0
    positive = (replicates > 0) & np.isfinite(replicates)
    if groups < 2 or not 0 < estimate < np.inf or not positive.all():
        return None
    logs = np.log(replicates)
    error = np.sqrt((groups - 1) / groups * np.square(logs - logs.mean()).sum())
    reach = stats.t.ppf((1 + level) / 2, groups - 1) * error
    return float(estimate * np.exp(-reach)), float(estimate * np.exp(reach))


def paired_difference(
    one: np.ndarray,
    other: np.ndarray,
    *,
    photographs: np.ndarray | None = None,
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
        photographs: See `bootstrap_interval`.
        level: Share of resamples inside the interval, in (0, 1).
        seed: Seed of the resampling.

    Returns:
        The mean of `one - other`, in the scores' unit, and its `(low, high)`;
        `None` in place of the latter where `bootstrap_interval` has none.

    Raises:
        ValueError: If the scores do not pair, there are none, or one is not
            finite.
    """
    one, other = (
        as_floats("one", one, "(pictures,)"),
        as_floats("other", other, "(pictures,)"),
    )
    if one.shape != other.shape:
        raise InputError(
            "`one` and `other` must be of one shape (pictures,). "
            f"Received: shapes {one.shape} and {other.shape}"
        )
    differences = one - other
    # Equal differences would otherwise differ in their last bit and have the
    # bootstrap warn.
    if np.ptp(differences) <= 1e-12 * max(1.0, np.abs(differences).max()):
        differences = np.full_like(differences, differences[0])
    return (
        float(differences.mean()),
        bootstrap_interval(
            differences, photographs=photographs, level=level, seed=seed
        ),
    )


def mean_p_value(
    scores: Sequence[float] | np.ndarray,
    *,
    photographs: Sequence[int] | np.ndarray | None = None,
    mean: float = 0.0,
) -> float | None:
    """Two-sided p-value of Student's t test that scores have some mean.

    Example:

    >>> print(f"{mean_p_value([0.1, 0.2, 0.3, 0.4]):.4f}")
    0.0305

    Args:
        scores: `(pictures,)`, one score or paired difference a picture.
        photographs: See `bootstrap_interval`: the test is on the photographs'
            means.
        mean: The mean that is tested.

    Returns:
        In [0, 1]; `None` where `bootstrap_interval` has no interval.

    Raises:
        ValueError: As `bootstrap_interval` does.
    """
    scores = as_floats("scores", scores, "(pictures,)")
    sums, counts = _by_photograph(scores, photographs)
    if len(sums) < (2 if photographs is None else LEAST_PHOTOGRAPHS):
        return None
    means = sums / counts
    if np.ptp(means) <= 1e-12 * max(1.0, np.abs(means).max()):
        return float(np.isclose(means[0], mean, rtol=0, atol=1e-12))
    return float(stats.ttest_1samp(means, mean).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of comparisons that are read together, by Holm's method.

    Whoever takes for real what has an adjusted value of at most 0.05 takes
    anything for real that is not with a probability of at most 5 %, however
    many comparisons there are.

    Example:

    >>> [round(p, 3) for p in holm([0.04, 0.01, 0.03])]
    [0.06, 0.03, 0.06]

    Args:
        p_values: One for each comparison, in [0, 1].

    Returns:
        The adjusted ones, in the same order, in [0, 1].

    Raises:
        ValueError: If one is no number in [0, 1].

    Source:
        Holm, *A simple sequentially rejective multiple test procedure* (1979).
    """
    values = as_floats("p_values", p_values, "(comparisons,)", empty=True)
    if values.size and not 0 <= values.min() <= values.max() <= 1:
        raise InputError(
            "`p_values` must lie in [0, 1]. Received: "
            f"{values.min():g} to {values.max():g}"
        )
    order = np.argsort(values)
    factors = np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(
        np.maximum.accumulate(values[order] * factors), 1
    )
    return adjusted.tolist()
