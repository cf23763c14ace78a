"""Checks of arguments that are numbers."""

import math
import numbers
from typing import Any

from keras_padpos.errors import InputError


def check_ints(least: int = 1, **values: int) -> None:
    """Raise unless all arguments are ints of at least `least`."""
    for name, value in values.items():
        integral = isinstance(value, numbers.Integral)
        if not integral or isinstance(value, bool) or value < least:
            raise InputError(
                f"`{name}` must be an int of at least {least}. "
                f"Received: {name}={value!r}"
            )


def check_sizes(**values: float) -> None:
    """Raise unless all arguments are finite numbers of 0 or more."""
    for name, value in values.items():
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not real or not 0 <= value < math.inf:
            raise InputError(
                f"`{name}` must be a number of 0 or more. "
                f"Received: {name}={value!r}"
            )


def check_shape(size: Any) -> tuple[int, int]:
    """Height and width of `size`: an int for a square, or a pair of them."""
    sides = (size, size) if isinstance(size, int) else size
    if (
        not isinstance(sides, (tuple, list))
        or len(sides) != 2
        or not all(isinstance(side, int) and side >= 1 for side in sides)
    ):
        raise InputError(
            f"`size` must be an int of at least 1, or two of them, "
            f"(height, width). Received: size={size!r}"
        )
    return tuple(sides)
