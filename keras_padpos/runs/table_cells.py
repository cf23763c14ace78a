"""What stands in the cells of a table."""

import math
from typing import Any

import numpy as np


def cell_words(value: Any) -> str:
    """A value in as few characters as tell it.

    Example:

    >>> [cell_words(value) for value in (3, 0.86314, 1e-6, None, True)]
    ['3', '0.863', '1.0e-06', '-', 'yes']
    >>> cell_words([0.881, 0.912])
    '[0.881, 0.912]'

    Args:
        value: A number, bool, string, `None`, or a list of such.

    Returns:
        Integers whole, other numbers with three decimals, or in exponent form
        where those would show nothing; `None` and NaN as `-`; strings as they
        are.
    """
    if value is None:
        return "-"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(value)
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return "-"
        if value != 0 and abs(value) < 0.0005:
            return f"{value:.1e}"
        return f"{value:.3f}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return f"[{', '.join(map(cell_words, value))}]"
    return str(value)


def is_number(value: Any) -> bool:
    """Whether a value stands on the right of its column.

    Example:

    >>> is_number(0.5), is_number(True), is_number("0.5")
    (True, False, False)

    Args:
        value: What a cell holds.

    Returns:
        Whether it is a number, and no bool.
    """
    return isinstance(value, (int, float, np.number)) and not isinstance(
        value, bool
    )
