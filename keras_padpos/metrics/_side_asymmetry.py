"""Whether a map is stronger on one side than on the other."""

import numpy as np


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
    """
    values = np.asarray(values, "float64")
    return _contrast(values.mean(axis=0)), _contrast(values.mean(axis=1))


def _contrast(line):
    half = len(line) // 2
    first, last = line[:half].sum(), line[len(line) - half :].sum()
    return float((first - last) / (first + last)) if first + last else 0.0
