"""Matrix products whose columns do not depend on each other."""

import numpy as np


def by_column(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`matrix @ right`, a column at a time.

    BLAS adds up in another order when there are more columns, so that the
    product's last bits would depend on what stands beside a column.

    Example:

    >>> by_column(np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[1.0, 2.0], [3.0, 4.0]]

    Args:
        matrix: `(..., n)`.
        right: `(n, m)`.

    Returns:
        `(..., m)`.
    """
    return np.stack(
        [matrix @ np.ascontiguousarray(column) for column in right.T], axis=-1
    )
