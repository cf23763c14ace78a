"""How much of a spread comes from what values are grouped by."""

from collections.abc import Iterable
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from keras_padpos.checks import as_floats
from keras_padpos.checks import check_level
from keras_padpos.errors import InputError


class VarianceShare(NamedTuple):
    """Share of the variance between groups, and its interval.

    Example:

    >>> VarianceShare(0.5, 0.2, 0.9).share
    0.5

    Attributes:
        share: The rest of the variance lies within groups. An estimate below
            0 is given as 0.
        low: Lower end of the interval, at least 0.
        high: Upper end.
    """

    share: float
    low: float
    high: float


def variance_share(
    groups: Sequence[Sequence[float]], *, level: float = 0.95
) -> VarianceShare | None:
    """How much of the variance of single values lies between groups.

    The intraclass correlation of a one-way layout with random effects: the
    variance of the groups' true means over the sum of that and the variance
    within groups. The interval is the exact one of normal values and groups
    of one size; for groups of several sizes it is close.

    Example:

    >>> variance = variance_share([[1.0, 1.2], [2.0, 2.2], [3.0, 3.2]])
    >>> [round(value, 2) for value in variance]
    [0.98, 0.72, 1.0]

    Args:
        groups: The values of each group, at least one.
        level: Share of such intervals that hold the true share, in (0, 1).

    Returns:
        Share and interval; `None` with fewer than two groups, with no group
        of two values, or where all values are the same.

    Raises:
        ValueError: If a group is empty, or a value is not finite.

    Source:
        Shrout and Fleiss, *Intraclass correlations* (1979), ICC(1,1).
    """
    check_level(level)
    if not isinstance(groups, Iterable):
        raise InputError(
            f"`groups` must be sequences of numbers. Received: {groups!r}"
        )
    arrays = [as_floats("groups", values, "(values,)") for values in groups]
    sizes = np.array([len(values) for values in arrays])
    total, between = int(sizes.sum()), len(arrays) - 1
    within = total - len(arrays)
    if between < 1 or within < 1:
        return None
    means = np.array([values.mean() for values in arrays])
    mean = np.concatenate(arrays).mean()
    inside = sum(np.square(values - values.mean()).sum() for values in arrays)
    outside = (sizes * np.square(means - mean)).sum()
    if not inside + outside:
        return None
    if not inside:
        return VarianceShare(1.0, 1.0, 1.0)
    ratio = (outside / between) / (inside / within)
    # The size that counts where groups differ in theirs.
    size = (total - np.square(sizes).sum() / total) / between
    tail = (1 + level) / 2
    low = ratio / stats.f.ppf(tail, between, within)
    high = ratio * stats.f.ppf(tail, within, between)
    return VarianceShare(
        *(max(0.0, float((f - 1) / (f + size - 1))) for f in (ratio, low, high))
    )
