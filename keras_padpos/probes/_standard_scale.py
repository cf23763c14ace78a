"""Features that say nothing."""

import numpy as np

SILENT = 1e-6
"""Added to the standard deviations by which features are divided.

Features that vary far less than this, in the network's own units, are thereby
left silent. It matters where nothing keeps activations in range: in a MobileNet
with random weights and uncalibrated BatchNorm most channels vary by 1e-19, far
too little for any network or optimiser to use, and enough for exact arithmetic.
"""


def standard_scale(variance: np.ndarray) -> np.ndarray:
    """What features are divided by: their deviation, and a little more.

    Example:

    >>> standard_scale(np.array([4.0, 0.0])).round(6).tolist()
    [2.000001, 1e-06]

    Args:
        variance: Of each feature. Less than 0, from rounding, counts as 0.
    """
    return np.sqrt(np.maximum(variance, 0)) + SILENT
