"""Maps by the distance to the border, and by side."""

import numpy as np

from keras_padpos.checks import as_floats


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

    Raises:
        ValueError: If it is no map, or not finite.
    """
    values = as_floats("values", values, "(height, width)")
    distance = border_distance(*values.shape).ravel()
    return np.bincount(distance, values.ravel()) / np.bincount(distance)


def side_asymmetry(values: np.ndarray) -> tuple[float, float]:
    """Contrast of left and right, and of top and bottom.

    Padding that adds more cells on one side than on the other leaves such a
    contrast (Alsallakh et al., Mind the Pad, ICLR 2021).

    Example:

    >>> print(side_asymmetry(np.array([[3.0, 9.0, 1.0]])))
    (0.5, 0.0)

    Args:
        values: `(height, width)`, nowhere negative.

    Returns:
        `(left - right) / (left + right)` of the means of both halves, without
        a middle column, and likewise `(top - bottom) / (top + bottom)`; in
        [-1, 1], and 0 where both are 0.

    Raises:
        ValueError: If it is no map, or not finite.
    """
    values = as_floats("values", values, "(height, width)")
    return _contrast(values.mean(axis=0)), _contrast(values.mean(axis=1))


def _contrast(line):
    half = len(line) // 2
    first, last = line[:half].sum(), line[len(line) - half :].sum()
    return float((first - last) / (first + last)) if first + last else 0.0
