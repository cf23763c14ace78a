"""How far a figure can be trusted that is no mean of single pictures."""

import numpy as np
from scipy import stats


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
