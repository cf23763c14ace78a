"""A map as a function of the distance to the border."""

import numpy as np


def border_distance(height: int, width: int) -> np.ndarray:
    """How many cells lie between each cell and the nearest border.

    Example:

    >>> border_distance(3, 4)
    array([[0, 0, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 0]])

    Args:
        height: Rows.
        width: Columns.

    Returns:
        `(height, width)`, integers from 0.
    """
    rows, columns = np.arange(height), np.arange(width)
    vertical = np.minimum(rows, height - 1 - rows)
    horizontal = np.minimum(columns, width - 1 - columns)
    return np.minimum(vertical[:, None], horizontal[None, :])


def border_profile(values: np.ndarray) -> np.ndarray:
    """Mean of a map over the cells of each distance to the border.

    Example:

    >>> border_profile(np.array([[4.0, 4, 4], [4, 1, 4], [4, 4, 4]]))
    array([4., 1.])

    Args:
        values: `(height, width)`.

    Returns:
        `(distances,)`, from the outermost ring to the middle; half the
        smaller size, rounded up.
    """
    values = np.asarray(values, "float64")
    distance = border_distance(*values.shape).ravel()
    return np.bincount(distance, values.ravel()) / np.bincount(distance)
