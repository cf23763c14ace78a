"""Rows of features, standardised."""

import numpy as np

from keras_padpos.probes._standard_scale import standard_scale


class StandardRows:
    """Rows whose columns have mean 0 and deviation 1.

    Example:

    >>> rows = StandardRows(np.array([[1.0], [3.0]], "float32"))
    >>> rows.mean.tolist(), rows.values.round(3).tolist()
    ([2.0], [[-1.0], [1.0]])

    Args:
        values: `(rows, columns)`, float32. Overwritten.

    Attributes:
        values: `(rows, columns)`, standardised.
        mean: `(columns,)`, what was subtracted.
        scale: `(columns,)`, what they were divided by; see `standard_scale`.
    """

    def __init__(self, values: np.ndarray) -> None:
        shift = values.mean(axis=0, dtype="float64").astype("float32")
        values -= shift
        # What rounding of the shift left over.
        rest = values.mean(axis=0, dtype="float64")
        powers = np.einsum("nc,nc->c", values, values, dtype="float64")
        self.scale = standard_scale(powers / len(values) - rest**2)
        values -= rest.astype("float32")
        values /= self.scale.astype("float32")
        self.mean = shift.astype("float64") + rest
        self.values = values
