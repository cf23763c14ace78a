"""Symmetric positive definite systems, in place."""

import numpy as np
import scipy.linalg


def ridge_solve(
    matrix: np.ndarray, right: np.ndarray, ridge: float
) -> np.ndarray:
    """Solve `(matrix + ridge * identity) @ x = right` by Cholesky, in float64.

    Example:

    >>> matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    >>> ridge_solve(matrix, np.array([[4.0], [4.0]]), 1).round(6).tolist()
    [[1.0], [1.0]]

    Args:
        matrix: `(n, n)`, symmetric, C order; only the upper triangle is read.
            It is overwritten.
        right: `(n, m)`.
        ridge: Added to the diagonal.

    Returns:
        `(n, m)`.

    Raises:
        numpy.linalg.LinAlgError: If the sum is not positive definite.
    """
    matrix[np.diag_indices_from(matrix)] += ridge
    # LAPACK counts in columns: to it the transpose is the matrix as it lies.
    factor = scipy.linalg.cho_factor(
        matrix.T, lower=True, overwrite_a=True, check_finite=False
    )
    # Column by column, so that none depends on what stands beside it.
    columns = [
        scipy.linalg.cho_solve(
            factor, np.ascontiguousarray(column), check_finite=False
        )
        for column in right.T
    ]
    return np.stack(columns, axis=1)
