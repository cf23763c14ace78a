"""What knowing nothing about position scores."""

import numpy as np


def chance_mae(target: np.ndarray) -> float:
    """The least mean absolute error that any constant map reaches.

    Example:

    >>> round(chance_mae(np.linspace(0, 1, 224)), 3)
    0.251

    Args:
        target: The map to be predicted.

    Returns:
        The mean distance to the median, in the target's unit.
    """
    target = np.asarray(target, "float64")
    return float(np.abs(target - np.median(target)).mean())
