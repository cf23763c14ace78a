"""A line for several seeds."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def draw_seeds(
    axis: Any,
    values: np.ndarray,
    place: Sequence[float] | np.ndarray | None = None,
    **style: Any,
) -> None:
    """Draw the mean over seeds, and a band of a standard deviation (n - 1).

    Example:

    >>> from matplotlib.figure import Figure
    >>> axis = Figure().subplots()
    >>> draw_seeds(axis, np.array([[1.0, 2.0], [3.0, 6.0]]), label="zeros")
    >>> axis.lines[0].get_ydata()
    array([2., 4.])

    Args:
        axis: Matplotlib's axes.
        values: `(seeds, points)`; where a value is NaN the line has a gap.
        place: Where the points are, `(points,)`. If not given: 0, 1, ...
        **style: Of Matplotlib's `plot`.
    """
    mean = np.mean(values, axis=0)
    place = np.arange(len(mean)) if place is None else place
    (line,) = axis.plot(place, mean, **style)
    if len(values) > 1:
        spread = np.std(values, axis=0, ddof=1)
        axis.fill_between(
            place,
            mean - spread,
            mean + spread,
            alpha=0.15,
            color=line.get_color(),
            linewidth=0,
        )
